using System.Runtime.CompilerServices;

using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Trees;

/// <summary>The scores of a row: by the perfect trees where there are some and no number is missing, else node by node.</summary>
internal sealed unsafe class TreeScores
{
    private readonly PerfectTrees? _perfect;
    private readonly FlatTrees _flat;
    private readonly bool[] _reachable;
    private readonly int _targets;
    private readonly int _features;
    private readonly TreeAggregate _aggregate;

    public TreeScores(TreeSet set, TreeAggregate aggregate, int features, Memory memory)
    {
        _targets = set.Targets;
        _features = features;
        _aggregate = aggregate;
        _flat = new FlatTrees(set, memory);
        _reachable = new bool[set.Targets];
        var certain = new bool[set.Targets]; // Where a whole tree speaks of a target, every row has a score for it.
        foreach (TreeNode root in set.Roots)
        {
            HashSet<int>[] leaves = [.. Leaves(root).Select(static leaf => leaf.Weights.Select(static weight => weight.Id).ToHashSet())];
            foreach (int id in leaves.SelectMany(static ids => ids).Distinct())
            {
                _reachable[id] = true;
                certain[id] |= leaves.All(ids => ids.Contains(id));
            }
        }
        bool sums = aggregate is TreeAggregate.Sum or TreeAggregate.Average;
        if (sums && set.CanBePerfect && certain.SequenceEqual(_reachable)) _perfect = new PerfectTrees(set, memory);
    }

    /// <summary>Fills the scores of one row and says which of them any leaf gave.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(float* x, float* scores, bool* seen)
    {
        for (int i = 0; i < _targets; i++) (scores[i], seen[i]) = (0, false);
        if (_perfect is not null && !HasNaN(x, _features))
        {
            _perfect.Add(x, scores);
            for (int i = 0; i < _targets; i++) seen[i] = _reachable[i];
            return;
        }
        _flat.Add(x, scores, seen, _aggregate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool HasNaN(float* x, int count)
    {
        int found = 0;
        for (int i = 0; i < count; i++) found |= 0x7f800000 - (BitConverter.SingleToInt32Bits(x[i]) & 0x7fffffff); // Negative for a NaN alone.
        return found < 0;
    }

    private static IEnumerable<TreeNode> Leaves(TreeNode node) => node.Mode == NodeMode.Leaf ? [node] : Leaves(node.WhenTrue!).Concat(Leaves(node.WhenFalse!));
}

/// <summary>TreeEnsembleRegressor: the scores with their base values.</summary>
internal sealed unsafe class TreeRegressorKernel(TreeScores scores, float* from, float* to, int rows, int features, int targets, float divisor, float[] bases, PostTransform transform, bool* seen) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = from;
        float* y = to;
        for (int row = 0; row < rows; row++, x += features, y += targets)
        {
            scores.Run(x, y, seen);
            for (int i = 0; i < targets; i++) y[i] = (y[i] / divisor) + (i < bases.Length ? bases[i] : 0);
            if (transform != PostTransform.None) PostTransforms.Apply(transform, new Span<float>(y, targets));
        }
    }
}

/// <summary>
/// TreeEnsembleClassifier. With two classes and weights for one of them alone the other follows, as ONNX Runtime does it: 1 - s where all weights are positive
/// (they are probabilities), -s elsewhere.
/// </summary>
internal sealed unsafe class TreeClassifierKernel(TreeScores scores, float* from, long* chosen, long[] labels, float* to, int rows, int features, int classes, float[] bases, PostTransform transform, bool oneSided, bool positive, bool* seen) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = from;
        float* y = to;
        for (int row = 0; row < rows; row++, x += features, y += classes)
        {
            scores.Run(x, y, seen);
            chosen[row] = labels[classes == 2 ? Two(y) : Many(y)];
        }
    }

    private int Many(float* y)
    {
        for (int i = 0; i < bases.Length; i++) (y[i], seen[i]) = (y[i] + bases[i], true);
        int best = -1;
        for (int i = 0; i < classes; i++)
            if (seen[i] && (best < 0 || y[i] > y[best])) best = i;
        if (transform != PostTransform.None) PostTransforms.Apply(transform, new Span<float>(y, classes));
        return Math.Max(best, 0);
    }

    private int Two(float* y)
    {
        bool both = seen[1];
        if (bases.Length == 2)
        {
            if (both)
            {
                y[1] = bases[1] + y[0];
                y[0] = -y[1];
            }
            else
            {
                y[1] += bases[1];
                y[0] += bases[0];
            }
            both = true;
        }
        else if (bases.Length == 1)
        {
            y[0] += bases[0];
        }
        float score = seen[1] ? y[1] : y[0];
        int label = score > (oneSided && positive ? 0.5f : 0) ? 1 : 0;
        if (both)
        {
            if (transform != PostTransform.None) PostTransforms.Apply(transform, new Span<float>(y, 2));
        }
        else if (transform == PostTransform.Probit)
        {
            y[0] = PostTransforms.Probit(y[0]);
        }
        else if (positive)
        {
            (y[0], y[1]) = (1 - y[0], y[0]);
        }
        else if (transform == PostTransform.Logistic)
        {
            (y[0], y[1]) = (PostTransforms.Logistic(-y[0]), PostTransforms.Logistic(y[0]));
        }
        else
        {
            (y[0], y[1]) = (-y[0], y[0]);
        }
        return label;
    }
}
