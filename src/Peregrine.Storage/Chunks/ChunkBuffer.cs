using Peregrine.Common.Events;

namespace Peregrine.Storage.Chunks;

/// <summary>Collects the events of one symbol and kind until they are written together.</summary>
internal sealed class ChunkBuffer(EventKind kind)
{
    /// <summary>A chunk is full at so many events; more gain little and cost memory.</summary>
    internal const int EventsFull = 1_024;

    /// <summary>A chunk is full at so many payload words (a quarter of a megabyte), unless one event alone has more.</summary>
    internal const int WordsFull = 32_768;

    private MarketEvent[] _events = new MarketEvent[16];
    private long[] _sequences = new long[16];
    private long[] _words = [];
    private int _wordCount;

    internal EventKind Kind { get; private set; } = kind;
    internal int Count { get; private set; }
    internal long FirstSequence => _sequences[0];
    internal long LastSequence => _sequences[Count - 1];
    internal long FirstTimeNanos { get; private set; } = long.MaxValue;
    internal long LastTimeNanos { get; private set; } = long.MinValue;
    internal ReadOnlySpan<MarketEvent> Events => _events.AsSpan(0, Count);
    internal ReadOnlySpan<long> Sequences => _sequences.AsSpan(0, Count);
    internal ReadOnlySpan<long> Words => _words.AsSpan(0, _wordCount);

