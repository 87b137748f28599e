using System.Runtime.CompilerServices;

using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Trees;

/// <summary>
/// Trees filled up to the same depth, breadth first: the children of node i are 2i + 1 and 2i + 2, so a step down is one comparison and one addition, and four
/// trees descend side by side. Inner nodes and leaves lie in arrays of their own.
/// </summary>
internal sealed unsafe class PerfectTrees
{
    private readonly int _depth;
    private readonly int _inner; // Inner nodes of a tree.
    private readonly int _leaves;
    private readonly int _trees; // With empty ones up to a multiple of four.
    private readonly int _stride; // Weights of a leaf.
    private readonly int* _features;
    private readonly float* _bounds;
    private readonly float* _weights;

    public PerfectTrees(TreeSet set, Memory memory)
    {
        _depth = set.Depth;
        _inner = (1 << _depth) - 1;
        _leaves = 1 << _depth;
        _trees = (set.Roots.Count + 3) / 4 * 4;
        _stride = set.Targets;
        Memory.Weights features = memory.Begin((long)_trees * _inner * sizeof(int)), bounds = memory.Begin((long)_trees * _inner * sizeof(float));
        Memory.Weights weights = memory.Begin((long)_trees * _leaves * _stride * sizeof(float));
        _features = (int*)features.Start;
        _bounds = (float*)bounds.Start;
        _weights = (float*)weights.Start;
        for (int tree = 0; tree < set.Roots.Count; tree++) Fill(set.Roots[tree], 0, tree);
        _features = (int*)memory.End(features);
        _bounds = (float*)memory.End(bounds);
        _weights = (float*)memory.End(weights);
    }

    /// <summary>Adds the weights of the leaves that x reaches to the sums. No element of x may be NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(float* x, float* sums)
    {
        int inner = _inner, stride = _stride;
        int* f = _features;
        float* b = _bounds;
        float* w = _weights;
        long perTree = (long)_leaves * stride;
        float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (int tree = 0; tree < _trees; tree += 4, f += 4 * inner, b += 4 * inner, w += 4 * perTree)
        {
            nint i0 = 0, i1 = inner, i2 = 2 * inner, i3 = 3 * inner; // Positions within the four.
            nint base1 = inner - 1, base2 = (2 * inner) - 1, base3 = (3 * inner) - 1;
            for (int level = 0; level < _depth; level++)
            {
                i0 = (2 * i0) + 1 + Right(x[f[i0]], b[i0]);
                i1 = (2 * i1) - base1 + Right(x[f[i1]], b[i1]);
                i2 = (2 * i2) - base2 + Right(x[f[i2]], b[i2]);
                i3 = (2 * i3) - base3 + Right(x[f[i3]], b[i3]);
            }
            float* w0 = w + ((i0 - inner) * stride);
            float* w1 = w + perTree + ((i1 - (2 * inner)) * stride);
            float* w2 = w + (2 * perTree) + ((i2 - (3 * inner)) * stride);
            float* w3 = w + (3 * perTree) + ((i3 - (4 * inner)) * stride);
            if (stride == 1)
            {
                s0 += w0[0];
                s1 += w1[0];
                s2 += w2[0];
                s3 += w3[0];
            }
            else if (stride == 3)
            {
                s0 += w0[0] + w1[0] + (w2[0] + w3[0]);
                s1 += w0[1] + w1[1] + (w2[1] + w3[1]);
                s2 += w0[2] + w1[2] + (w2[2] + w3[2]);
            }
            else
            {
                for (int i = 0; i < stride; i++) sums[i] += w0[i] + w1[i] + (w2[i] + w3[i]);
            }
        }
        if (stride == 1) sums[0] += s0 + s1 + (s2 + s3);
        if (stride != 3) return;
        sums[0] += s0;
        sums[1] += s1;
        sums[2] += s2;
    }

    /// <summary>1 where x is above the bound, without a branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Right(float x, float bound) => x <= bound ? 0 : 1;

    /// <summary>A leaf above the lowest level is repeated below: both ways lead to it.</summary>
    private void Fill(TreeNode node, int position, int tree)
    {
        if (position >= _inner)
        {
            float* weights = _weights + ((((long)tree * _leaves) + position - _inner) * _stride);
            foreach ((int id, float weight) in node.Weights) weights[id] += weight;
            return;
        }
        AtMostNode? ask = node.Mode == NodeMode.Leaf ? null : AtMostNode.Of(node);
        _features[((long)tree * _inner) + position] = ask?.Feature ?? 0;
        _bounds[((long)tree * _inner) + position] = ask?.Bound ?? float.PositiveInfinity;
        Fill(ask?.Yes ?? node, (2 * position) + 1, tree);
        Fill(ask?.No ?? node, (2 * position) + 2, tree);
    }
}
