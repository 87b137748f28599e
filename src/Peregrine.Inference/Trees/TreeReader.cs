using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Trees;

/// <summary>Puts the attribute lists of a tree ensemble together to trees, and refuses what is not one.</summary>
internal static class TreeReader
{
    private const int DepthMax = 512; // Deeper trees are no model's; walking them is recursive.

    /// <param name="kind">"target" or "class": how the lists of leaf weights are called.</param>
    public static TreeSet Read(NodeContext node, string kind, int targets, int features)
    {
        long[] trees = node.Integers("nodes_treeids") ?? throw node.Fail("nodes_treeids is missing.");
        int count = trees.Length;
        long[] ids = Column(node, node.Integers("nodes_nodeids"), "nodes_nodeids", count), feature = Column(node, node.Integers("nodes_featureids"), "nodes_featureids", count);
        long[] yes = Column(node, node.Integers("nodes_truenodeids"), "nodes_truenodeids", count), no = Column(node, node.Integers("nodes_falsenodeids"), "nodes_falsenodeids", count);
        string[] modes = Column(node, node.Texts("nodes_modes"), "nodes_modes", count);
        float[] values = Column(node, node.Floats("nodes_values"), "nodes_values", count);
        long[]? missing = node.Integers("nodes_missing_value_tracks_true") is { Length: > 0 } tracks ? Column(node, tracks, "nodes_missing_value_tracks_true", count) : null;
        if (count == 0) throw node.Fail("it has no nodes.");

        var nodes = new Dictionary<(long Tree, long Id), TreeNode>(count);
        var roots = new Dictionary<long, TreeNode>();
        for (int i = 0; i < count; i++)
        {
            NodeMode mode = Mode(modes[i]) ?? throw node.Fail($"nodes_modes has '{modes[i]}'; allowed are BRANCH_LEQ, BRANCH_LT, BRANCH_GTE, BRANCH_GT, BRANCH_EQ, BRANCH_NEQ and LEAF.");
            if (mode != NodeMode.Leaf && (feature[i] < 0 || feature[i] >= features)) throw node.Fail($"node {ids[i]} of tree {trees[i]} asks for feature {feature[i]}; the input has {features}.");
            var made = new TreeNode(mode, mode == NodeMode.Leaf ? 0 : (int)feature[i], values[i], missing?[i] > 0);
            if (!nodes.TryAdd((trees[i], ids[i]), made)) throw node.Fail($"node {ids[i]} of tree {trees[i]} appears twice.");
            roots.TryAdd(trees[i], made); // The first node of a tree is its root.
        }
        var children = new HashSet<TreeNode>(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < count; i++)
        {
            TreeNode parent = nodes[(trees[i], ids[i])];
            if (parent.Mode == NodeMode.Leaf) continue;
            parent.WhenTrue = Child(trees[i], ids[i], yes[i]);
            parent.WhenFalse = Child(trees[i], ids[i], no[i]);
        }

        TreeNode Child(long tree, long parent, long id)
        {
            if (!nodes.TryGetValue((tree, id), out TreeNode? child)) throw node.Fail($"node {parent} of tree {tree} goes to node {id}, which does not exist.");
            if (child == roots[tree] || !children.Add(child)) throw node.Fail($"node {id} of tree {tree} is reached in two ways; a tree has one.");
            return child;
        }

        AddWeights(node, kind, targets, nodes);
        TreeNode[] all = [.. roots.Values];
        foreach (TreeNode root in all) CheckDepth(node, root, 0);
        return new TreeSet(all, targets) { Nodes = count };
    }

    private static void AddWeights(NodeContext node, string kind, int targets, Dictionary<(long Tree, long Id), TreeNode> nodes)
    {
        float[] weights = node.Floats($"{kind}_weights") ?? throw node.Fail($"{kind}_weights is missing.");
        long[] trees = Column(node, node.Integers($"{kind}_treeids"), $"{kind}_treeids", weights.Length), ids = Column(node, node.Integers($"{kind}_nodeids"), $"{kind}_nodeids", weights.Length);
        long[] whose = Column(node, node.Integers($"{kind}_ids"), $"{kind}_ids", weights.Length);
        for (int i = 0; i < weights.Length; i++)
        {
            if (!nodes.TryGetValue((trees[i], ids[i]), out TreeNode? leaf)) throw node.Fail($"{kind}_weights has a weight for node {ids[i]} of tree {trees[i]}, which does not exist.");
            if (whose[i] < 0 || whose[i] >= targets) throw node.Fail($"{kind}_ids has {whose[i]}; allowed are 0 to {targets - 1}.");
            if (leaf.Mode == NodeMode.Leaf) leaf.Weights.Add(((int)whose[i], weights[i])); // An inner node's weights never count.
        }
    }

    private static void CheckDepth(NodeContext node, TreeNode tree, int depth)
    {
        if (depth > DepthMax) throw node.Fail($"a tree is deeper than the {DepthMax} levels allowed.");
        if (tree.Mode == NodeMode.Leaf) return;
        CheckDepth(node, tree.WhenTrue!, depth + 1);
        CheckDepth(node, tree.WhenFalse!, depth + 1);
    }

    private static T[] Column<T>(NodeContext node, T[]? values, string name, int count) => values is { } found && found.Length == count
        ? found
        : throw node.Fail($"{name} has {values?.Length ?? 0} elements; {count} are needed.");

    private static NodeMode? Mode(string name) => name switch
    {
        "LEAF" => NodeMode.Leaf,
        "BRANCH_LEQ" => NodeMode.LessOrEqual,
        "BRANCH_LT" => NodeMode.Less,
        "BRANCH_GTE" => NodeMode.GreaterOrEqual,
        "BRANCH_GT" => NodeMode.Greater,
        "BRANCH_EQ" => NodeMode.Equal,
        "BRANCH_NEQ" => NodeMode.NotEqual,
        _ => null,
    };
}
