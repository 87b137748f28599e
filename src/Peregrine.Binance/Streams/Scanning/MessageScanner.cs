using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>
/// Reads messages that look exactly as their stream's messages always do, at a fraction of what finding out would cost. Whatever it does not accept, the
/// general decoder reads; whatever it accepts is what the general decoder would say.
/// </summary>
internal sealed unsafe class MessageScanner
{
    /// <summary>Messages that the careful scanner takes at once after one that only it could read.</summary>
    private const byte CarefulMessages = 32;

    /// <summary>Closing brackets that are indexed; a message with more is read by the general decoder.</summary>
    private const int ClosingMax = 20_000;

    /// <summary>No message with an envelope is shorter, and the name is looked for in as many bytes and those behind the message.</summary>
    private const int BytesMin = 40;

    private readonly PinnedMemory _memory = new();
    private readonly StreamSlot* _slots;
    private readonly int _shift;
    private readonly ulong _mask;
    private readonly bool _vectors;
    private readonly DepthScan<VectorScan> _depth;
    private readonly DepthScan<ScalarScan> _carefulDepth;

    /// <param name="vectors">Whether to use them where the processor has them.</param>
    public MessageScanner(Market market, StreamTable streams, bool vectors = true)
    {
        _vectors = vectors && VectorScan.IsSupported;
        int bits = 6;
        while ((1 << bits) < 4 * streams.Streams.Count) bits++;
        _shift = 64 - bits;
        _mask = (1UL << bits) - 1;
        _slots = _memory.Take<StreamSlot>(1 << bits);
        LayoutBuilder builder = new(_memory);
        byte[] scratch = GC.AllocateArray<byte>(3 * Vector256<byte>.Count, pinned: true);
        foreach (StreamInfo stream in streams.Streams)
        {
            string symbol = stream.Name[..Math.Max(0, stream.Name.IndexOf('@', StringComparison.Ordinal))].ToUpperInvariant();
            if (stream.Symbol.IsNone || streams.FindSymbol(System.Text.Encoding.UTF8.GetBytes(symbol)) != stream.Symbol) continue;
            StreamSlot made = default;
            if (!builder.TryBuild(market, stream, symbol, &made)) continue;
            MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref made, 1))[..scratch.Length].CopyTo(scratch);
            if (_vectors)
                for (int i = 0; i < made.LayoutCount; i++) made.Layouts[i].Template = TemplateBuilder.Make(_memory, made.Layouts + i, made.Program);
            made.Hash = Hash((byte*)Unsafe.AsPointer(ref scratch[0]));
            ulong at = made.Hash >> _shift;
            while (_slots[at].PrefixBytes != 0) at = (at + 1) & _mask;
            _slots[at] = made;
        }
        int* closing = _memory.Take<int>(ClosingMax);
        _depth = new DepthScan<VectorScan>(closing, ClosingMax);
        _carefulDepth = new DepthScan<ScalarScan>(closing, ClosingMax);
    }

    /// <summary>Reads the message into the ring's claimed slot. False: nothing is known about it, and the slot means nothing.</summary>
    /// <param name="message">Lies in pinned memory with readable bytes around it, as <see cref="StreamDecoder.DecodeInPlace"/> says.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryScan(ReadOnlySpan<byte> message, EventRing ring, long receiveNanos, out EventKind kind)
    {
        byte* at = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(message));
        StreamSlot* slot = message.Length < BytesMin ? null : Find(at);
        if (slot == null)
        {
            kind = EventKind.None;
            return false;
        }
        StreamLayout* layout = slot->Current;
        kind = (EventKind)layout->Header;
        if (message.Length >= layout->BytesMin && layout->Template != null && layout->Template->IsReady && TemplateScan.TryRun(slot->Program, layout, at, message.Length, ring, receiveNanos)) return true;
        return TryValues(slot, at, message.Length, ring, receiveNanos);
    }

    /// <summary>Looks for each value in its turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryValues(StreamSlot* slot, byte* at, int length, EventRing ring, long receiveNanos)
    {
        if (!IsOf(slot, at)) return false;
        StreamLayout* layout = slot->Current;
        if (length < layout->BytesMin || slot->Careful > 0 || !TryRun(slot->Program, layout, at, length, ring, receiveNanos)) return TryOtherwise(slot, at, length, ring, receiveNanos);
        if (layout->Template != null) TemplateBuilder.Learn(layout->Template, layout, (byte*)&slot->Text0);
        return true;
    }

    /// <summary>Measures the message anew, shape by shape, and tries again; the careful scanner at once where it was the only one lately.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryOtherwise(StreamSlot* slot, byte* at, int length, EventRing ring, long receiveNanos)
    {
        if (slot->Careful > 0)
        {
            slot->Careful--;
            if (length >= slot->Current->BytesMin && TryRunCarefully(slot->Program, slot->Current, at, length, ring, receiveNanos)) return true;
        }
        int first = (int)(slot->Current - slot->Layouts);
        for (int i = 0; i < slot->LayoutCount; i++)
        {
            StreamLayout* layout = slot->Layouts + ((i + first) % slot->LayoutCount);
            if (!LayoutMeasure.TryLearn(layout, new ReadOnlySpan<byte>(at, length))) continue;
            slot->Current = layout;
            if (TryRun(slot->Program, layout, at, length, ring, receiveNanos)) return true;
            if (!_vectors || !TryRunCarefully(slot->Program, layout, at, length, ring, receiveNanos)) return false;
            slot->Careful = CarefulMessages;
            return true;
        }
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryRun(ScanProgram program, StreamLayout* layout, byte* at, int length, EventRing ring, long receiveNanos) =>
        _vectors ? Run<VectorScan>(_depth, program, layout, at, length, ring, receiveNanos) : TryRunCarefully(program, layout, at, length, ring, receiveNanos);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryRunCarefully(ScanProgram program, StreamLayout* layout, byte* at, int length, EventRing ring, long receiveNanos) =>
        Run<ScalarScan>(_carefulDepth, program, layout, at, length, ring, receiveNanos);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Run<TScan>(DepthScan<TScan> depth, ScanProgram program, StreamLayout* layout, byte* at, int length, EventRing ring, long receiveNanos)
        where TScan : struct, IFieldScan => program switch
        {
            ScanProgram.AggTrade => TradeScan<TScan>.TryAggregate(layout, at, length, ring, receiveNanos),
            ScanProgram.Trade => TradeScan<TScan>.TryTrade(layout, at, length, ring, receiveNanos),
            ScanProgram.FuturesTrade => TradeScan<TScan>.TryFuturesTrade(layout, at, length, ring, receiveNanos),
            ScanProgram.Ticker => TickerScan<TScan>.TryTicker(layout, at, length, ring, receiveNanos),
            ScanProgram.Diff => depth.TryDiff(layout, at, length, ring, receiveNanos),
            ScanProgram.PartialBook => depth.TryPartialBook(layout, at, length, ring, receiveNanos),
            ScanProgram.Candle => CandleScan<TScan>.TryCandle(layout, at, length, ring, receiveNanos),
            ScanProgram.MarkPrice => DerivativeScan<TScan>.TryMarkPrice(layout, at, length, ring, receiveNanos),
            ScanProgram.ForcedOrder => DerivativeScan<TScan>.TryForcedOrder(layout, at, length, ring, receiveNanos),
            _ => false,
        };

    /// <summary>The stream whose name has this hash, which its message may yet turn out not to be of.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private StreamSlot* Find(byte* at)
    {
        ulong hash = Hash(at), place = hash >> _shift;
        while (true)
        {
            StreamSlot* slot = _slots + place;
            if (slot->Hash == hash) return slot;
            if (slot->Hash == 0) return null;
            place = (place + 1) & _mask;
        }
    }

    /// <summary>Whether the message begins as the stream's do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsOf(StreamSlot* slot, byte* at)
    {
        // The mask of so many bytes is 96 long, which is longer than the table's: the first 32 bytes are always compared.
        byte* mask = ScanTables.Leading - slot->PrefixBytes + 32;
        Vector256<byte> differs = (Vector256.Load(at) ^ slot->Text0)
            | ((Vector256.Load(at + 32) ^ slot->Text1) & Vector256.Load(mask)) | ((Vector256.Load(at + 64) ^ slot->Text2) & Vector256.Load(mask + 32));
        return differs == Vector256<byte>.Zero;
    }

    /// <summary>Of the 24 bytes behind {"stream":", where names differ; never 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Hash(byte* at) =>
        ((FieldScan.Load(at + 11) * 0x9E37_79B9_7F4A_7C15) ^ (FieldScan.Load(at + 19) * 0xC2B2_AE3D_27D4_EB4F) ^ (FieldScan.Load(at + 27) * 0x1656_67B1_9E37_79F9)) | 1;
}
