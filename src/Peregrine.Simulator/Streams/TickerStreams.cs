using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Streams;

/// <summary>Spot's streams that tell of windows of time once a second: tickers, small tickers, average prices, of one symbol and of all.</summary>
internal sealed class TickerStreams(
    IReadOnlyList<MarketSymbol> symbols, Func<MarketSymbol, (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity)> bestOf, StreamHub hub, ExchangeClock clock)
{
    private const long EveryMillis = 1_000;
    private const long DayMillis = 86_400_000;
    private static readonly (string Name, long Millis)[] Windows = [("1h", 3_600_000), ("4h", 14_400_000), ("1d", DayMillis)];

    private readonly SymbolChannels[] _channels = [.. symbols.Select(s => new SymbolChannels(hub, s))];
    private readonly FormedChannel[] _allMini = FormedChannel.Json(hub, "!miniTicker@arr", isSpot: true);
    private readonly FormedChannel[][] _allWindows = [.. Windows.Select(w => FormedChannel.Json(hub, $"!ticker_{w.Name}@arr", isSpot: true))];
    private readonly WireWriter _writer = new(1 << 12);
    private long _dueMillis;

    private sealed class SymbolChannels(StreamHub hub, MarketSymbol symbol)
    {
        private readonly string _prefix = symbol.Name.ToLowerInvariant();

        public MarketSymbol Symbol => symbol;
        public FormedChannel[] Ticker => field ??= Of("ticker");
        public FormedChannel[] Mini => field ??= Of("miniTicker");
        public FormedChannel[] Average => field ??= Of("avgPrice");
        public FormedChannel[][] Rolling => field ??= [.. Windows.Select(w => Of($"ticker_{w.Name}"))];

        /// <summary>The last trade that the streams of all symbols told of: they leave out what has not changed.</summary>
        public long ToldTradeId { get; set; } = -1;

        private FormedChannel[] Of(string kind) => FormedChannel.Json(hub, $"{_prefix}@{kind}", isSpot: true);
    }

    /// <summary>Publishes what is due.</summary>
    public void PublishDue(long nowMicros)
    {
        long millis = nowMicros / 1_000;
        if (millis < _dueMillis) return;
        _dueMillis = millis - (millis % EveryMillis) + EveryMillis;
        foreach (SymbolChannels channels in _channels) Publish(channels, nowMicros);
        PublishAll(_allMini, nowMicros, (symbol, times) => TickerWire.MiniStream(_writer, symbol, Day(symbol, millis), times));
        for (int i = 0; i < Windows.Length; i++)
        {
            (string name, long length) = Windows[i];
            PublishAll(_allWindows[i], nowMicros, (symbol, times) => TickerWire.Stream(_writer, name + "Ticker", symbol, WindowStatistics.Of(symbol, millis - length, millis), null, times));
        }
        foreach (SymbolChannels channels in _channels) channels.ToldTradeId = LastTradeId(channels.Symbol);
    }

    private void Publish(SymbolChannels channels, long nowMicros)
    {
        MarketSymbol symbol = channels.Symbol;
        long millis = nowMicros / 1_000;
        Publish(channels.Ticker, nowMicros, times => TickerWire.Stream(_writer, "24hrTicker", symbol, Day(symbol, millis), bestOf(symbol), times));
        Publish(channels.Mini, nowMicros, times => TickerWire.MiniStream(_writer, symbol, Day(symbol, millis), times));
        Publish(channels.Average, nowMicros, times =>
        {
            (long price, long lastMicros) = WindowStatistics.AveragePrice(symbol, nowMicros);
            _writer.Raw("{\"e\":\"avgPrice\",\"E\":"u8).Number(times.Event).Raw(",\"s\":"u8).Text(symbol.Name).Raw(",\"i\":\"5m\",\"w\":"u8).Decimal(price)
                .Raw(",\"T\":"u8).Number(times.Of(lastMicros)).Raw("}"u8);
        });
        for (int i = 0; i < Windows.Length; i++)
        {
            (string name, long length) = Windows[i];
            Publish(channels.Rolling[i], nowMicros, times => TickerWire.Stream(_writer, name + "Ticker", symbol, WindowStatistics.Of(symbol, millis - length, millis), null, times));
        }
    }

    private void Publish(FormedChannel[] forms, long nowMicros, Action<WireTimes> write)
    {
        foreach (FormedChannel formed in forms)
        {
            if (!formed.IsWanted) continue;
            _writer.Clear();
            write(new WireTimes(nowMicros, clock.OffsetMicros, formed.Unit));
            StreamHub.Publish(formed.Channel, _writer.Written);
        }
    }

    private void PublishAll(FormedChannel[] forms, long nowMicros, Action<MarketSymbol, WireTimes> write) => Publish(forms, nowMicros, times =>
    {
        _writer.Raw("["u8);
        foreach (SymbolChannels channels in _channels)
        {
            if (LastTradeId(channels.Symbol) == channels.ToldTradeId) continue;
            _writer.Comma();
            write(channels.Symbol, times);
        }
        _writer.Raw("]"u8);
    });

    private static WindowStatistics Day(MarketSymbol symbol, long millis) => WindowStatistics.Of(symbol, millis - DayMillis, millis);
    private static long LastTradeId(MarketSymbol symbol) => symbol.Trades.Count == 0 ? 0 : symbol.Trades[symbol.Trades.Count - 1].Id;
}
