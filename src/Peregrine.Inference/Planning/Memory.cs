using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;

namespace Peregrine.Inference.Planning;

/// <summary>Pinned, 64-byte aligned memory of one session, handed out in order and never given back. The total is bounded.</summary>
/// <param name="weights">Where weights are shared with other sessions; null where they are not.</param>
internal sealed unsafe class Memory(long bytesMax, SharedWeights? weights = null)
{
    /// <summary>Smaller weights lie with the rest of the session, side by side.</summary>
    private const int SharedBytesMin = 4 << 10;

    private const int Alignment = 64;
    private const int ChunkBytesMin = 64 << 10;

    private readonly List<byte[]> _chunks = [];
    private byte* _next;
    private long _left;

    private readonly List<WeightBlock> _kept = [];

    public long BytesUsed { get; private set; }

    /// <summary>Those of them that are weights which other sessions may use too.</summary>
    public long BytesShared { get; private set; }

    /// <summary>Room for a tensor with the slack that kernels may touch behind it.</summary>
    public static long BytesFor(long count, ElementType type) => Align((count + (type == ElementType.Float32 ? Kernel.Slack : 0)) * type.Size());

    /// <exception cref="ModelException">The session would need more than its limit.</exception>
    public nint Take(long bytes)
    {
        bytes = Align(bytes);
        Count(bytes);
        if (bytes > _left)
        {
            long size = Math.Max(bytes, ChunkBytesMin);
            byte[] chunk = GC.AllocateArray<byte>(checked((int)(size + Alignment)), pinned: true);
            _chunks.Add(chunk);
            fixed (byte* start = chunk) _next = (byte*)Align((nint)start);
            _left = size;
        }
        nint at = (nint)_next;
        _next += bytes;
        _left -= bytes;
        return at;
    }

    /// <summary>Counts memory that lies elsewhere, such as an index table, towards the limit.</summary>
    public void Count(long bytes)
    {
        BytesUsed += bytes;
        if (BytesUsed > bytesMax) throw new ModelException($"The model needs more than the {bytesMax} bytes that a session is allowed.");
    }

    /// <summary>Room for weights, which are written before <see cref="End"/> and never after it.</summary>
    public Weights Begin(long bytes)
    {
        bytes = Align(bytes);
        if (weights is null || bytes < SharedBytesMin) return new Weights(Take(bytes), null);
        Count(bytes);
        var block = new WeightBlock(bytes);
        return new Weights(block.Start, block);
    }

    /// <summary>Where the weights lie from now on.</summary>
    public nint End(Weights filled)
    {
        if (filled.Block is null) return filled.Start;
        WeightBlock block = weights!.Intern(filled.Block);
        _kept.Add(block);
        BytesShared += block.Bytes;
        return block.Start;
    }

    public float* Copy(ReadOnlySpan<float> values)
    {
        Weights to = Begin(BytesFor(values.Length, ElementType.Float32));
        values.CopyTo(new Span<float>((void*)to.Start, values.Length));
        return (float*)End(to);
    }

    public nint Copy(TensorData data)
    {
        Weights to = Begin(BytesFor(data.Count, data.Type));
        data.Bytes.CopyTo(new Span<byte>((void*)to.Start, data.Bytes.Length));
        return End(to);
    }

    /// <summary>Room that was taken for weights.</summary>
    internal readonly record struct Weights(nint Start, WeightBlock? Block);

    private static long Align(long value) => (value + Alignment - 1) & -Alignment;
}
