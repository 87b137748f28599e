using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Trees;

/// <summary>Trees of any shape and comparison, node by node: for deep or lopsided trees, for missing numbers, and for aggregates other than the sum.</summary>
internal sealed unsafe class FlatTrees
{
    private struct Node
    {
        public int Feature;
        public float Value;
        public int WhenTrue;
        public int WhenFalse;
        public NodeMode Mode;
        public bool MissingIsTrue;

        /// <summary>A leaf's weights.</summary>
        public int FirstWeight;
        public int WeightsEnd;
    }

    private readonly Node* _nodes;
    private readonly int* _ids;
    private readonly float* _weights;
    private readonly int[] _roots;
    private int _nextNode;
    private int _nextWeight;

    public FlatTrees(TreeSet set, Memory memory)
    {
        int count = set.Roots.Sum(CountWeights);
        Memory.Weights nodes = memory.Begin((long)Math.Max(set.Nodes, set.Roots.Count) * sizeof(Node)), ids = memory.Begin(Math.Max(count, 1) * (long)sizeof(int));
        Memory.Weights weights = memory.Begin(Math.Max(count, 1) * (long)sizeof(float));
        _nodes = (Node*)nodes.Start;
        _ids = (int*)ids.Start;
        _weights = (float*)weights.Start;
        _roots = [.. set.Roots.Select(Place)];
        _nodes = (Node*)memory.End(nodes);
        _ids = (int*)memory.End(ids);
        _weights = (float*)memory.End(weights);
    }

    /// <summary>Adds the weights of the leaves that x reaches to the sums, and marks whose they are.</summary>
    public void Add(float* x, float* sums, bool* seen, TreeAggregate aggregate)
    {
        foreach (int root in _roots)
        {
            Node* node = _nodes + root;
            while (node->Mode != NodeMode.Leaf) node = _nodes + (IsTrue(node, x[node->Feature]) ? node->WhenTrue : node->WhenFalse);
            for (int i = node->FirstWeight; i < node->WeightsEnd; i++)
            {
                float weight = _weights[i];
                ref float sum = ref sums[_ids[i]];
                ref bool has = ref seen[_ids[i]];
                sum = !has ? weight : aggregate switch
                {
                    TreeAggregate.Min => weight < sum ? weight : sum,
                    TreeAggregate.Max => weight > sum ? weight : sum,
                    _ => sum + weight,
                };
                has = true;
            }
        }
    }

    private static bool IsTrue(Node* node, float x) => node->Mode switch
    {
        _ when node->MissingIsTrue && float.IsNaN(x) => true,
        NodeMode.LessOrEqual => x <= node->Value,
        NodeMode.Less => x < node->Value,
        NodeMode.GreaterOrEqual => x >= node->Value,
        NodeMode.Greater => x > node->Value,
        NodeMode.Equal => x == node->Value,
        _ => x != node->Value,
    };

    private static int CountWeights(TreeNode node) => node.Mode == NodeMode.Leaf ? node.Weights.Count : CountWeights(node.WhenTrue!) + CountWeights(node.WhenFalse!);

    private int Place(TreeNode tree)
    {
        int at = _nextNode++;
        Node node = new() { Mode = tree.Mode, Feature = tree.Feature, Value = tree.Value, MissingIsTrue = tree.MissingIsTrue, FirstWeight = _nextWeight };
        if (tree.Mode == NodeMode.Leaf)
        {
            foreach ((int id, float weight) in tree.Weights) (_ids[_nextWeight], _weights[_nextWeight++]) = (id, weight);
        }
        else
        {
            node.WhenTrue = Place(tree.WhenTrue!);
            node.WhenFalse = Place(tree.WhenFalse!);
        }
        node.WeightsEnd = _nextWeight;
        _nodes[at] = node;
        return at;
    }
}

/// <summary>What becomes of the weights that several trees give the same target (aggregate_function).</summary>
internal enum TreeAggregate
{
    Sum,
    Average,
    Min,
    Max,
}
