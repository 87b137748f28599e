using Spectre.Console;

namespace Peregrine.Dashboards;

/// <summary>Frames around lines, and lines beside lines.</summary>
internal static class Box
{
    /// <summary>A frame of exactly this size around as many of the lines as fit into it.</summary>
    public static List<Line> Around(Line title, IReadOnlyList<Line> body, int width, int height, Style? frame = null)
    {
        Style style = frame ?? Palette.Frame;
        var lines = new List<Line>(height);
        if (height < 2 || width < 6) return Blank(width, height);
        Line head = new Line().Add("╭─ ", style).Add(title).Add(" ", style);
        if (head.Width > width - 2) head = new Line().Add("╭─ ", style).Add(title.Fit(width - 6)).Add(" ", style);
        lines.Add(head.Add(new string('─', Math.Max(0, width - 1 - head.Width)), style).Add("╮", style));
        for (int i = 0; i < height - 2; i++)
        {
            Line inner = i < body.Count ? body[i] : new Line();
            lines.Add(new Line().Add("│ ", style).Add(inner.Fit(width - 4)).Add(" │", style));
        }
        lines.Add(new Line().Add("╰" + new string('─', width - 2) + "╯", style));
        return lines;
    }

    public static List<Line> Around(string title, IReadOnlyList<Line> body, int width, int height) =>
        Around(new Line().Add(title, Palette.Title), body, width, height);

    /// <summary>Columns beside each other, each exactly as wide as given, with a gap between them.</summary>
    public static List<Line> Beside(int gap, params ReadOnlySpan<(IReadOnlyList<Line> Lines, int Width)> columns)
    {
        int height = 0;
        foreach ((IReadOnlyList<Line> lines, int _) in columns) height = Math.Max(height, lines.Count);
        var result = new List<Line>(height);
        for (int i = 0; i < height; i++)
        {
            var line = new Line();
            int end = 0;
            foreach ((IReadOnlyList<Line> lines, int width) in columns)
            {
                line.To(end);
                line.Add(i < lines.Count ? lines[i].Fit(width) : new Line().To(width));
                end = line.Width + gap;
            }
            result.Add(line);
        }
        return result;
    }

    public static List<Line> Blank(int width, int height) => [.. Enumerable.Range(0, Math.Max(0, height)).Select(_ => new Line().To(width))];
}
