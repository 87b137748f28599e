using System.Runtime.InteropServices;
using System.Security.Cryptography;

using Peregrine.Common.Events;

namespace Peregrine.Research.Replay;

/// <summary>
/// Everything that a core said, as bytes: two runs decided the same exactly when their logs are the same. Where an output lay in a ring is left out;
/// what it says is all in.
/// </summary>
public sealed class DecisionLog : IEventWriter, IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
#pragma warning disable CA2213 // It belongs to whoever passed it in.
    private readonly Stream? _copy;
#pragma warning restore CA2213
    private byte[] _record = new byte[512];

    /// <param name="copy">Also takes the bytes, if given.</param>
    public DecisionLog(Stream? copy = null) => _copy = copy;

    public long Count { get; private set; }

    /// <summary>SHA-256 of all bytes so far, in hex.</summary>
    public string Hash => Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <inheritdoc/>
    public long Append(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        int length = Encode(in entry, payload, ref _record);
        _hash.AppendData(_record, 0, length);
        _copy?.Write(_record, 0, length);
        return ++Count;
    }

    /// <summary>One output as bytes; grows the buffer when it must and returns the length.</summary>
    public static int Encode(in MarketEvent entry, ReadOnlySpan<long> payload, ref byte[] buffer)
    {
        MarketEvent plain = entry;
        plain.Flags &= ~EventFlags.HasPayload;
        if (!payload.IsEmpty)
        {
            plain.PayloadPosition = 0;
            plain.PayloadWords = payload.Length;
        }
        int length = MarketEvent.SizeBytes + (payload.Length * sizeof(long));
        if (buffer.Length < length) buffer = new byte[length];
        MemoryMarshal.Write(buffer, in plain);
        MemoryMarshal.AsBytes(payload).CopyTo(buffer.AsSpan(MarketEvent.SizeBytes));
        return length;
    }

    public void Dispose() => _hash.Dispose();
}
