namespace Peregrine.Inference.Trees;

/// <summary>How a node compares the feature with its value. The numbers are ours; the names are those of nodes_modes.</summary>
internal enum NodeMode
{
    Leaf,
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Equal,
    NotEqual,
}

/// <summary>One node of an ensemble: whoever goes on, goes to a child; who stays, takes the leaf's weights.</summary>
internal sealed class TreeNode(NodeMode mode, int feature, float value, bool missingIsTrue)
{
    public NodeMode Mode { get; } = mode;
    public int Feature { get; } = feature;
    public float Value { get; } = value;

    /// <summary>Whether a missing number (NaN) goes the way of "true".</summary>
    public bool MissingIsTrue { get; } = missingIsTrue;

    public TreeNode? WhenTrue { get; set; }
    public TreeNode? WhenFalse { get; set; }

    /// <summary>What the leaf adds, by target or class.</summary>
    public List<(int Id, float Weight)> Weights { get; } = [];

    public int Depth => Mode == NodeMode.Leaf ? 0 : 1 + Math.Max(WhenTrue!.Depth, WhenFalse!.Depth);

    public bool IsTrueFor(float x) => Mode switch
    {
        _ when float.IsNaN(x) && MissingIsTrue => true,
        NodeMode.LessOrEqual => x <= Value,
        NodeMode.Less => x < Value,
        NodeMode.GreaterOrEqual => x >= Value,
        NodeMode.Greater => x > Value,
        NodeMode.Equal => x == Value,
        _ => x != Value,
    };
}

/// <summary>
/// A node with one question left, whatever it asked before: is x at most the bound? "Less" asks for the float just below, "greater" has its children
/// swapped. What a missing number (NaN) does is kept apart, since each of these treats it in its own way.
/// </summary>
internal sealed record AtMostNode(int Feature, float Bound, TreeNode Yes, TreeNode No)
{
    /// <summary>Null where the node asks for equality.</summary>
    public static AtMostNode? Of(TreeNode node) => node.Mode switch
    {
        NodeMode.LessOrEqual => new AtMostNode(node.Feature, node.Value, node.WhenTrue!, node.WhenFalse!),
        NodeMode.Less => new AtMostNode(node.Feature, Below(node.Value), node.WhenTrue!, node.WhenFalse!),
        NodeMode.Greater => new AtMostNode(node.Feature, node.Value, node.WhenFalse!, node.WhenTrue!),
        NodeMode.GreaterOrEqual => new AtMostNode(node.Feature, Below(node.Value), node.WhenFalse!, node.WhenTrue!),
        _ => null,
    };

    /// <summary>Nothing is less than the lowest number: then no number is at most the bound, as with NaN.</summary>
    private static float Below(float value) => float.IsNegativeInfinity(value) ? float.NaN : float.BitDecrement(value);
}

/// <summary>The trees of one operator with their number of targets or classes.</summary>
internal sealed record TreeSet(IReadOnlyList<TreeNode> Roots, int Targets)
{
    private const int PerfectDepthMax = 10;
    private const int GrowthMax = 4;

    public int Nodes { get; init; }

    public int Depth { get; } = Roots.Max(static root => root.Depth);

    /// <summary>
    /// Whether all trees may be filled up to perfect ones of the same depth: then a descent is arithmetic, without branches. A few very deep trees are not worth it.
    /// </summary>
    public bool CanBePerfect => Depth is >= 1 and <= PerfectDepthMax && (long)Roots.Count << Depth <= GrowthMax * ((long)Nodes + 64) && Roots.All(OnlyAtMost);

    private static bool OnlyAtMost(TreeNode node) => node.Mode == NodeMode.Leaf || (AtMostNode.Of(node) is not null && OnlyAtMost(node.WhenTrue!) && OnlyAtMost(node.WhenFalse!));
}
