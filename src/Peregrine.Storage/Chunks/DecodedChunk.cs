using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Storage.Chunks;

/// <summary>The events of a chunk, back in full; reused from chunk to chunk.</summary>
internal sealed class DecodedChunk
{
    private MarketEvent[] _events = [];
    private long[] _sequences = [];
    private int[] _wordsFrom = [];
    private long[] _words = [];

    internal int Count { get; private set; }

    internal ReadOnlySpan<long> Sequences => _sequences.AsSpan(0, Count);

    internal ref readonly MarketEvent this[int index] => ref _events[index];

    internal ReadOnlySpan<long> PayloadOf(int index) =>
        _events[index].HasPayload ? _words.AsSpan(_wordsFrom[index], _events[index].PayloadWords) : default;

    /// <summary>Reads a blob. All its events get the given symbol.</summary>
    /// <exception cref="StorageException">It is not what <see cref="ChunkBuffer"/> writes.</exception>
    internal void Decode(ReadOnlySpan<byte> blob, EventKind kind, SymbolId symbol, ChunkScratch scratch)
    {
        Count = 0;
        if (!ChunkFormat.Keeps(kind)) throw ChunkReader.Damaged($"has kind {(int)kind}");
        ChunkReader reader = new(blob);
        ulong claimed = reader.Unsigned();
        if (claimed is 0 or > ChunkFormat.EventsMax) throw ChunkReader.Damaged($"claims {claimed} events");
        int count = (int)claimed;
        if (_events.Length < count)
        {
            int size = Math.Max(count, Math.Min(_events.Length * 2, ChunkFormat.EventsMax));
            _events = new MarketEvent[size];
            _sequences = new long[size];
            _wordsFrom = new int[size];
        }
        Span<MarketEvent> events = _events.AsSpan(0, count);
        events.Clear();
        Span<long> sequences = _sequences.AsSpan(0, count);
        reader.Column(sequences);
        for (int i = 1; i < count; i++)
            if (sequences[i] <= sequences[i - 1]) throw ChunkReader.Damaged("has sequences that do not ascend");

        Span<long> column = scratch.First(count);
        reader.Column(column);
        for (int i = 0; i < count; i++)
        {
            if ((ulong)column[i] > byte.MaxValue) throw ChunkReader.Damaged("has flags beyond 8 bits");
            events[i].Kind = kind;
            events[i].Symbol = symbol;
            events[i].Flags = (EventFlags)column[i];
        }
        long timeUnit = Unit(ref reader);
        reader.Column(column);
        for (int i = 0; i < count; i++)
        {
            long lag = column[i] * timeUnit;
            if (lag != (int)lag) throw ChunkReader.Damaged("has a lag beyond 32 bits");
            events[i].TransactionLagMicros = (int)lag;
        }
        reader.Column(column);
        for (int i = 0; i < count; i++) events[i].ExchangeTimeMicros = column[i] * timeUnit;
        reader.Column(column);
        for (int i = 0; i < count; i++) events[i].ReceiveTimeNanos = column[i];
        if (kind == EventKind.BookTicker) DecodeTickers(ref reader, events, scratch);
        else DecodeDepth(ref reader, events, kind, scratch);
        if (reader.Remaining != 0) throw ChunkReader.Damaged($"has {reader.Remaining} bytes too many");
        Count = count;
    }

    private static void DecodeTickers(ref ChunkReader reader, Span<MarketEvent> events, ChunkScratch scratch)
    {
        long priceUnit = Unit(ref reader);
        long quantityUnit = Unit(ref reader);
        Span<long> column = scratch.First(events.Length);
        foreach (ref MarketEvent entry in events)
            if (entry.HasPayload) throw ChunkReader.Damaged("has a ticker with a payload");
        reader.Column(column);
        for (int i = 0; i < column.Length; i++) events[i].Ticker.UpdateId = column[i];
        reader.Column(column);
        for (int i = 0; i < column.Length; i++) events[i].Ticker.BidPrice = new Price(column[i] * priceUnit);
        reader.Column(column);
        for (int i = 0; i < column.Length; i++) events[i].Ticker.AskPrice = new Price(events[i].Ticker.BidPrice.Raw + (column[i] * priceUnit));
        reader.Column(column);
        for (int i = 0; i < column.Length; i++) events[i].Ticker.BidQuantity = new Quantity(column[i] * quantityUnit);
        reader.Column(column);
        for (int i = 0; i < column.Length; i++) events[i].Ticker.AskQuantity = new Quantity(column[i] * quantityUnit);
    }

