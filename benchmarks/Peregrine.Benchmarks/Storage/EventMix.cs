using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Storage;

/// <summary>Events of 20 symbols in the mixture that a spot market has: 72 % book tickers, 20 % trades, 8 % diffs of 20 levels.</summary>
internal static class EventMix
{
    internal const int Symbols = 20;

    internal static RecordedSession Make(int count)
    {
        InstrumentTable instruments = new();
        for (int i = 0; i < Symbols; i++)
        {
            Instrument added = instruments.Add($"{(char)('A' + i)}{(char)('A' + i)}{(char)('A' + i)}USDT", Market.Spot);
            instruments.Add(added with { Rules = added.Rules with { TickSize = new Price(1_000_000), StepSize = new Quantity(1_000) } });
        }
        RecordedSession session = RecordedSession.Of(instruments);
        Random random = new(7);
        TickerStream stream = new(7);
        long[] levels = new long[40];
        for (int i = 0; i < count; i++)
        {
            MarketEvent entry = stream.Next((ushort)(1 + random.Next(Symbols)));
            BookTickerFields ticker = entry.Ticker;
            int dice = random.Next(100);
            if (dice < 72)
            {
                session.Add(entry, default);
                continue;
            }
            entry.ExchangeTimeMicros = entry.ReceiveTimeNanos / 1_000_000 * 1_000;
            if (dice < 92)
            {
                entry.Kind = EventKind.Trade;
                entry.Trade = new TradeFields { Id = ticker.UpdateId, Price = ticker.BidPrice, Quantity = ticker.BidQuantity, FirstTradeId = ticker.UpdateId, LastTradeId = ticker.UpdateId };
                session.Add(entry, default);
                continue;
            }
            for (int level = 0; level < levels.Length / 2; level++)
            {
                bool isBid = level < 10;
                levels[2 * level] = isBid ? ticker.BidPrice.Raw - (level * 3_000_000L) : ticker.AskPrice.Raw + ((level - 10) * 3_000_000L);
                levels[(2 * level) + 1] = random.Next(2) == 0 ? 0 : random.Next(1, 400_000) * 1_000L;
            }
            entry.Kind = EventKind.DepthDiff;
            entry.Flags = EventFlags.HasPayload;
            entry.Depth = new DepthFields { PayloadWords = levels.Length, BidCount = 10, FirstUpdateId = ticker.UpdateId, FinalUpdateId = ticker.UpdateId + 20 };
            session.Add(entry, levels);
        }
        return session;
    }
}
