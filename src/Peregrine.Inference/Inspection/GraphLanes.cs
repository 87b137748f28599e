using System.Text;

namespace Peregrine.Inference.Inspection;

/// <summary>
/// Draws a graph as text, one row a node, as version control draws a history: a lane is a value on its way to those who still read it, <c>●</c> a node that
/// computes, <c>○</c> one whose result is another view of the same memory. What was computed when the model was compiled is left out.
/// </summary>
public static class GraphLanes
{
    /// <summary>The rows: the lanes, and beside them what each row is.</summary>
    public static IReadOnlyList<(string Lanes, GraphRow Row)> Draw(ModelDescription description)
    {
        var drawing = new Drawing(description);
        return drawing.Rows;
    }

    private sealed class Drawing
    {
        private readonly Dictionary<string, int> _readers = new(StringComparer.Ordinal); // Still to come.
        private readonly List<string?> _lanes = [];

        public Drawing(ModelDescription description)
        {
            NodeDescription[] nodes = [.. description.Nodes.Where(static node => node.Role is not (NodeRole.Folded or NodeRole.Unused))];
            foreach (string name in nodes.SelectMany(static node => node.Inputs.Distinct(StringComparer.Ordinal))) _readers[name] = _readers.GetValueOrDefault(name) + 1;
            foreach (TensorInfo output in description.Outputs) _readers[output.Name] = _readers.GetValueOrDefault(output.Name) + 1;
            foreach (TensorInfo input in description.Inputs)
            {
                bool isRead = _readers.ContainsKey(input.Name);
                int lane = Free(0);
                string row = Row(lane, '▽', [], [], isRead ? [] : [lane]);
                if (isRead) _lanes[lane] = input.Name;
                Rows.Add((row, new GraphRow(null, input, null)));
            }
            foreach (NodeDescription node in nodes) Add(node);
            foreach (TensorInfo output in description.Outputs)
            {
                int lane = _lanes.IndexOf(output.Name);
                if (lane < 0) lane = Free(0); // It is a constant, or shown already.
                Rows.Add((Row(lane, '▼', [], [], []), new GraphRow(null, null, output)));
                if (--_readers[output.Name] <= 0) _lanes[lane] = null;
                Trim();
            }
        }

        public List<(string Lanes, GraphRow Row)> Rows { get; } = [];

        private void Add(NodeDescription node)
        {
            int[] read = [.. node.Inputs.Distinct(StringComparer.Ordinal).Select(name => _lanes.IndexOf(name)).Where(static lane => lane >= 0).Order()];
            foreach (string name in node.Inputs.Distinct(StringComparer.Ordinal)) _readers[name]--;
            int[] ended = [.. read.Where(lane => _readers[_lanes[lane]!] <= 0)];
            int own = ended.Length > 0 ? ended[0] : Free(read.Length > 0 ? read[0] + 1 : 0);
            string[] outputs = [.. node.Outputs.Select(static value => value.Name).Where(name => _readers.GetValueOrDefault(name) > 0)];
            foreach (int lane in ended.Where(lane => lane != own)) _lanes[lane] = "";
            List<int> more = [];
            _lanes[own] = outputs.Length > 0 ? outputs[0] : "";
            foreach (string output in outputs.Skip(1))
            {
                int lane = Free(own + 1);
                _lanes[lane] = output;
                more.Add(lane);
            }
            string row = Row(own, node.Role == NodeRole.View ? '○' : '●', read, [.. ended.Where(lane => lane != own)], more);
            for (int lane = 0; lane < _lanes.Count; lane++)
                if (_lanes[lane] is "") _lanes[lane] = null;
            Trim();
            Rows.Add((row, new GraphRow(node, null, null)));
        }

        /// <summary>One row: the node's mark, a line from it to each lane that it reads or begins, and the lanes that pass by.</summary>
        private string Row(int own, char mark, int[] read, int[] ended, IReadOnlyCollection<int> begun)
        {
            var text = new StringBuilder();
            int from = Math.Min(own, read.Length > 0 ? read[0] : own), to = Math.Max(own, Math.Max(read.Length > 0 ? read[^1] : own, begun.Count > 0 ? begun.Max() : own));
            for (int lane = 0; lane < _lanes.Count; lane++)
            {
                bool inside = lane > from && lane < to;
                text.Append(lane == own ? mark
                    : ended.Contains(lane) ? (lane > own ? (lane == to ? '╯' : '┴') : (lane == from ? '╰' : '┴'))
                    : begun.Contains(lane) ? (lane == to ? '╮' : '┬')
                    : read.Contains(lane) ? (inside ? '┼' : lane > own ? '┤' : '├')
                    : string.IsNullOrEmpty(_lanes[lane]) ? (inside ? '─' : ' ')
                    : inside ? '┼' : '│');
                text.Append(lane >= from && lane < to ? '─' : ' ');
            }
            return text.ToString().TrimEnd();
        }

        private int Free(int from)
        {
            int lane = _lanes.FindIndex(Math.Min(from, _lanes.Count), static name => name is null);
            if (lane >= 0) return lane;
            _lanes.Add(null);
            return _lanes.Count - 1;
        }

        private void Trim()
        {
            while (_lanes.Count > 0 && _lanes[^1] is null) _lanes.RemoveAt(_lanes.Count - 1);
        }
    }
}

/// <summary>What stands beside a row of lanes: a node, an input or an output.</summary>
public sealed record GraphRow(NodeDescription? Node, TensorInfo? Input, TensorInfo? Output);
