using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Portfolio;
using Peregrine.MarketData;
using Peregrine.Strategy;

namespace Peregrine.Execution.Trading;

/// <summary>All that the core knows of one symbol: senses, strategy, position and the last wish.</summary>
public sealed class SymbolTrading
{
    /// <summary>Trade ids whose fee was booked; far more than reports of one order can be told twice.</summary>
    private const int FeesRemembered = 1_024;

    private readonly AssetCode _baseAsset;
    private readonly long[] _feeTrades = new long[FeesRemembered];
    private int _feeNext;

    public SymbolTrading(Instrument instrument, SymbolState state, IStrategy? strategy)
    {
        Instrument = instrument;
        State = state;
        Strategy = strategy;
        _baseAsset = AssetCode.Create(instrument.BaseAsset);
        QuoteAsset = AssetCode.Create(instrument.QuoteAsset);
        Array.Fill(_feeTrades, -1);
    }

    public Instrument Instrument { get; }
    public SymbolState State { get; }
    public IStrategy? Strategy { get; }
    public Position Position { get; } = new();
    public AssetCode QuoteAsset { get; }

    /// <summary>When the newest book data arrived.</summary>
    public long LastBookNanos { get; private set; }

    internal bool SnapshotRequested { get; set; }
    internal bool HasTarget { get; set; }
    internal long LastOrderNanos { get; set; } = long.MinValue / 2;
    internal RiskVerdict LastRefusal { get; set; }

    /// <summary>The position that the strategy last asked for.</summary>
    public Quantity Target { get; internal set; }

    /// <summary>Realised result, and what closing at the mid would bring.</summary>
    public Notional Result => Position.Realised + Unrealised;

    /// <summary>What closing at the mid would bring; zero while there is no mid.</summary>
    public Notional Unrealised => Mark.IsZero ? Notional.Zero : Position.Unrealised(Mark);

    private Price Mark => State.Book.Mid is { IsZero: false } mid ? mid : State.LastTradePrice;

    internal BookChange OnEvent(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Kind is EventKind.Depth20 or EventKind.DepthDiff or EventKind.BookTicker or EventKind.DepthSnapshot) LastBookNanos = entry.ReceiveTimeNanos;
        return State.OnEvent(in entry, payload);
    }

    /// <summary>Books the fee of one fill once, whichever asset it was taken in.</summary>
    internal void BookFee(in OrderReport report)
    {
        if (Array.IndexOf(_feeTrades, report.TradeId) >= 0) return;
        _feeTrades[_feeNext++ % FeesRemembered] = report.TradeId;
        if (report.CommissionAsset == QuoteAsset) Position.FeeInQuote(Notional.FromUnits(report.CommissionUnits));
        else if (report.CommissionAsset == _baseAsset && Instrument.Market == Market.Spot) Position.FeeInBase(new Quantity(report.CommissionUnits));
        else Position.FeeInOther(report.CommissionUnits);
    }
}
