using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Portfolio;
using Peregrine.Execution.Trading;

namespace Peregrine.Execution.Reconciliation;

/// <summary>What a finished round of questions showed.</summary>
public enum RoundOutcome : byte
{
    /// <summary>No round ended.</summary>
    None = 0,

    /// <summary>An answer was missing, or too much happened meanwhile to compare: another round is due.</summary>
    Inconclusive = 1,

    /// <summary>The account is what our ledger says.</summary>
    Agrees = 2,

    /// <summary>It is not, and rounds in a row say the same: a person must look.</summary>
    Differs = 3,
}

/// <summary>
/// Compares what the exchange knows with what we believe: open orders, trades, balances. Part of the core: it learns only from events, and asks through requests.
/// It decides when a round is due, whether orders that nobody knows never arrived, and whether trading may go on; it never trades to mend a difference.
/// </summary>
public sealed class Reconciler
{
    /// <summary>A round in quiet times.</summary>
    public const long EveryNanos = 60_000_000_000;

    /// <summary>A round while an order's fate is unknown: nothing else can prove that it never arrived.</summary>
    private const long EveryWhileUnknownNanos = 5_000_000_000;

    /// <summary>A round that does not end was lost.</summary>
    private const long RoundWithinNanos = 20_000_000_000;

    /// <summary>Least time between two rounds: they cost weight.</summary>
    private const long PauseNanos = 900_000_000;

    /// <summary>The account endpoint may lag behind the stream; a difference counts when this many quiet rounds in a row show it.</summary>
    private const int DifferencesNeeded = 3;
    private const int DifferencesNeededBesideUnknown = 12;

    /// <summary>How far the exchange's stamp of a trade may lie before ours of its order.</summary>
    private const long ClockSlackNanos = 10_000_000_000;

    private const int OpenTradesMax = 1_024;

    private readonly OrderManager _orders;
    private readonly AssetLedger _ledger;
    private readonly SymbolTrading[] _symbols;
    private readonly AssetCode[] _assets;
    private readonly Dictionary<AssetCode, long> _locked = new(64);
    private readonly Dictionary<AssetCode, long> _explained = new(64);
    private readonly Dictionary<AssetCode, long> _usuallyHidden = new(64);
    private readonly List<LooseTrade> _loose = new(OpenTradesMax);
    private readonly List<int> _givenUp = new(OrderManager.Capacity);
    private readonly long[] _tradesFrom;
    private readonly long[] _nextFrom;
    private long _round;
    private long _begunNanos;
    private long _endedNanos = long.MinValue / 2;
    private long _activity;
    private long _activityBefore;
    private int _differences;
    private bool _running;
    private bool _isDue;
    private bool _mustAgree;
    private bool _acceptsNext;
    private bool _lineIsUp;

    /// <summary>A trade of the account whose order nobody told us.</summary>
    private readonly record struct LooseTrade(SymbolId Symbol, OrderReport Report);

    public Reconciler(OrderManager orders, AssetLedger ledger, SymbolTrading[] symbols)
    {
        _orders = orders;
        _ledger = ledger;
        _symbols = symbols;
        _assets = [.. symbols.SelectMany(static one => new[] { one.BaseAsset, one.QuoteAsset }).Distinct()];
        _tradesFrom = new long[symbols.Length];
        _nextFrom = new long[symbols.Length];
        Array.Fill(_tradesFrom, -1);
    }

    /// <summary>Whether a round has agreed since the order line came up, and no doubt arose since.</summary>
    public bool IsReconciled { get; private set; }

    /// <summary>Rounds that ended, by how.</summary>
    public long Agreed { get; private set; }
    public long Failed { get; private set; }

    /// <summary>Orders that the exchange had open in the last whole round and that are not ours.</summary>
    public int ForeignOpen { get; private set; }

    /// <summary>The asset of the last difference and exchange minus ours, 1e-8 units.</summary>
    public (AssetCode Asset, long Units) Difference { get; private set; }

    /// <summary>The first trade id that the next round has to ask for, by symbol id minus one; negative where none is known.</summary>
    public ReadOnlySpan<long> TradesFrom => _tradesFrom;