    private void DecodeDepth(ref ChunkReader reader, Span<MarketEvent> events, EventKind kind, ChunkScratch scratch)
    {
        int levels = DecodeCounts(ref reader, events, scratch);
        DecodeUpdateIds(ref reader, events, scratch);
        long priceUnit = Unit(ref reader);
        long quantityUnit = Unit(ref reader);
        if (levels > reader.Remaining / 2) throw ChunkReader.Damaged($"claims {levels} levels in {reader.Remaining} bytes"); // Before memory is taken for them.
        Span<long> prices = scratch.First(levels);
        Span<long> quantities = scratch.Second(levels);
        reader.Unsigned(prices);
        FromDifferences(events, prices);
        if (ChunkFormat.HasSteadyPlaces(kind))
        {
            reader.Signed(quantities);
            FromPlaceDifferences(events, quantities);
        }
        else
        {
            reader.Unsigned(quantities);
        }
        if (_words.Length < levels * Level.Words) _words = new long[Math.Max(levels * Level.Words, _words.Length * 2)];
        for (int i = 0; i < levels; i++)
        {
            _words[2 * i] = prices[i] * priceUnit;
            _words[(2 * i) + 1] = quantities[i] * quantityUnit;
        }
    }

    private int DecodeCounts(ref ChunkReader reader, Span<MarketEvent> events, ChunkScratch scratch)
    {
        Span<long> bids = scratch.First(events.Length);
        Span<long> asks = scratch.Second(events.Length);
        reader.Column(bids);
        reader.Column(asks);
        int words = 0;
        for (int i = 0; i < events.Length; i++)
        {
            const ulong SideMax = ChunkFormat.WordsMax / Level.Words;
            if ((ulong)bids[i] > SideMax || (ulong)asks[i] > SideMax) throw ChunkReader.Damaged("has an impossible number of levels");
            int own = (int)(bids[i] + asks[i]) * Level.Words;
            if (own > 0 && !events[i].HasPayload) throw ChunkReader.Damaged("has levels without a payload");
            events[i].Depth.BidCount = (int)bids[i];
            events[i].Depth.PayloadWords = own;
            _wordsFrom[i] = words;
            words += own;
            if (words > 2 * ChunkFormat.WordsMax) throw ChunkReader.Damaged("has too many levels");
        }
        return words / Level.Words;
    }

    private static void DecodeUpdateIds(ref ChunkReader reader, Span<MarketEvent> events, ChunkScratch scratch)
    {
        Span<long> first = scratch.First(events.Length);
        Span<long> final = scratch.Second(events.Length);
        Span<long> previous = scratch.Third(events.Length);
        bool firstIsPlain = reader.RelativeColumn(first);
        bool finalIsPlain = reader.RelativeColumn(final);
        bool previousIsPlain = reader.RelativeColumn(previous);
        long before = 0;
        for (int i = 0; i < events.Length; i++)
        {
            ref DepthFields depth = ref events[i].Depth;
            depth.FirstUpdateId = firstIsPlain ? first[i] : first[i] + before;
            depth.FinalUpdateId = finalIsPlain ? final[i] : final[i] + depth.FirstUpdateId;
            depth.PreviousFinalUpdateId = previousIsPlain ? previous[i] : previous[i] + before;
            before = depth.FinalUpdateId;
        }
    }

    private static long Unit(ref ChunkReader reader) => reader.Unsigned() is > 0 and var unit ? (long)unit : throw ChunkReader.Damaged("divides by zero");

    private static void FromDifferences(ReadOnlySpan<MarketEvent> events, Span<long> prices)
    {
        long bidBefore = 0;
        long askBefore = 0;
        int at = 0;
        for (int i = 0; i < events.Length; i++)
        {
            FromDifferences(prices.Slice(at, events[i].Depth.BidCount), ref bidBefore, downwards: true);
            at += events[i].Depth.BidCount;
            FromDifferences(prices.Slice(at, events[i].Depth.AskCount), ref askBefore, downwards: false);
            at += events[i].Depth.AskCount;
        }
    }

    private static void FromDifferences(Span<long> side, ref long firstBefore, bool downwards)
    {
        if (side.Length == 0) return;
        long value = firstBefore += ChunkReader.UnZigZag((ulong)side[0]);
        side[0] = value;
        foreach (ref long price in side[1..]) price = value = downwards ? value - price : value + price;
    }

    private static void FromPlaceDifferences(ReadOnlySpan<MarketEvent> events, Span<long> quantities)
    {
        int at = events[0].Depth.BidCount + events[0].Depth.AskCount;
        int before = 0;
        for (int i = 1; i < events.Length; i++)
        {
            int bids = events[i].Depth.BidCount;
            int asks = events[i].Depth.AskCount;
            int bidsBefore = events[i - 1].Depth.BidCount;
            int asksBefore = events[i - 1].Depth.AskCount;
            for (int k = Math.Min(bids, bidsBefore) - 1; k >= 0; k--) quantities[at + k] += quantities[before + k];
            for (int k = Math.Min(asks, asksBefore) - 1; k >= 0; k--) quantities[at + bids + k] += quantities[before + bidsBefore + k];
            before = at;
            at += bids + asks;
        }
    }
}
