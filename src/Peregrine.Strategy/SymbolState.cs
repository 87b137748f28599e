using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.MarketData.Trust;
using Peregrine.Strategy.Features;

namespace Peregrine.Strategy;

/// <summary>What the core knows of one symbol: its book, its features, its last trade, and what the model last said.</summary>
public sealed class SymbolState
{
    /// <param name="instrument">The symbol.</param>
    /// <param name="features">What the features are made with.</param>
    /// <param name="streams">The kinds of stream that are subscribed and have to prove that they live; none for a recording that does not say.</param>
    public SymbolState(Instrument instrument, FeatureOptions features, ReadOnlySpan<EventKind> streams = default)
    {
        Instrument = instrument;
        Book = new SymbolBook(instrument);
        Features = new FeatureSet(instrument, features);
        Trust = new SymbolTrust(Book, streams);
    }

    /// <summary>The symbol with its trading rules; replaced when the exchange changes them.</summary>
    public Instrument Instrument { get; set; }

    public SymbolBook Book { get; }
    public FeatureSet Features { get; }

    /// <summary>Whether the streams live and the book agrees with its witnesses.</summary>
    public SymbolTrust Trust { get; }

    /// <summary>Whether orders may be based on what is known: a sound book, and nothing that speaks against it.</summary>
    public bool IsTradable => Book.IsTradable && Trust.IsGood;

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
        Trust.OnEvent(in entry, payload, change.Kind);
        if (Trust.TakeCondemnation() && !change.IsGap) change = Book.Distrust();
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
