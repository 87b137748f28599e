using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using Peregrine.Common.Orders;

namespace Peregrine.App.Safety;

/// <summary>The day's start and the peak on disk, so that a restart gives no fresh allowance. Overwritten in place; a damaged file counts as none and is told of.</summary>
internal sealed class RiskFile(string folder)
{
    public const string Name = "risk.state";

    private readonly string _path = Path.Combine(folder, Name);
    private RiskMemory _written;
    private bool _isWritten;

    /// <summary>What is kept; null where nothing is, or nothing sound.</summary>
    public RiskMemory? Read(Action<string> log)
    {
        if (!File.Exists(_path)) return null;
        byte[] bytes = File.ReadAllBytes(_path);
        int size = Unsafe.SizeOf<RiskMemory>();
        if (bytes.Length >= size + sizeof(ulong) && BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(size)) == Checksum(bytes.AsSpan(0, size))) return MemoryMarshal.Read<RiskMemory>(bytes);
        log($"{_path} is damaged: today's loss and the drawdown are counted from here");
        return null;
    }

    /// <summary>Keeps what changed. A disk that refuses does not stop trading: what is lost is at most the allowance of a restart.</summary>
    public void Write(in RiskMemory memory)
    {
        RiskMemory copy = memory;
        if (memory.Day < 0 || (_isWritten && MemoryMarshal.AsBytes(new ReadOnlySpan<RiskMemory>(in copy)).SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<RiskMemory>(in _written))))) return;
        Span<byte> bytes = stackalloc byte[Unsafe.SizeOf<RiskMemory>() + sizeof(ulong)];
        MemoryMarshal.Write(bytes, in copy);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[Unsafe.SizeOf<RiskMemory>()..], Checksum(bytes[..Unsafe.SizeOf<RiskMemory>()]));
        try
        {
            using FileStream file = new(_path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
            file.Write(bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return; // It is tried again with the next change.
        }
        _written = memory;
        _isWritten = true;
    }

    private static ulong Checksum(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 14_695_981_039_346_656_037;
        foreach (byte one in bytes) hash = (hash ^ one) * 1_099_511_628_211;
        return hash;
    }
}
