namespace Peregrine.Inference.Tests;

/// <summary>A node of a random tree, which says itself where a row goes.</summary>
internal sealed record ForestNode(int Id, string Mode, int Feature, float Value, bool MissingIsTrue)
{
    public ForestNode? True { get; set; }
    public ForestNode? False { get; set; }
    public List<(int Id, float Weight)> Weights { get; init; } = [];

    public IEnumerable<ForestNode> All => Mode == "LEAF" ? [this] : new[] { this }.Concat(True!.All).Concat(False!.All);

    public ForestNode Next(float[] x)
    {
        float v = x[Feature];
        bool isTrue = (float.IsNaN(v) && MissingIsTrue) || Mode switch
        {
            "BRANCH_LEQ" => v <= Value, "BRANCH_LT" => v < Value, "BRANCH_GTE" => v >= Value, "BRANCH_GT" => v > Value, "BRANCH_EQ" => v == Value, _ => v != Value,
        };
        return isTrue ? True! : False!;
    }
}

/// <summary>Random trees and the attributes that hold them.</summary>
internal sealed record Forest(IReadOnlyList<ForestNode> Roots)
{
    private static readonly string[] _modes = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"];

    public int Count => Roots.Count;

    public static Forest Random(Random random, int features, int targets, int modes, bool full)
    {
        int depth = random.Next(1, 6);
        bool everywhere = random.Next(2) == 0;
        int next = 0;
        ForestNode Grow(int left)
        {
            if (left == 0 || (!full && random.Next(4) == 0))
            {
                (int, float)[] weights = [.. Enumerable.Range(0, targets).Where(_ => everywhere || random.Next(2) == 0).Select(id => (id, (float)((random.NextDouble() * 2) - 1)))];
                return new ForestNode(next++, "LEAF", 0, 0, false) { Weights = [.. weights] };
            }
            var node = new ForestNode(next++, _modes[random.Next(modes)], random.Next(features), random.Next(-3, 4) / 2f, random.Next(3) == 0);
            (node.True, node.False) = (Grow(left - 1), Grow(left - 1));
            return node;
        }
        return new Forest([.. Enumerable.Range(0, random.Next(1, 12)).Select(_ =>
        {
            next = 0;
            return Grow(depth);
        })]);
    }

    /// <summary>Numbers that often lie on a threshold; some are missing.</summary>
    public float[] Row(Random random, int features) => [.. Enumerable.Range(0, features).Select(_ => random.Next(12) switch { 0 => float.NaN, 1 => float.NegativeInfinity, 2 => -0f, _ => random.Next(-8, 9) / 4f })];

    public IEnumerable<List<(int Id, float Weight)>> Leaves(float[] x) => Roots.Select(root =>
    {
        ForestNode at = root;
        while (at.Mode != "LEAF") at = at.Next(x);
        return at.Weights;
    });

    public (string Name, object Value)[] Attributes(string kind)
    {
        (int Tree, ForestNode Node)[] all = [.. Roots.SelectMany((root, tree) => root.All.Select(node => (tree, node)))];
        (int Tree, ForestNode Node, (int Id, float Weight) Weight)[] weights = [.. all.SelectMany(n => n.Node.Weights.Select(w => (n.Tree, n.Node, w)))];
        return
        [
            ("nodes_treeids", all.Select(n => (long)n.Tree).ToArray()), ("nodes_nodeids", all.Select(n => (long)n.Node.Id).ToArray()),
            ("nodes_featureids", all.Select(n => (long)n.Node.Feature).ToArray()), ("nodes_values", all.Select(n => n.Node.Value).ToArray()),
            ("nodes_modes", all.Select(n => n.Node.Mode).ToArray()), ("nodes_missing_value_tracks_true", all.Select(n => n.Node.MissingIsTrue ? 1L : 0).ToArray()),
            ("nodes_truenodeids", all.Select(n => (long)(n.Node.True?.Id ?? 0)).ToArray()), ("nodes_falsenodeids", all.Select(n => (long)(n.Node.False?.Id ?? 0)).ToArray()),
            ($"{kind}_treeids", weights.Select(w => (long)w.Tree).ToArray()), ($"{kind}_nodeids", weights.Select(w => (long)w.Node.Id).ToArray()),
            ($"{kind}_ids", weights.Select(w => (long)w.Weight.Id).ToArray()), ($"{kind}_weights", weights.Select(w => w.Weight.Weight).ToArray()),
        ];
    }
}
