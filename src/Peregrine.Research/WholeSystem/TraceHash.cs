using System.Globalization;
using System.Runtime.InteropServices;

using Peregrine.Common.Events;

namespace Peregrine.Research.WholeSystem;

/// <summary>A running hash of what happened, 64 bits of FNV-1a over eight bytes at a time: to tell two runs apart, not to withstand anybody.</summary>
internal sealed class TraceHash
{
    private const ulong Prime = 1_099_511_628_211;
    private ulong _value = 14_695_981_039_346_656_037;

    public string Text => _value.ToString("x16", CultureInfo.InvariantCulture);

    public void Add(ulong word) => _value = (_value ^ word) * Prime ^ (_value >> 29);

    public void Add(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words) Add(word);
        foreach (byte rest in bytes[(words.Length * sizeof(ulong))..]) Add(rest);
        Add((ulong)bytes.Length);
    }

    public void Add(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        Add((ulong)sequence);
        Add((ulong)entry.Kind);
        Add((ulong)entry.Symbol.Value);
        Add((ulong)entry.ReceiveTimeNanos);
        Add((ulong)entry.ExchangeTimeMicros);
        if (payload.Length > 0) Add(MemoryMarshal.AsBytes(payload));
        else
        {
            Add((ulong)entry.Plain.A);
            Add((ulong)entry.Plain.B);
            Add((ulong)entry.Plain.C);
        }
    }
}
