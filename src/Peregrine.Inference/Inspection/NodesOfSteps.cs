using Peregrine.Inference.Format;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Inspection;

/// <summary>
/// Which step of a plan computes which node, found from what steps read and write: a step's nodes are those between both. So it holds for whatever the
/// planner joins.
/// </summary>
internal static class NodesOfSteps
{
    /// <param name="isConstant">Whether a value was known when the model was compiled.</param>
    /// <returns>For each step the places of its nodes in order, and for each node the first of its steps; -1 where none computes it.</returns>
    public static (int[][] NodesOf, int[] StepOf) Assign(IReadOnlyList<NodeProto> nodes, IReadOnlyList<Step> steps, Func<string, bool> isConstant)
    {
        var producers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < nodes.Count; i++)
            foreach (string output in nodes[i].Outputs.Where(static name => name.Length > 0)) producers.TryAdd(output, i);
        int[] stepOf = new int[nodes.Count];
        Array.Fill(stepOf, -1);
        int[][] nodesOf = new int[steps.Count][];
        var elsewhere = steps.SelectMany(static step => step.Writes).Select(static value => value.Name).ToHashSet(StringComparer.Ordinal);
        for (int step = 0; step < steps.Count; step++)
        {
            var reads = steps[step].Reads.Select(static value => value.Name).ToHashSet(StringComparer.Ordinal);
            var open = new Stack<string>(steps[step].Writes.Select(value => Known(value.Name, producers)));
            var seen = new HashSet<int>();
            while (open.TryPop(out string? name))
            {
                if (!producers.TryGetValue(name, out int node) || !seen.Add(node)) continue;
                if (stepOf[node] < 0) stepOf[node] = step; // A node may take several, each for one of its outputs.
                foreach (string input in nodes[node].Inputs)
                    if (input.Length > 0 && !reads.Contains(input) && !elsewhere.Contains(input) && !isConstant(input) && !IsBehind(input, reads)) open.Push(input);
            }
            nodesOf[step] = [.. seen.Order()];
        }
        return (nodesOf, stepOf);

        // A step may read a view of a value instead of the value: the view's own node is no work.
        static bool IsBehind(string name, HashSet<string> reads) => reads.Contains($"{name}:view");
    }

    /// <summary>Values within a node are named after one of its outputs, with suffixes behind colons.</summary>
    private static string Known(string name, Dictionary<string, int> producers)
    {
        for (string rest = name; ; rest = rest[..rest.LastIndexOf(':')])
        {
            if (producers.ContainsKey(rest)) return rest;
            if (!rest.Contains(':', StringComparison.Ordinal)) return name;
        }
    }
}
