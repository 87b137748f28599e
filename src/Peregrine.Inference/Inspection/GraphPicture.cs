using System.Globalization;
using System.Text;

namespace Peregrine.Inference.Inspection;

/// <summary>Draws a graph as a picture (SVG), layer by layer from top to bottom, for light and dark pages alike.</summary>
public static class GraphPicture
{
    /// <summary>More nodes would make a picture that nobody reads, and take long to lay out.</summary>
    public const int NodesMax = 1_500;

    private const double CharWidth = 7.3, LineHeight = 16, Padding = 10; // Of a monospaced font at 12 pixels.
    private const int TextMax = 44;

    private const string Style = """
        <style>
          svg { background: var(--page); --page: #ffffff; --ink: #0f172a; --soft: #51607a; --line: #94a3b8; --node: #f8fafc; --layer: #fff1e6; --layer-line: #ea580c; --end: #e8f1fc; --end-line: #2563eb }
          @media (prefers-color-scheme: dark) {
            svg { --page: #0d1420; --ink: #e6edf6; --soft: #9fb0c6; --line: #60718a; --node: #172133; --layer: #33200f; --layer-line: #fb923c; --end: #12294a; --end-line: #60a5fa }
          }
          rect { stroke-width: 1.2; rx: 6; fill: var(--node); stroke: var(--line) }
          .layer { fill: var(--layer); stroke: var(--layer-line) } .end { fill: var(--end); stroke: var(--end-line); rx: 14 } .view { stroke-dasharray: 4 3 }
          text { fill: var(--ink); text-anchor: middle } .soft { fill: var(--soft); font-size: 11px }
          path { fill: none; stroke: var(--line); stroke-width: 1.3; marker-end: url(#tip) } #tip path { fill: var(--line); stroke: none; marker-end: none }
        </style>
        """;

    /// <summary>The picture of a model: inputs and outputs rounded, nodes with weights or matrix products in colour, views dashed; folded nodes are left out.</summary>
    /// <exception cref="ModelException">There are more than <see cref="NodesMax"/> nodes to draw.</exception>
    public static string Svg(ModelDescription description)
    {
        NodeDescription[] nodes = [.. description.Nodes.Where(static node => node.Role is not (NodeRole.Folded or NodeRole.Unused))];
        if (nodes.Length > NodesMax) throw new ModelException($"The graph has {nodes.Length} nodes to draw; at most {NodesMax} are allowed in a picture.");
        var boxes = new List<Shape>();
        var makers = new Dictionary<string, int>(StringComparer.Ordinal);
        var edges = new List<(int From, int To)>();
        foreach (TensorInfo input in description.Inputs)
        {
            makers[input.Name] = boxes.Count;
            boxes.Add(new Shape("end", input.Name, Text(input)));
        }
        foreach (NodeDescription node in nodes)
        {
            int[] from = [.. node.Inputs.Where(makers.ContainsKey).Select(name => makers[name]).Distinct()];
            edges.AddRange(from.Select(one => (one, boxes.Count)));
            foreach (ValueDescription output in node.Outputs) makers[output.Name] = boxes.Count;
            boxes.Add(new Shape(node.Role == NodeRole.View ? "view" : node.Flops > 0 || node.Parameters > 0 ? "layer" : "", node.Operator, [.. Details(node)]));
        }
        foreach (TensorInfo output in description.Outputs)
        {
            if (makers.TryGetValue(output.Name, out int maker)) edges.Add((maker, boxes.Count));
            boxes.Add(new Shape("end", output.Name, Text(output)));
        }
        var layout = new LayeredLayout([.. boxes.Select(static box => (box.Width, box.Height))], edges);
        return Write(layout, boxes);
    }

