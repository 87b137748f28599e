using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.Strategy.Features;

namespace Peregrine.Strategy;

/// <summary>What the core knows of one symbol: its book, its features, its last trade, and what the model last said.</summary>
public sealed class SymbolState
{
    public SymbolState(Instrument instrument, FeatureOptions features)
    {
        Instrument = instrument;
        Book = new SymbolBook(instrument);
        Features = new FeatureSet(instrument, features);
    }

    /// <summary>The symbol with its trading rules; replaced when the exchange changes them.</summary>
    public Instrument Instrument { get; set; }

    public SymbolBook Book { get; }
    public FeatureSet Features { get; }

    /// <summary>The price of the last trade on the market, zero before the first.</summary>
    public Price LastTradePrice { get; private set; }

    /// <summary>What the model last said of this symbol.</summary>
    public ModelOutput Model { get; set; }

    /// <summary>Takes in an event: first the book, then the features. Events of other symbols change nothing; those without a symbol concern all.</summary>
    public BookChange OnEvent(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (!entry.Symbol.IsNone && entry.Symbol != Instrument.Id) return BookChange.Nothing;
        switch (entry.Kind)
        {
            case EventKind.Trade or EventKind.AggTrade when (entry.Flags & EventFlags.OffMarket) == 0:
                LastTradePrice = entry.Trade.Price;
                break;
            case EventKind.Session:
                LastTradePrice = Price.Zero;
                Model = default;
                break;
        }
        BookChange change = Book.OnEvent(in entry, payload);
        Features.OnEvent(in entry, payload, Book);
        return change;
    }
}

/// <summary>What a model said, and when. The default is that it has said nothing.</summary>
/// <param name="TimeNanos">The receive time of the event it was asked on, nanoseconds since 1970; 0 before the first.</param>
/// <param name="Down">Probability that the price goes down.</param>
/// <param name="Flat">Probability that it stays.</param>
/// <param name="Up">Probability that it goes up.</param>
/// <param name="InputHash">A hash of the features it was shown.</param>
public readonly record struct ModelOutput(long TimeNanos, float Down, float Flat, float Up, ulong InputHash);
