using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>Memory that stays where it is for as long as this object lives; handed out in pieces, never given back.</summary>
internal sealed unsafe class PinnedMemory
{
    private const int ChunkBytes = 1 << 16;
    private const int Alignment = 32;

    private readonly List<byte[]> _chunks = [];
    private byte* _next;
    private long _left;

    public T* Take<T>(int count) where T : unmanaged
    {
        long bytes = (((long)count * sizeof(T)) + Alignment - 1) & -Alignment;
        if (bytes > _left)
        {
            byte[] chunk = GC.AllocateArray<byte>((int)Math.Max(ChunkBytes, bytes) + Alignment, pinned: true);
            _chunks.Add(chunk);
            byte* start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(chunk));
            _next = (byte*)(((nint)start + Alignment - 1) & -Alignment);
            _left = Math.Max(ChunkBytes, bytes);
        }
        T* taken = (T*)_next;
        _next += bytes;
        _left -= bytes;
        return taken;
    }
}
