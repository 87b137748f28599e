using System.Runtime.InteropServices;

using Peregrine.Binance.Wire;

namespace Peregrine.Binance.Tests;

/// <summary>
/// Memory between two pages that may not be touched. A message lies against one of them with exactly the slack that it is promised: whoever reads further
/// ends the process.
/// </summary>
internal sealed unsafe partial class SomeGuardedMemory : IDisposable
{
    private const int PageBytes = 4096;
    private const int ReadAndWrite = 3;
    private const int PrivateAndAnonymous = 0x22;

    private readonly byte* _memory;
    private readonly int _bytes;

    public SomeGuardedMemory(int bytes)
    {
        _bytes = (bytes + PageBytes - 1) / PageBytes * PageBytes;
        nint memory = Map(0, (nuint)(_bytes + (2 * PageBytes)), ReadAndWrite, PrivateAndAnonymous, -1, 0);
        if (memory == -1) throw new InvalidOperationException("There is no memory.");
        _memory = (byte*)memory + PageBytes;
        if (Protect((nint)(_memory - PageBytes), PageBytes, 0) != 0 || Protect((nint)(_memory + _bytes), PageBytes, 0) != 0) throw new InvalidOperationException("No page can be guarded.");
    }

    /// <summary>The message with garbage around it, against the end of the memory or its beginning.</summary>
    public ReadOnlySpan<byte> Place(ReadOnlySpan<byte> message, Random random, bool atEnd)
    {
        byte* at = atEnd ? _memory + _bytes - WireLine.SlackAfter - message.Length : _memory + WireLine.SlackBefore;
        Span<byte> before = new(at - WireLine.SlackBefore, WireLine.SlackBefore);
        Span<byte> after = new(at + message.Length, WireLine.SlackAfter);
        switch (random.Next(3))
        {
            case 0: // What would be there if the message had not been cut.
                after.Fill((byte)"0123456789\"]},"[random.Next(14)]);
                break;
            case 1:
                random.NextBytes(before);
                random.NextBytes(after);
                break;
            default:
                message[..Math.Min(after.Length, message.Length)].CopyTo(after);
                break;
        }
        Span<byte> placed = new(at, message.Length);
        message.CopyTo(placed);
        return placed;
    }

    public void Dispose() => _ = Unmap((nint)(_memory - PageBytes), (nuint)(_bytes + (2 * PageBytes)));

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
