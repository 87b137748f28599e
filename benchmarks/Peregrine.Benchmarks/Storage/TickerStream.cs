using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Storage;

/// <summary>Best bids and asks of one symbol as a busy market shows them: the same seed gives the same stream.</summary>
internal sealed class TickerStream(int seed)
{
    private readonly Random _random = new(seed);
    private long _nanos = 1_795_000_000_000_000_000; // In November 2026.
    private long _updateId = 52_000_000_000;
    private long _bid = 6_432_110_000_000;
    private long _bidQuantity = 120_000_000;
    private long _askQuantity = 95_000_000;

    /// <summary>A tick is 0.01, a lot 0.00001.</summary>
    internal MarketEvent Next(ushort symbol = 1)
    {
        _nanos += _random.Next(20_000, 400_000);
        _updateId += _random.Next(1, 12);
        if (_random.Next(6) == 0) _bid += (_random.Next(7) - 3) * 1_000_000L;
        if (_random.Next(2) == 0) _bidQuantity = _random.Next(1, 400_000) * 1_000L;
        else _askQuantity = _random.Next(1, 400_000) * 1_000L;
        return new MarketEvent
        {
            Kind = EventKind.BookTicker,
            Symbol = new SymbolId(symbol),
            ExchangeTimeMicros = 0, // The spot market's has none.
            ReceiveTimeNanos = _nanos,
            Ticker = new BookTickerFields
            {
                UpdateId = _updateId,
                BidPrice = new Price(_bid),
                BidQuantity = new Quantity(_bidQuantity),
                AskPrice = new Price(_bid + 1_000_000),
                AskQuantity = new Quantity(_askQuantity),
            },
        };
    }

    internal MarketEvent[] Take(int count)
    {
        MarketEvent[] events = new MarketEvent[count];
        for (int i = 0; i < count; i++) events[i] = Next();
        return events;
    }

    /// <summary>An event as a plain row of ten integers, as a recorder without chunks would store it.</summary>
    internal static void AsRow(long sequence, in MarketEvent entry, Span<long> row)
    {
        row[0] = sequence;
        row[1] = entry.Symbol.Value;
        row[2] = (long)entry.Flags;
        row[3] = entry.ExchangeTimeMicros;
        row[4] = entry.ReceiveTimeNanos;
        if (entry.Kind == EventKind.BookTicker)
        {
            row[5] = entry.Ticker.UpdateId;
            row[6] = entry.Ticker.BidPrice.Raw;
            row[7] = entry.Ticker.BidQuantity.Raw;
            row[8] = entry.Ticker.AskPrice.Raw;
            row[9] = entry.Ticker.AskQuantity.Raw;
        }
        else
        {
            row[5] = entry.Trade.Id;
            row[6] = entry.Trade.Price.Raw;
            row[7] = entry.Trade.Quantity.Raw;
            row[8] = entry.Trade.FirstTradeId;
            row[9] = entry.Trade.LastTradeId;
        }
    }

    internal static long[] AsRows(ReadOnlySpan<MarketEvent> events)
    {
        long[] rows = new long[events.Length * RowTables.Columns];
        for (int i = 0; i < events.Length; i++) AsRow(i + 1, in events[i], rows.AsSpan(i * RowTables.Columns, RowTables.Columns));
        return rows;
    }
}