    /// <summary>Whether a chunk can hold the event exactly.</summary>
    internal static bool Holds(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Kind == EventKind.BookTicker) return !entry.HasPayload;
        if (payload.Length != (entry.HasPayload ? entry.PayloadWords : 0) || payload.Length % Level.Words != 0 || payload.Length > ChunkFormat.WordsMax) return false;
        // Without a payload its place in the slot is nobody's, but the count of levels must still be true.
        return entry.Depth.PayloadWords == payload.Length && entry.Depth.BidCount >= 0 && entry.Depth.BidCount <= payload.Length / Level.Words;
    }

    /// <summary>Whether the event must wait for the next chunk.</summary>
    internal bool IsFullFor(int words) => Count == EventsFull || (Count > 0 && _wordCount + words > WordsFull);

    internal void Add(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        MakeRoom(1, payload.Length);
        Widen(entry.ReceiveTimeNanos);
        _events[Count] = entry;
        _sequences[Count++] = sequence;
        payload.CopyTo(_words.AsSpan(_wordCount));
        _wordCount += payload.Length;
    }

    /// <summary>Whether so many events with so many words still fit.</summary>
    internal bool HasRoomFor(int events, int words) => Count + events <= EventsFull && (Count == 0 || _wordCount + words <= WordsFull);

    /// <summary>Adds events of the same symbol that come after those that are here.</summary>
    internal void Append(ReadOnlySpan<MarketEvent> events, ReadOnlySpan<long> sequences, ReadOnlySpan<long> words)
    {
        MakeRoom(events.Length, words.Length);
        foreach (ref readonly MarketEvent entry in events) Widen(entry.ReceiveTimeNanos);
        events.CopyTo(_events.AsSpan(Count));
        sequences.CopyTo(_sequences.AsSpan(Count));
        words.CopyTo(_words.AsSpan(_wordCount));
        Count += events.Length;
        _wordCount += words.Length;
    }

    /// <summary>Empties the buffer for events of another kind; with room for full chunks from now on.</summary>
    internal void Reuse(EventKind other)
    {
        Clear();
        Kind = other;
        MakeRoom(EventsFull, WordsFull);
    }

    internal void Clear()
    {
        Count = _wordCount = 0;
        FirstTimeNanos = long.MaxValue;
        LastTimeNanos = long.MinValue;
    }

    private void Widen(long receiveTimeNanos)
    {
        FirstTimeNanos = Math.Min(FirstTimeNanos, receiveTimeNanos);
        LastTimeNanos = Math.Max(LastTimeNanos, receiveTimeNanos);
    }

    private void MakeRoom(int events, int words)
    {
        if (Count + events > _events.Length)
        {
            int size = Math.Max(Count + events, _events.Length * 2);
            Array.Resize(ref _events, size);
            Array.Resize(ref _sequences, size);
        }
        if (_wordCount + words > _words.Length) Array.Resize(ref _words, Math.Max(_wordCount + words, _words.Length * 2));
    }

    /// <summary>Writes the chunk's blob.</summary>
    internal void Encode(ChunkWriter writer, ChunkScratch scratch)
    {
        ReadOnlySpan<MarketEvent> events = _events.AsSpan(0, Count);
        Span<long> column = scratch.First(Count);
        writer.Clear();
        writer.Unsigned((ulong)Count);
        writer.DeltaColumn(_sequences.AsSpan(0, Count));
        for (int i = 0; i < events.Length; i++) column[i] = (long)events[i].Flags;
        writer.PlainColumn(column);
        Span<long> lags = scratch.Second(Count);
        for (int i = 0; i < events.Length; i++) lags[i] = events[i].TransactionLagMicros;
        for (int i = 0; i < events.Length; i++) column[i] = events[i].ExchangeTimeMicros;
        // The wire mostly has whole milliseconds.
        ulong divisor = ExactDivider.CommonDivisor(lags, ExactDivider.CommonDivisor(column));
        ExactDivider.Divide(lags, divisor);
        ExactDivider.Divide(column, divisor);
        writer.Unsigned(divisor);
        writer.PlainColumn(lags);
        writer.DeltaColumn(column);
        for (int i = 0; i < events.Length; i++) column[i] = events[i].ReceiveTimeNanos;
        writer.DeltaColumn(column);
        if (Kind == EventKind.BookTicker) EncodeTickers(events, writer, scratch);
        else EncodeDepth(events, writer, scratch);
        writer.Checksum();
    }

    private static void EncodeTickers(ReadOnlySpan<MarketEvent> events, ChunkWriter writer, ChunkScratch scratch)
    {
        int count = events.Length;
        Span<long> ids = scratch.First(count);
        Span<long> prices = scratch.Second(count * 2); // Bids, then what the asks lie above them.
        Span<long> quantities = scratch.Third(count * 2);
        for (int i = 0; i < count; i++)
        {
            ref readonly BookTickerFields ticker = ref events[i].Ticker;
            ids[i] = ticker.UpdateId;
            prices[i] = ticker.BidPrice.Raw;
            prices[count + i] = ticker.AskPrice.Raw - ticker.BidPrice.Raw;
            quantities[i] = ticker.BidQuantity.Raw;
            quantities[count + i] = ticker.AskQuantity.Raw;
        }
        Divide(prices, writer);
        Divide(quantities, writer);
        writer.DeltaColumn(ids);
        writer.DeltaColumn(prices[..count]);
        writer.PlainColumn(prices[count..]);
        writer.DeltaColumn(quantities[..count]);
        writer.DeltaColumn(quantities[count..]);
    }

    private void EncodeDepth(ReadOnlySpan<MarketEvent> events, ChunkWriter writer, ChunkScratch scratch)
    {
        Span<long> values = scratch.First(events.Length);
        Span<long> relative = scratch.Second(events.Length);
        for (int i = 0; i < events.Length; i++) values[i] = events[i].Depth.BidCount;
        writer.PlainColumn(values);
        for (int i = 0; i < events.Length; i++) values[i] = events[i].Depth.AskCount;
        writer.PlainColumn(values);

        long final = 0;
        for (int i = 0; i < events.Length; i++)
        {
            values[i] = events[i].Depth.FirstUpdateId;
            relative[i] = values[i] - final;
            final = events[i].Depth.FinalUpdateId;
        }
        writer.RelativeColumn(values, relative);
        for (int i = 0; i < events.Length; i++)
        {
            values[i] = events[i].Depth.FinalUpdateId;
            relative[i] = values[i] - events[i].Depth.FirstUpdateId;
        }
        writer.RelativeColumn(values, relative);
        final = 0;
        for (int i = 0; i < events.Length; i++)
        {
            values[i] = events[i].Depth.PreviousFinalUpdateId;
            relative[i] = values[i] - final;
            final = events[i].Depth.FinalUpdateId;
        }
        writer.RelativeColumn(values, relative);

        int levels = _wordCount / Level.Words;
        Span<long> prices = scratch.First(levels);
        Span<long> quantities = scratch.Second(levels);
        for (int i = 0; i < levels; i++)
        {
            prices[i] = _words[2 * i];
            quantities[i] = _words[(2 * i) + 1];
        }
        Divide(prices, writer);
        Divide(quantities, writer);
        ToDifferences(events, prices);
        writer.Unsigned(prices);
        if (ChunkFormat.HasSteadyPlaces(Kind))
        {
            ToPlaceDifferences(events, quantities, scratch.Third(levels));
            writer.Signed(quantities);
        }
        else
        {
            writer.Unsigned(quantities);
        }
    }

    private static void Divide(Span<long> values, ChunkWriter writer)
    {
        ulong divisor = ExactDivider.CommonDivisor(values);
        ExactDivider.Divide(values, divisor);
        writer.Unsigned(divisor);
    }

    private static void ToDifferences(ReadOnlySpan<MarketEvent> events, Span<long> prices)
    {
        long bidBefore = 0;
        long askBefore = 0;
        int at = 0;
        for (int i = 0; i < events.Length; i++)
        {
            ToDifferences(prices.Slice(at, events[i].Depth.BidCount), ref bidBefore, downwards: true);
            at += events[i].Depth.BidCount;
            ToDifferences(prices.Slice(at, events[i].Depth.AskCount), ref askBefore, downwards: false);
            at += events[i].Depth.AskCount;
        }
    }

    private static void ToDifferences(Span<long> side, ref long firstBefore, bool downwards)
    {
        if (side.Length == 0) return;
        long before = side[0];
        side[0] = (long)ChunkWriter.ZigZag(before - firstBefore);
        firstBefore = before;
        foreach (ref long price in side[1..])
        {
            long value = price;
            price = downwards ? before - value : value - before;
            before = value;
        }
    }

    private static void ToPlaceDifferences(ReadOnlySpan<MarketEvent> events, Span<long> quantities, Span<long> copy)
    {
        quantities.CopyTo(copy);
        int at = events[0].Depth.BidCount + events[0].Depth.AskCount;
        int before = 0;
        for (int i = 1; i < events.Length; i++)
        {
            int bids = events[i].Depth.BidCount;
            int asks = events[i].Depth.AskCount;
            int bidsBefore = events[i - 1].Depth.BidCount;
            int asksBefore = events[i - 1].Depth.AskCount;
            for (int k = Math.Min(bids, bidsBefore) - 1; k >= 0; k--) quantities[at + k] -= copy[before + k];
            for (int k = Math.Min(asks, asksBefore) - 1; k >= 0; k--) quantities[at + bids + k] -= copy[before + bidsBefore + k];
            before = at;
            at += bids + asks;
        }
    }
}
