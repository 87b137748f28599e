using System.Text;

using Peregrine.Inference.Operators;

namespace Peregrine.Inference.Tests.Fuzz;

/// <summary>Changes a model file: its fields (so that it is still protobuf), its bytes, or both.</summary>
internal sealed class Mutator(IReadOnlyList<byte[]> corpus)
{
    private static readonly long[] _extremes =
    [
        0, 1, -1, 2, 3, 7, 8, 9, 16, 255, 256, 4096, 65_535, 65_536, 1 << 20, (1 << 24) - 1, 1 << 24, (1 << 24) + 1, 1 << 30, int.MaxValue, int.MinValue, 1L << 31, 1L << 32,
        uint.MaxValue, 1L << 40, 1L << 62, long.MaxValue, long.MinValue, long.MinValue + 1, -2, -8, -(1 << 24),
    ];

    private static readonly float[] _floats = [0, -0f, 1, -1, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.Epsilon, 0.5f, 1e6f, 1e-30f, 3e9f, -1e20f];

    private static readonly string[] _operators = [.. OperatorTable.Entries.Select(e => e.Name).Distinct().Order(StringComparer.Ordinal), "Loop", "Nothing"];

    private static readonly string[] _texts =
    [
        "", "x", "y", "\0", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", "constant", "edge", "reflect", "wrap", "nearest", "linear", "cubic", "asymmetric", "half_pixel", "align_corners", "bidirectional",
        "reverse", "SOFTMAX", "LOGISTIC", "PROBIT", "MIN", "MAX", "L1", "BRANCH_EQ", "BRANCH_GT", "LEAF", "add", "mul", "DCR", "CRD", "ij,jk->ik", "...ij->...", "ii->i", "tanh", "ai.onnx.ml", "mean", "none",
    ];

    private readonly Dictionary<int, WireField> _trees = [];

    /// <summary>The index of the file that was changed, and what became of it.</summary>
    public (int Source, byte[] Bytes) Next(Random random)
    {
        int source = random.Next(corpus.Count);
        int style = random.Next(10);
        if (style == 0) return (source, Raw(random, corpus[source]));
        WireField tree = Tree(source).Clone();
        for (int i = random.Next(1, 4); i > 0; i--) Change(random, tree);
        byte[] bytes = tree.Content();
        return (source, style == 1 ? Raw(random, bytes) : bytes);
    }

    private WireField Tree(int index) => _trees.TryGetValue(index, out WireField? tree) ? tree : _trees[index] = WireField.Read(corpus[index]);

    /// <summary>Flipped and overwritten bytes, a cut, or a piece of another file put in.</summary>
    private byte[] Raw(Random random, byte[] from)
    {
        if (from.Length == 0) return from;
        switch (random.Next(4))
        {
            case 0: return from[..random.Next(from.Length)];
            case 1:
                byte[] other = corpus[random.Next(corpus.Count)];
                int start = random.Next(other.Length), length = random.Next(Math.Min(200, other.Length - start)), at = random.Next(from.Length);
                return [.. from[..at], .. other[start..(start + length)], .. from[at..]];
            default:
                byte[] bytes = [.. from];
                for (int i = random.Next(1, 5); i > 0; i--)
                {
                    int place = random.Next(bytes.Length);
                    bytes[place] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)(bytes[place] ^ (1 << random.Next(8)));
                }
                return bytes;
        }
    }

    private void Change(Random random, WireField root)
    {
        WireField[] parents = [.. root.All.Where(f => f.Children.Count > 0)];
        if (parents.Length == 0) return;
        WireField parent = parents[random.Next(parents.Length)];
        int at = random.Next(parent.Children.Count);
        WireField field = parent.Children[at];
        switch (random.Next(9))
        {
            case 0: parent.Children.Insert(random.Next(parent.Children.Count + 1), field.Clone()); break;
            case 1: parent.Children.RemoveAt(at); break;
            case 2:
                int with = random.Next(parent.Children.Count);
                (parent.Children[at], parent.Children[with]) = (parent.Children[with], parent.Children[at]);
                break;
            case 3: // The like of it from another file.
                WireField[] like = [.. Tree(random.Next(corpus.Count)).All.Where(f => f.Parent == field.Parent && f.Number == field.Number && f.Wire == field.Wire)];
                if (like.Length == 0) break;
                WireField graft = like[random.Next(like.Length)].Clone();
                if (random.Next(2) == 0) parent.Children[at] = graft;
                else parent.Children.Insert(at, graft);
                break;
            default: ChangeLeaf(random, root, parent); break;
        }
    }

    private static void ChangeLeaf(Random random, WireField root, WireField parent)
    {
        WireField[] leaves = [.. parent.All.Where(f => f.Kind == WireKind.Leaf)];
        if (leaves.Length == 0) return;
        WireField leaf = leaves[random.Next(leaves.Length)];
        switch (leaf.Wire)
        {
            case 0: leaf.Value = random.Next(3) > 0 ? (ulong)_extremes[random.Next(_extremes.Length)] : leaf.Value + (ulong)random.Next(-2, 3); break;
            case 1: leaf.Value = BitConverter.DoubleToUInt64Bits(_floats[random.Next(_floats.Length)]); break;
            case 5: leaf.Value = BitConverter.SingleToUInt32Bits(_floats[random.Next(_floats.Length)]); break;
            default: leaf.Bytes = ChangeBytes(random, root, leaf); break;
        }
    }

    private static byte[] ChangeBytes(Random random, WireField root, WireField leaf)
    {
        switch (leaf.Parent, leaf.Number)
        {
            case (WireKind.Node, 4): return Encoding.UTF8.GetBytes(_operators[random.Next(_operators.Length)]);
            case (WireKind.Node, 1 or 2) when random.Next(8) > 0: // Another name that is there.
                WireField[] names = [.. root.All.Where(f => (f.Parent, f.Number) is (WireKind.Node, 1 or 2) or (WireKind.Tensor, 8) or (WireKind.ValueInfo, 1))];
                return names[random.Next(names.Length)].Bytes;
            case (WireKind.Tensor, 9):
                byte[] data = [.. leaf.Bytes];
                if (data.Length >= 8 && random.Next(2) == 0) BitConverter.TryWriteBytes(data.AsSpan(random.Next(data.Length / 8) * 8), _extremes[random.Next(_extremes.Length)]);
                else if (data.Length >= 4 && random.Next(2) == 0) BitConverter.TryWriteBytes(data.AsSpan(random.Next(data.Length / 4) * 4), _floats[random.Next(_floats.Length)]);
                else if (data.Length > 0) Array.Resize(ref data, random.Next(2) == 0 ? data.Length / 2 : data.Length + 8);
                return data;
            case (_, _) when random.Next(2) == 0 && leaf.Bytes.Length > 0:
                byte[] bytes = [.. leaf.Bytes];
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return bytes;
            default: return Encoding.UTF8.GetBytes(_texts[random.Next(_texts.Length)]);
        }
    }
}