    /// <summary>The number of the newest round.</summary>
    public long Round => _round;

    /// <param name="isNewProcess">Rounds are counted from one again, and what was told before says nothing.</param>
    public void Begin(bool isNewProcess)
    {
        if (isNewProcess)
        {
            _round = 0;
            _ledger.ForgetTold();
        }
        _running = false;
        _isDue = false;
        _mustAgree = false;
        _lineIsUp = false;
        IsReconciled = false;
        _differences = 0;
        _loose.Clear();
    }

    /// <summary>The way to the exchange came up or went down: what happened meanwhile is not known.</summary>
    public void OnLine(bool isUp)
    {
        _lineIsUp = isUp;
        IsReconciled = false;
        _running = false;
        _isDue = isUp;
        _endedNanos = long.MinValue / 2;
    }

    /// <summary>A round as soon as may be.</summary>
    public void Want() => _isDue = true;

    /// <summary>Something does not add up: no new orders until a round has agreed.</summary>
    public void Doubt()
    {
        IsReconciled = false;
        _isDue = true;
    }

    /// <summary>A person takes the account as it is: the next whole round's balances become what we expect.</summary>
    public void AcceptNext()
    {
        _acceptsNext = true;
        Doubt();
    }

    /// <summary>Something about orders or balances came that was not asked for: what a running round compares may be older or newer than that.</summary>
    public void OnActivity() => _activity++;

    /// <summary>Whether a round should begin now; it counts as begun when this says so.</summary>
    public bool IsDue(long nowNanos)
    {
        if (_running && nowNanos - _begunNanos > RoundWithinNanos) End(nowNanos, failed: true);
        if (!_lineIsUp || _running || nowNanos - _endedNanos < PauseNanos) return false;
        if (_mustAgree && _orders.UnknownCount == 0) _isDue = true; // What kept the last round from agreeing is known now.
        long pause = _orders.UnknownCount > 0 ? EveryWhileUnknownNanos : EveryNanos;
        if (!_isDue && nowNanos - _endedNanos < pause) return false;
        _round++;
        _running = true;
        _isDue = false;
        _begunNanos = nowNanos;
        return true;
    }

    /// <summary>A Reconcile event.</summary>
    public RoundOutcome OnPhase(long round, ReconcilePhase phase, long nowNanos)
    {
        if (phase == ReconcilePhase.Begun && (!_running || round != _round)) // A recording that is read without all that asked for it.
        {
            _round = round;
            _running = true;
            _begunNanos = nowNanos;
        }
        if (!_running || round != _round) return RoundOutcome.None;
        switch (phase)
        {
            case ReconcilePhase.Begun:
                _activityBefore = _activity;
                _loose.Clear();
                _locked.Clear();
                _explained.Clear();
                ForeignOpen = 0;
                _tradesFrom.CopyTo(_nextFrom, 0);
                return RoundOutcome.None;
            case ReconcilePhase.Done:
                return Conclude(nowNanos);
            case ReconcilePhase.Failed:
                End(nowNanos, failed: true);
                return RoundOutcome.Inconclusive;
            default:
                return RoundOutcome.None;
        }
    }

    /// <summary>An order that the round found open.</summary>
    /// <param name="slot">Its slot, or -1 for one that is not ours.</param>
    public void OnOpenOrder(SymbolId symbol, in OrderReport report, int slot)
    {
        if (!_running) return;
        if (slot >= 0) _orders.Seen(slot, _round);
        else ForeignOpen++;
        SymbolTrading trading = _symbols[symbol.Value - 1];
        Quantity rest = report.Quantity - report.CumulativeQuantity;
        AssetCode asset = report.Side == Side.Sell ? trading.BaseAsset : trading.QuoteAsset;
        long units = report.Side == Side.Sell ? rest.Raw : (report.Price * rest).ToUnits() + 1;
        _explained[asset] = _explained.GetValueOrDefault(asset) + units;
    }

    /// <summary>A balance that the round told.</summary>
    public void OnBalance(in BalanceUpdate balance)
    {
        if (!_running) return;
        _ledger.Tell(balance.Asset, checked(balance.FreeUnits + balance.LockedUnits), _round);
        _locked[balance.Asset] = balance.LockedUnits;
    }