    private static string Write(LayeredLayout layout, List<Shape> boxes)
    {
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {layout.Width:0} {layout.Height:0}" width="{layout.Width:0}" height="{layout.Height:0}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="12">""");
        svg.Append('\n').Append(Style).Append("\n<defs><marker id=\"tip\" markerWidth=\"7\" markerHeight=\"7\" refX=\"6\" refY=\"3.5\" orient=\"auto\"><path d=\"M0,0.5 L7,3.5 L0,6.5 z\"/></marker></defs>\n");
        foreach (IReadOnlyList<LayeredLayout.Box> path in layout.Paths) svg.Append(CultureInfo.InvariantCulture, $"<path d=\"{Line(path)}\"/>\n");
        foreach ((LayeredLayout.Box box, Shape shape) in layout.Boxes.Zip(boxes))
        {
            double top = box.Y - (shape.Height / 2);
            svg.Append(CultureInfo.InvariantCulture, $"<rect{(shape.Kind.Length > 0 ? $" class=\"{shape.Kind}\"" : "")} x=\"{box.X - (shape.Width / 2):0.#}\" y=\"{top:0.#}\" width=\"{shape.Width:0.#}\" height=\"{shape.Height:0.#}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{box.X:0.#}\" y=\"{top + Padding + 8:0.#}\">{Escaped(shape.Title)}</text>");
            for (int i = 0; i < shape.Details.Length; i++)
                svg.Append(CultureInfo.InvariantCulture, $"<text class=\"soft\" x=\"{box.X:0.#}\" y=\"{top + Padding + 8 + ((i + 1) * LineHeight):0.#}\">{Escaped(shape.Details[i])}</text>");
            svg.Append('\n');
        }
        return svg.Append("</svg>\n").ToString();
    }

    /// <summary>From the lower edge of the first box to the upper edge of the last, upright at every bend.</summary>
    private static string Line(IReadOnlyList<LayeredLayout.Box> path)
    {
        var line = new StringBuilder();
        double x = path[0].X, y = path[0].Y + (path[0].Height / 2);
        line.Append(CultureInfo.InvariantCulture, $"M{x:0.#},{y:0.#}");
        foreach (LayeredLayout.Box box in path.Skip(1))
        {
            double nextY = box.Y - (box.Height / 2) - (box.IsBend ? 0 : 1), middle = (y + nextY) / 2;
            if (Math.Abs(box.X - x) < 0.5) line.Append(CultureInfo.InvariantCulture, $" L{box.X:0.#},{nextY:0.#}");
            else line.Append(CultureInfo.InvariantCulture, $" C{x:0.#},{middle:0.#} {box.X:0.#},{middle:0.#} {box.X:0.#},{nextY:0.#}");
            (x, y) = (box.X, nextY);
            if (!box.IsBend) continue;
            y += box.Height;
            line.Append(CultureInfo.InvariantCulture, $" L{x:0.#},{y:0.#}");
        }
        return line.ToString();
    }

    private static IEnumerable<string> Details(NodeDescription node)
    {
        foreach (ValueDescription output in node.Outputs.Where(value => node.Role == NodeRole.Unknown || value.Shape is not null).Take(4)) yield return output.Shape is null ? output.Name : $"{output.Type} [{string.Join(", ", output.Shape)}]";
        string step = node.Step >= 0 ? $"step {node.Step}" : "";
        string weights = node.Parameters == 0 ? "" : node.Parameters.ToString("N0", CultureInfo.InvariantCulture) + (node.Parameters == 1 ? " parameter" : " parameters");
        if (step.Length + weights.Length > 0) yield return $"{step}{(step.Length > 0 && weights.Length > 0 ? " · " : "")}{weights}";
    }

    private static string[] Text(TensorInfo tensor) => [$"{tensor.Type} [{string.Join(", ", tensor.Shape)}]"];

    private static string Escaped(string text)
    {
        if (text.Length > TextMax) text = text[..(TextMax - 1)] + "…";
        var safe = new StringBuilder(text.Length);
        foreach (char c in text) safe.Append(c switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '"' => "&quot;", < ' ' or (>= '\uD800' and <= '\uDFFF') or >= '\uFFFE' => "?", _ => c.ToString() });
        return safe.ToString();
    }

    private sealed record Shape(string Kind, string Title, string[] Details)
    {
        public double Width { get; } = (2 * Padding) + (CharWidth * Math.Min(TextMax, Math.Max(Title.Length, Details.Length == 0 ? 0 : Details.Max(static line => line.Length))));
        public double Height { get; } = (2 * Padding) + 10 + (Details.Length * LineHeight) - 4;
    }
}
