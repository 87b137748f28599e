using Peregrine.Common;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Matching;

namespace Peregrine.Simulator.Markets;

/// <summary>What can change of a symbol: its status, which decides whether orders are taken, and its filters.</summary>
/// <param name="IsDelisted">Whether nothing is traded any more, and tickers say 0.</param>
internal sealed record SymbolState(Instrument Instrument, string Status, bool IsDelisted = false)
{
    public const string Trading = "TRADING";
}

/// <summary>What the exchange knows of a symbol beside its book: the trades of late and the candles.</summary>
internal class MarketSymbol
{
    public MarketSymbol(Instrument instrument)
    {
        Instrument = instrument;
        State = new Layered<SymbolState>(
            new SymbolState(instrument, instrument.IsTrading ? SymbolState.Trading : "BREAK"), s => Instrument = s.Instrument with { IsTrading = s.Status == SymbolState.Trading });
        IsSpot = instrument.Market == Market.Spot;
        PricePlaces = IsSpot ? FixedPoint.Places : Places(instrument.Rules.TickSize.Raw);
        QuantityPlaces = IsSpot ? FixedPoint.Places : Places(instrument.Rules.StepSize.Raw);
        Candles = [.. CandleSpan.All.Select(span => new CandleSeries(span))];
    }

    /// <summary>What the exchange says of it now, faults included.</summary>
    public Layered<SymbolState> State { get; }

    public Instrument Instrument { get; private set; }

    /// <summary>TRADING, HALT, BREAK and the like.</summary>
    public string Status => State.Value.Status;
    public string Name => Instrument.Symbol;
    public bool IsSpot { get; }

    /// <summary>Decimal places on the wire: eight on spot, those of the grid on futures.</summary>
    public int PricePlaces { get; }

    public int QuantityPlaces { get; }
    public RecentList<TapeTrade> Trades { get; } = new(1_000);
    public RecentList<TapeAggregate> Aggregates { get; } = new(1_000);
    public IReadOnlyList<CandleSeries> Candles { get; }

    /// <summary>The price of the last trade; 0 before the first, and once the symbol is delisted.</summary>
    public long LastPrice
    {
        get => State.Value.IsDelisted ? 0 : field;
        private set;
    }

    public void AddTrade(in TapeTrade trade)
    {
        LastPrice = trade.Price;
        Trades.Add(trade);
        long quote = Money.Quote(trade.Price, trade.Quantity);
        foreach (CandleSeries series in Candles) series.Add(trade, quote);
    }

    /// <summary>How many decimals a grid has.</summary>
    public static int Places(long grid)
    {
        int places = FixedPoint.Places;
        while (places > 0 && grid % 10 == 0)
        {
            grid /= 10;
            places--;
        }
        return places;
    }
}
