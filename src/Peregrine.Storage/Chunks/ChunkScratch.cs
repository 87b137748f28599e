namespace Peregrine.Storage.Chunks;

/// <summary>Columns while they are being made or read; shared by all chunks of a thread.</summary>
internal sealed class ChunkScratch
{
    private long[] _first = [];
    private long[] _second = [];
    private long[] _third = [];

    /// <summary>Room for full chunks from now on.</summary>
    internal ChunkScratch MadeForFullChunks()
    {
        First(ChunkBuffer.WordsFull / 2);
        Second(ChunkBuffer.WordsFull / 2);
        Third(ChunkBuffer.WordsFull / 2);
        return this;
    }

    internal Span<long> First(int count) => Take(ref _first, count);
    internal Span<long> Second(int count) => Take(ref _second, count);
    internal Span<long> Third(int count) => Take(ref _third, count);

    private static Span<long> Take(ref long[] memory, int count)
    {
        if (memory.Length < count) memory = new long[Math.Max(count, memory.Length * 2)];
        return memory.AsSpan(0, count);
    }
}
