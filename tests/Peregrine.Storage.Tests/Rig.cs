using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Storage.Tests;

/// <summary>A real ring, a real recorder and real files in a folder of their own.</summary>
internal sealed class Rig : IDisposable
{
    private bool _stopped;

    public Rig(TestFolder folder, ManualTime time, int slots = 1 << 13, int words = 1 << 20, InstrumentTable? instruments = null, PoolOptions? options = null)
        : this(folder.Path, time, slots, words, instruments, options)
    {
    }

    public Rig(string folder, ManualTime time, int slots = 1 << 13, int words = 1 << 20, InstrumentTable? instruments = null, PoolOptions? options = null)
    {
        Time = time;
        Instruments = instruments ?? Table();
        Pool = RotatingPool.Open(folder, time, (options ?? new PoolOptions()) with { Sealed = Sealed.Add, Report = Reports.Add, SetAside = SetAside.Add });
        Ring = new EventRing(slots, words, Pool.LastSequence + 1);
        Recorder = new Recorder(Ring.Subscribe(), Pool, Instruments, time);
    }

    public ManualTime Time { get; }
    public InstrumentTable Instruments { get; }
    public RotatingPool Pool { get; }
    public EventRing Ring { get; }
    public Recorder Recorder { get; }
    public List<string> Sealed { get; } = [];
    public List<string> SetAside { get; } = [];
    public List<string> Reports { get; } = [];

    /// <summary>The current file can take no page more.</summary>
    public void FillDisk() => Pool.Database.Execute($"PRAGMA max_page_count = {Pool.Database.QueryInt64("PRAGMA page_count")}");

    public void ClearDisk() => Pool.Database.Execute("PRAGMA max_page_count = 1000000");

    public static ManualTime Clock() => new(new DateTimeOffset(2026, 11, 18, 12, 0, 0, TimeSpan.Zero));

    public static InstrumentTable Table()
    {
        InstrumentTable table = new();
        table.Add(new Instrument
        {
            Id = SymbolId.None, Symbol = "BTCUSDT", Market = Market.Spot, BaseAsset = "BTC", QuoteAsset = "USDT", IsTrading = true,
            Rules = new TradingRules { TickSize = new Price(1_000_000), StepSize = new Quantity(1_000), MinNotional = Notional.Parse("5"), MaxQuantity = new Quantity(900_000_000_000) },
        });
        table.Add("ETHUSDT", Market.Spot);
        table.Add("BNBUSDT", Market.Spot);
        return table;
    }

    public Recorded Publish(in MarketEvent entry, long[] payload)
    {
        long sequence = Ring.Append(in entry, payload);
        MarketEvent kept = entry;
        if (payload.Length > 0)
        {
            kept.Flags |= EventFlags.HasPayload;
            kept.PayloadWords = payload.Length;
        }
        Pool.Mark.Published(sequence, entry.ReceiveTimeNanos);
        return new Recorded(sequence, kept, payload);
    }

    public Recorded PublishTrade(long receiveNanos, long id)
    {
        MarketEvent entry = new() { Kind = EventKind.Trade, Symbol = new SymbolId(1), ReceiveTimeNanos = receiveNanos };
        entry.Trade = new TradeFields { Id = id, Price = new Price(100), Quantity = new Quantity(200), FirstTradeId = id, LastTradeId = id };
        return Publish(in entry, []);
    }

    public void Stop()
    {
        if (_stopped) return;
        _stopped = true;
        Recorder.Dispose();
        Pool.Dispose();
    }

    public void Dispose() => Stop();
}