    /// <summary>A trade id that a round told: the next one begins behind it.</summary>
    public void OnTrade(SymbolId symbol, long tradeId)
    {
        if (_running) _nextFrom[symbol.Value - 1] = Math.Max(_nextFrom[symbol.Value - 1], tradeId + 1);
    }

    /// <summary>A trade of an order that nobody told us of: ours perhaps, which is seen when the round ends.</summary>
    public void OnLooseTrade(SymbolId symbol, in OrderReport report)
    {
        if (_running && _loose.Count < OpenTradesMax) _loose.Add(new LooseTrade(symbol, report));
    }

    /// <summary>The next loose trade that belongs to an order of ours, or to nobody we know (slot -1). To be called until it says false, before a round is concluded.</summary>
    internal bool TryTakeLoose(long nowNanos, out SymbolId symbol, out OrderReport report, out int slot)
    {
        for (int i = 0; i < _loose.Count; i++)
        {
            (symbol, report) = (_loose[i].Symbol, _loose[i].Report);
            slot = _orders.FindByExchangeId(symbol, report.ExchangeOrderId);
            if (slot < 0)
            {
                slot = OrderThatFits(symbol, in report, nowNanos, out bool isSettled);
                if (slot >= 0 && !isSettled) continue; // It may be that order's: its own answer will tell, or the next round.
            }
            _loose.RemoveAt(i);
            return true;
        }
        (symbol, report, slot) = (default, default, -1);
        return false;
    }

    /// <summary>The slot of an order that the last round ended, until none is left.</summary>
    internal bool TryTakeGivenUp(out int slot)
    {
        slot = _givenUp.Count > 0 ? _givenUp[^1] : -1;
        if (slot < 0) return false;
        _givenUp.RemoveAt(_givenUp.Count - 1);
        return true;
    }

    /// <summary>The next trades to ask for, as an earlier process left it.</summary>
    public void RestoreTradesFrom(SymbolId symbol, long from) => _tradesFrom[symbol.Value - 1] = Math.Max(_tradesFrom[symbol.Value - 1], from);

    private RoundOutcome Conclude(long nowNanos)
    {
        bool isQuiet = _activity == _activityBefore && _loose.Count == 0;
        foreach (LooseTrade trade in _loose) // They are asked for again.
            _nextFrom[trade.Symbol.Value - 1] = Math.Min(_nextFrom[trade.Symbol.Value - 1], trade.Report.TradeId);
        for (int i = 0; i < _nextFrom.Length; i++) _tradesFrom[i] = Math.Max(0, _nextFrom[i]); // Where there was no trade yet, all that come are to be told.
        DoubtUnlisted(nowNanos);

        if (_acceptsNext && isQuiet)
        {
            _ledger.Accept(_round, onlyNew: false);
            _acceptsNext = false;
        }
        else if (isQuiet)
        {
            _ledger.Accept(_round, onlyNew: true);
        }
        (AssetCode Asset, long Units) difference = FindDifference();
        bool agrees = difference.Units == 0;
        if (isQuiet && agrees && !HasHiddenLocks()) GiveUpAbsent(nowNanos);
        End(nowNanos, failed: false);
        if (agrees && isQuiet)
        {
            _differences = 0;
            Difference = default;
            IsReconciled = true;
            _mustAgree = false;
            Agreed++;
            if (_orders.UnknownCount == 0)
                foreach (AssetCode asset in _assets) _usuallyHidden[asset] = Hidden(asset);
            return RoundOutcome.Agrees;
        }
        _isDue = _orders.UnknownCount == 0;
        _mustAgree = true;
        if (!isQuiet) return RoundOutcome.Inconclusive;
        // An order of unknown fate may explain a difference, but not for ever: then the difference keeps its fate unknown, and only a person gets both apart.
        bool mayExplain = _orders.UnknownCount > 0;
        if (!mayExplain) IsReconciled = false;
        Difference = difference;
        return ++_differences >= (mayExplain ? DifferencesNeededBesideUnknown : DifferencesNeeded) ? RoundOutcome.Differs : RoundOutcome.Inconclusive;
    }

