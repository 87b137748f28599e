namespace Peregrine.Inference.Planning;

/// <summary>Pinned, 64-byte aligned bytes that nobody writes to once they are filled.</summary>
internal sealed unsafe class WeightBlock
{
    private const int Alignment = 64;

    private readonly byte[] _bytes;

    public WeightBlock(long bytes)
    {
        _bytes = GC.AllocateArray<byte>(checked((int)(bytes + Alignment)), pinned: true);
        fixed (byte* first = _bytes) Start = ((nint)first + Alignment - 1) & -Alignment;
        Bytes = (int)bytes;
    }

    public nint Start { get; }
    public int Bytes { get; }
    public ReadOnlySpan<byte> Content => new((void*)Start, Bytes);
}

/// <summary>
/// The packed weights of one model: each session packs its own and then finds that another has the very same bytes already, whose memory it uses instead. What no
/// session uses any more is forgotten. Any thread.
/// </summary>
internal sealed class SharedWeights
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, List<WeakReference<WeightBlock>>> _blocks = [];

    /// <summary>The block with these contents: an earlier one, or this one from now on.</summary>
    public WeightBlock Intern(WeightBlock block)
    {
        var hash = new HashCode();
        hash.AddBytes(block.Content);
        lock (_lock)
        {
            int key = hash.ToHashCode();
            if (!_blocks.TryGetValue(key, out List<WeakReference<WeightBlock>>? alike)) _blocks.Add(key, alike = []);
            alike.RemoveAll(static one => !one.TryGetTarget(out _));
            foreach (WeakReference<WeightBlock> one in alike)
                if (one.TryGetTarget(out WeightBlock? known) && known.Content.SequenceEqual(block.Content)) return known;
            alike.Add(new WeakReference<WeightBlock>(block));
            return block;
        }
    }
}
