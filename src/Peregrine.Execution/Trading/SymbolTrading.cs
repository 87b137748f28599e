using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Portfolio;
using Peregrine.MarketData;
using Peregrine.Strategy;

namespace Peregrine.Execution.Trading;

/// <summary>All that the core knows of one symbol: senses, strategy, position and the last wish.</summary>
public sealed class SymbolTrading
{
    /// <summary>Trade ids that were taken in; far more than can be told twice.</summary>
    private const int TradesRemembered = 1_024;

    /// <summary>How long a price has to last to be believed, whatever was before.</summary>
    private const long SteadyNanos = 30_000_000_000;

    private readonly long[] _trades = new long[TradesRemembered];
    private int _tradeNext;
    private Price _noted;
    private long _notedNanos = long.MinValue / 2;

    public SymbolTrading(Instrument instrument, SymbolState state, IStrategy? strategy)
    {
        Instrument = instrument;
        State = state;
        Strategy = strategy;
        BaseAsset = AssetCode.Create(instrument.BaseAsset);
        QuoteAsset = AssetCode.Create(instrument.QuoteAsset);
        Array.Fill(_trades, -1);
    }

    /// <summary>As the exchange last told of it.</summary>
    public Instrument Instrument { get; private set; }

    public SymbolState State { get; }
    public IStrategy? Strategy { get; }
    public Position Position { get; } = new();
    public AssetCode BaseAsset { get; }
    public AssetCode QuoteAsset { get; }

    /// <summary>Free quote asset as the exchange last said; null while it has not.</summary>
    internal Notional? FreeQuote { get; set; }

    /// <summary>When the newest book data arrived.</summary>
    public long LastBookNanos { get; private set; }

    internal bool SnapshotRequested { get; set; }
    internal bool HasTarget { get; set; }
    internal long LastOrderNanos { get; set; } = long.MinValue / 2;
    internal NewOrder LastOrder { get; set; }

    /// <summary>Orders since the last fill.</summary>
    public int OrdersWithoutFill { get; internal set; }

    /// <summary>When the position was entered; 0 without one.</summary>
    internal long EnteredNanos { get; set; }

    /// <summary>A barrier closed the position: the strategy's wish to hold it counts no more until the wish changes.</summary>
    internal bool StandsDown { get; set; }

    internal int ProtectionRefusals { get; set; }
    internal long ProtectionNotBefore { get; set; } = long.MinValue;

    internal RiskVerdict LastRefusal { get; set; }

    /// <summary>What the exchange makes of our orders on the symbol.</summary>
    internal Patience Patience { get; } = new();

    /// <summary>The position that the strategy last asked for.</summary>
    public Quantity Target { get; internal set; }

    /// <summary>Realised result, and what closing at the mid would bring.</summary>
    public Notional Result => Position.Realised + Unrealised;

    /// <summary>What closing at the mid would bring; zero while there is no mid.</summary>
    public Notional Unrealised => Mark.IsZero ? Notional.Zero : Position.Unrealised(Mark);

    /// <summary>What a unit is worth now; zero while nobody knows.</summary>
    public Price Mark => State.Book.Mid is { IsZero: false } mid ? mid : State.LastTradePrice;

    /// <summary>The mid as it was half a minute to a minute ago; zero while nobody knows.</summary>
    public Price SteadyPrice { get; private set; }

    /// <summary>Every second: what the price is now is what later ones are compared with.</summary>
    internal void NotePrice(long nowNanos)
    {
        if (nowNanos - _notedNanos < SteadyNanos && nowNanos >= _notedNanos) return; // A clock that was set back only makes it begin anew.
        SteadyPrice = _noted;
        if (State.IsTradable) _noted = State.Book.Mid;
        _notedNanos = nowNanos;
    }

    internal void SetRules(in RulesRecord rules) => Instrument = rules.ApplyTo(Instrument);

    internal BookChange OnEvent(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Kind is EventKind.Depth20 or EventKind.DepthDiff or EventKind.BookTicker or EventKind.DepthSnapshot) LastBookNanos = entry.ReceiveTimeNanos;
        return State.OnEvent(in entry, payload);
    }

    /// <summary>Whether the trade is told for the first time; it is remembered.</summary>
    internal bool IsNewTrade(long tradeId)
    {
        if (HasTrade(tradeId)) return false;
        _trades[_tradeNext++ % TradesRemembered] = tradeId;
        return true;
    }

    /// <summary>The trade ids that are remembered, from the given one on.</summary>
    internal IEnumerable<long> TradesSince(long from) => _trades.Where(id => id >= Math.Max(0, from)).Order();

    /// <summary>Whether the trade was told before.</summary>
    internal bool HasTrade(long tradeId) => Array.IndexOf(_trades, tradeId) >= 0;

    /// <summary>Books the fee of one fill, whichever asset it was taken in.</summary>
    internal void BookFee(in OrderReport report)
    {
        if (report.CommissionAsset == QuoteAsset) Position.FeeInQuote(Notional.FromUnits(report.CommissionUnits));
        else if (report.CommissionAsset == BaseAsset && Instrument.Market == Market.Spot) Position.FeeInBase(new Quantity(report.CommissionUnits));
        else Position.FeeInOther(report.CommissionUnits);
    }
}