    private void End(long nowNanos, bool failed)
    {
        _running = false;
        _endedNanos = nowNanos;
        if (!failed) return;
        Failed++;
        _isDue = true;
    }

    /// <summary>An order that we think open and the exchange does not list: its end was missed.</summary>
    private void DoubtUnlisted(long nowNanos)
    {
        if (_orders.OpenCount == 0) return;
        for (int slot = 0; slot < _orders.Orders.Length; slot++)
        {
            ref readonly TrackedOrder order = ref _orders[slot];
            bool isThoughtOpen = order.Status is OrderStatus.New or OrderStatus.PartiallyFilled;
            if (isThoughtOpen && order.SeenRound != _round && _begunNanos - order.SentNanos > OrderManager.AnswerWithinNanos) _orders.Doubt(slot, nowNanos);
        }
    }

    /// <summary>Denied twice past the window, not listed, no trade that could be its, and balances and locks agree: it never arrived.</summary>
    private void GiveUpAbsent(long nowNanos)
    {
        if (_orders.UnknownCount == 0) return;
        for (int slot = 0; slot < _orders.Orders.Length; slot++)
        {
            ref readonly TrackedOrder order = ref _orders[slot];
            bool isDenied = order.Status == OrderStatus.Unknown && order.Absences >= OrderManager.AbsencesNeeded && order.SeenRound != _round;
            if (isDenied && _begunNanos - order.SentNanos >= OrderManager.EntryWindowNanos) {
                _orders.GiveUp(slot, nowNanos);
                _givenUp.Add(slot);
            }
        }
    }

    private (AssetCode Asset, long Units) FindDifference()
    {
        foreach (AssetCode asset in _assets)
            if (_ledger.Difference(asset, _round) is not 0 and var units) return (asset, units);
        return default;
    }

    /// <summary>Whether more is set aside than listed orders explain and than was so while all was well: an order that questions do not show.</summary>
    private bool HasHiddenLocks()
    {
        foreach (AssetCode asset in _assets)
            if (Hidden(asset) > _usuallyHidden.GetValueOrDefault(asset)) return true;
        return false;
    }

    private long Hidden(AssetCode asset) => Math.Max(0, _locked.GetValueOrDefault(asset) - _explained.GetValueOrDefault(asset));

    /// <summary>
    /// An order of ours without a known exchange id that the trade could belong to. Settled: it is the only one, and has been denied past its window. An order that
    /// was given up comes into question only when no open one does: a newer order's fill must not revive an older one.
    /// </summary>
    private int OrderThatFits(SymbolId symbol, in OrderReport trade, long nowNanos, out bool isSettled)
    {
        int open = -1, opens = 0, watched = -1, watches = 0;
        for (int slot = 0; slot < _orders.Orders.Length; slot++)
        {
            ref readonly TrackedOrder order = ref _orders[slot];
            if (!Fits(in order, symbol, in trade)) continue;
            if (order.IsOpen)
            {
                open = slot;
                opens++;
            }
            else if (order.IsWatched(nowNanos))
            {
                watched = slot;
                watches++;
            }
        }
        if (opens == 0)
        {
            isSettled = watches == 1;
            return watched;
        }
        isSettled = opens == 1 && _orders[open].Status == OrderStatus.Unknown && _orders[open].Absences >= OrderManager.AbsencesNeeded;
        return open;
    }

    private static bool Fits(in TrackedOrder order, SymbolId symbol, in OrderReport trade)
    {
        if (order.ExchangeOrderId != 0 || order.Symbol != symbol || order.Side != trade.Side || trade.LastQuantity > order.Quantity - order.Traded) return false;
        bool isWorse = !order.Price.IsZero && (order.Side == Side.Buy ? trade.LastPrice > order.Price : trade.LastPrice < order.Price);
        return !isWorse && (trade.TransactionTimeMicros <= 0 || trade.TransactionTimeMicros * 1_000 >= order.SentNanos - ClockSlackNanos);
    }
}
