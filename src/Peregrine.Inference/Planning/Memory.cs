using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;

namespace Peregrine.Inference.Planning;

/// <summary>Pinned, 64-byte aligned memory of one session, handed out in order and never given back. The total is bounded.</summary>
internal sealed unsafe class Memory(long bytesMax)
{
    private const int Alignment = 64;
    private const int ChunkBytesMin = 64 << 10;

    private readonly List<byte[]> _chunks = [];
    private byte* _next;
    private long _left;

    public long BytesUsed { get; private set; }

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

    public float* Copy(ReadOnlySpan<float> values)
    {
        var to = (float*)Take(BytesFor(values.Length, ElementType.Float32));
        values.CopyTo(new Span<float>(to, values.Length));
        return to;
    }

    public nint Copy(TensorData data)
    {
        nint to = Take(BytesFor(data.Count, data.Type));
        data.Bytes.CopyTo(new Span<byte>((void*)to, data.Bytes.Length));
        return to;
    }

    private static long Align(long value) => (value + Alignment - 1) & -Alignment;
}
