using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.Strategy.Features;

namespace Peregrine.Strategy.Tests;

/// <summary>A symbol whose events a test makes, with a clock that only moves when it is told to.</summary>
internal sealed class Tape
{
    private const long Start = 1_700_000_000L * 1_000_000_000;

    private long _updateId = 1;
    private long _tradeId;

    public Tape(Market market = Market.Spot, FeatureOptions? features = null) =>
        State = new SymbolState(
            new Instrument
            {
                Id = new SymbolId(1), Symbol = "BTCUSDT", Market = market, IsTrading = true,
                Rules = new TradingRules
                {
                    TickSize = Price.Parse("0.1"), StepSize = Quantity.Parse("0.001"), MinQuantity = Quantity.Parse("0.001"), MinNotional = Notional.Parse("5"),
                },
            },
            features ?? new FeatureOptions());

    public SymbolState State { get; }
    public long Now { get; private set; } = Start;
    public MarketEvent Last { get; private set; }

    public float this[string feature]
    {
        get
        {
            for (int i = 0; i < State.Features.Names.Count; i++)
            {
                if (State.Features.Names[i] == feature) return State.Features.Values[i];
            }
            throw new ArgumentException($"No feature {feature}.", nameof(feature));
        }
    }

    public Tape Wait(double seconds)
    {
        Now += (long)(seconds * 1e9);
        return this;
    }

    public BookChange Book(string bid, string bidQuantity, string ask, string askQuantity) => Book([(bid, bidQuantity)], [(ask, askQuantity)]);

    public BookChange Book((string Price, string Quantity)[] bids, (string Price, string Quantity)[] asks)
    {
        long[] payload = [.. bids.Concat(asks).SelectMany(level => new[] { Price.Parse(level.Price).Raw, Quantity.Parse(level.Quantity).Raw })];
        return Say(
            new MarketEvent
            {
                Kind = EventKind.Depth20, Flags = EventFlags.HasPayload,
                Depth = new DepthFields { PayloadWords = payload.Length, BidCount = bids.Length, FinalUpdateId = _updateId++ },
            },
            payload);
    }

    public BookChange Trade(string price, string quantity, Side taker, EventKind kind = EventKind.Trade, EventFlags flags = EventFlags.None)
    {
        _tradeId++;
        return Say(new MarketEvent
        {
            Kind = kind,
            Flags = flags | (taker == Side.Sell ? EventFlags.BuyerIsMaker : EventFlags.None),
            Trade = new TradeFields { Id = _tradeId, Price = Price.Parse(price), Quantity = Quantity.Parse(quantity), FirstTradeId = _tradeId, LastTradeId = _tradeId },
        });
    }

    public BookChange Ticker() => Say(new MarketEvent { Kind = EventKind.BookTicker });

    public BookChange Timer() => Say(new MarketEvent { Kind = EventKind.Timer }, ofAll: true);

    public BookChange LineDown() => Say(LineEvent.Of(0, isUp: false, Now), ofAll: true);

    public BookChange Session() => Say(new MarketEvent { Kind = EventKind.Session }, ofAll: true);

    /// <summary>Sixteen seconds of a book that moves a little, so that every feature is warm.</summary>
    public Tape WarmUp()
    {
        for (int i = 0; i < 64; i++)
        {
            Wait(0.25);
            Book(i % 8 < 4 ? "100.0" : "100.1", "2", "100.2", "2");
        }
        Book("100.0", "2", "100.2", "2");
        return this;
    }

    private BookChange Say(MarketEvent entry, long[]? payload = null, bool ofAll = false)
    {
        entry.ReceiveTimeNanos = Now;
        if (!ofAll) entry.Symbol = State.Instrument.Id;
        Last = entry;
        return State.OnEvent(in entry, payload);
    }
}
