using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Portfolio;
using Peregrine.Execution.Reconciliation;
using Peregrine.Execution.Risk;
using Peregrine.MarketData;
using Peregrine.MarketData.Trust;
using Peregrine.Strategy;

namespace Peregrine.Execution.Trading;

/// <summary>
/// The one brain: events in, decisions out. Live, paper, replay and tests run this same class. It knows no clock but the stamps of its events, no
/// thread, no socket and no file; the same events make the same decisions, byte for byte. Not thread-safe: one thread feeds it.
/// </summary>
public sealed class TradingCore
{
    /// <summary>The number of the order session in Line events; market lines count from zero.</summary>
    public const long OrderLine = 1_000;

    /// <summary>Trades that no round tells for so long are not waited for any more.</summary>
    private const long OwedNanos = 600_000_000_000;

    /// <summary>A difference between two clocks within a timer's period that is no drift.</summary>
    private const long ClockStepNanos = 500_000_000;

    /// <summary>So many refusals of a symbol's orders in a row are told to people.</summary>
    private const int RefusalsTold = 3;

    private readonly CoreOptions _options;
    private readonly IEventWriter _outputs;
    private readonly SymbolTrading[] _symbols;
    private readonly OrderPlacement _placement;
    private readonly Protection _protection;
    private readonly SenseKeeper _senses;
    private readonly Flattener _flattener;
    private readonly (AssetCode Asset, long Units, long Micros)[] _transfers = new (AssetCode, long, long)[16];
    private readonly List<(long Sequence, ClientOrderId Id, long UntilNanos)> _owed = new(OrderManager.Capacity);
    private int _nextTransfer;
    private long _nowNanos;
    private long _timerNanos;
    private long _timerTicks;

    /// <param name="options">How targets become orders, and the limits.</param>
    /// <param name="instruments">The symbols of the run; no symbol may join later.</param>
    /// <param name="strategyOf">Makes the strategy of a symbol, or null where nothing trades it.</param>
    /// <param name="stateOf">Makes the book and the features of a symbol.</param>
    /// <param name="outputs">Takes decisions, intents and gaps.</param>
    public TradingCore(CoreOptions options, InstrumentTable instruments, Func<Instrument, SymbolState> stateOf, Func<Instrument, IStrategy?> strategyOf, IEventWriter outputs)
    {
        _options = options;
        _outputs = outputs;
        _symbols = [.. instruments.All.Select(instrument => new SymbolTrading(instrument, stateOf(instrument), options.Trades ? strategyOf(instrument) : null))];
        States = new TradingStates(_symbols.Length) { Trades = options.Trades };
        Reconciler = new Reconciler(Orders, Ledger, _symbols);
        _placement = new OrderPlacement(options, _symbols, Orders, States, Losses, Reconciler, Requests, outputs);
        _protection = new Protection(options, Orders, _placement, Requests);
        _senses = new SenseKeeper(Requests, outputs);
        _flattener = new Flattener(_symbols, Orders, _placement);
    }

    /// <summary>What may be traded: the kill switch and its parts.</summary>
    public TradingStates States { get; }

    /// <summary>The account's state.</summary>
    public TradingState State => States.Account;

    public OrderManager Orders { get; } = new();
    public RequestQueue Requests { get; } = new();

    /// <summary>What the account should hold.</summary>
    public AssetLedger Ledger { get; } = new();

    /// <summary>The day's result and the drawdown.</summary>
    public LossWatch Losses { get; } = new();

    public Reconciler Reconciler { get; }

    /// <summary>Gaps in market data since the start.</summary>
    public long Gaps => _senses.Gaps;

    public long Decisions { get; private set; }
    public long Fills { get; private set; }

    /// <summary>Orders that the gate refused.</summary>
    public long Refusals => _placement.Refusals;

    /// <summary>Fills of orders that had been given up.</summary>
    public long LateFills { get; private set; }

    /// <summary>One entry per symbol, in the order of their ids.</summary>
    public IReadOnlyList<SymbolTrading> Symbols => _symbols;

    public SymbolTrading this[SymbolId symbol] => _symbols[symbol.Value - 1];

    /// <summary>Realised and unrealised result of all symbols, each marked at its mid.</summary>
    public Notional Result => _placement.Result;

    /// <summary>Free units (1e-8) of an asset as the exchange last said; null while it has not.</summary>
    public long? FreeUnits(AssetCode asset) => _placement.FreeUnits(asset);

    /// <summary>The exchange's clock as the last timer told of it.</summary>
    public ClockReading Clock => _placement.Clock;

    /// <summary>What the risk gate would say to an order at this moment, on the model's last word about its symbol. Changes nothing.</summary>
    public RiskVerdict Check(in NewOrder order)
    {
        SymbolTrading symbol = this[order.Symbol];
        return _placement.Check(symbol, in order, modelAgeNanos: ModelAgeOf(symbol));
    }

    /// <summary>Takes in one event. Outputs go to the writer, requests to <see cref="Requests"/>.</summary>
    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Kind.IsOutput()) return;
        if (entry.ReceiveTimeNanos > _nowNanos) _placement.NowNanos = _nowNanos = entry.ReceiveTimeNanos;
        switch (entry.Kind)
        {
            case EventKind.Session: Begin(sequence, in entry, payload); break;
            case EventKind.Timer: OnTimer(sequence, in entry); break;
            case EventKind.Command: OnCommand(sequence, in entry); break;
            case EventKind.Line: OnLine(sequence, in entry, payload); break;
            case EventKind.OrderReport: OnReport(sequence, in entry, in Payload.Read<OrderReport>(payload)); break;
            case EventKind.Position: OnPosition(in entry, in Payload.Read<PositionRecord>(payload)); break;
            case EventKind.Balance: OnBalance(in entry, in Payload.Read<BalanceUpdate>(payload)); break;
            case EventKind.Reconcile: OnReconcile(sequence, in entry); break;
            case EventKind.Holding: OnHolding(in entry, payload); break;
            case EventKind.Rules: OnRules(in entry, in Payload.Read<RulesRecord>(payload)); break;
            case EventKind.RiskMemory: Losses.Restore(in Payload.Read<RiskMemory>(payload)); break;
            default: OnMarket(sequence, in entry, payload); break;
        }
    }

    private void Begin(long sequence, in MarketEvent session, ReadOnlySpan<long> payload)
    {
        // Positions stay: a session may begin anew within a process, after the hot thread was restarted. What was asked for before must not be done now.
        Orders.Begin((ulong)session.Plain.A);
        Requests.Clear();
        _owed.Clear();
        Reconciler.Begin(isNewProcess: session.Plain.C <= 1);
        _placement.GatewayIsReady = false;
        _timerNanos = _timerTicks = 0;
        foreach (SymbolTrading symbol in _symbols) _senses.Sense(symbol, in session, payload);
        if (session.Plain.C <= 1) States.Arm(); // Where the hot thread came back within its process, what a person or a guard forbade stays forbidden.
    }

    private void OnCommand(long sequence, in MarketEvent command)
    {
        var order = (CoreOrder)command.Plain.A;
        var reason = (HaltReason)command.Plain.B;
        if (reason == HaltReason.None) reason = HaltReason.Operator;
        int strategy = (int)command.Plain.C;
        if (!command.Symbol.IsNone || strategy != 0)
        {
            Narrow(command.Symbol, strategy, order, reason);
            return;
        }
        switch (order)
        {
            case CoreOrder.ReduceOnly: Raise(sequence, in command, KillLevel.ReduceOnly, reason); break;
            case CoreOrder.Halt: Raise(sequence, in command, KillLevel.HaltNew, reason); break;
            case CoreOrder.CancelAll: Raise(sequence, in command, KillLevel.CancelAll, reason); break;
            case CoreOrder.Flatten: Raise(sequence, in command, KillLevel.Flatten, reason); break;
            case CoreOrder.Reconcile: Reconciler.Want(); break;
            case CoreOrder.AcceptBalances: Reconciler.AcceptNext(); break;
            case CoreOrder.Arm: Arm(); break;
            default: break;
        }
    }

    private void Arm()
    {
        States.Arm();
        foreach (SymbolTrading symbol in _symbols) symbol.OrdersWithoutFill = 0;
        if (HasMarks) Losses.Accept(Result);
        Reconciler.Doubt();
        Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Alert, Alert = CoreAlert.Armed });
    }

    private void Narrow(SymbolId symbol, int strategy, CoreOrder order, HaltReason reason)
    {
        TradingState? state = order switch
        {
            CoreOrder.Halt or CoreOrder.CancelAll => TradingState.Halted,
            CoreOrder.ReduceOnly or CoreOrder.Flatten => TradingState.ReduceOnly,
            CoreOrder.Arm => TradingState.Active,
            _ => null,
        };
        if (state is not { } wanted) return;
        if (!symbol.IsNone && symbol.Value <= _symbols.Length) States.Set(symbol, wanted);
        else if (strategy != 0) States.Set(strategy, wanted);
        else return;
        Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Alert, Symbol = symbol, Alert = CoreAlert.Narrowed, Reason = reason });
    }

    private void Raise(long sequence, in MarketEvent cause, KillLevel level, HaltReason reason)
    {
        if (!States.Raise(level, reason)) return;
        Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Alert, Alert = CoreAlert.Halted, Reason = reason });
        if (level >= KillLevel.CancelAll) _placement.CancelOpen(sequence, in cause);
    }

    private void OnLine(long sequence, in MarketEvent line, ReadOnlySpan<long> payload)
    {
        if (line.Plain.A == OrderLine)
        {
            _placement.GatewayIsReady = line.Plain.B != 0;
            Reconciler.OnLine(_placement.GatewayIsReady);
            AskForRound();
            return;
        }
        foreach (SymbolTrading symbol in _symbols)
        {
            if (!line.Symbol.IsNone && line.Symbol != symbol.Instrument.Id) continue;
            bool told = _senses.Sense(symbol, in line, payload);
            int lost = symbol.State.Trust.Streams.OnLine((int)line.Plain.C, LineEvent.IsUp(in line));
            if (lost != 0 && !told) _senses.RecordGap(symbol, in line, BookChange.Gap(GapReason.Disconnected, 0, lost));
        }
    }

    private void OnMarket(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Symbol.IsNone || entry.Symbol.Value > _symbols.Length) return;
        SymbolTrading symbol = this[entry.Symbol];
        _senses.Sense(symbol, in entry, payload);
        Decide(sequence, symbol, in entry, payload);
    }

    private void OnTimer(long sequence, in MarketEvent timer)
    {
        _placement.Clock = new ClockReading(timer.Plain.B, timer.Plain.C);
        if (States.Level >= KillLevel.CancelAll) _placement.CancelOpen(sequence, in timer);
        if (States.Level == KillLevel.Flatten) _flattener.OnTimer(sequence, in timer, _nowNanos);
        for (int slot = Orders.NextToQuery(_nowNanos); slot >= 0; slot = Orders.NextToQuery(_nowNanos))
        {
            ref readonly TrackedOrder order = ref Orders[slot];
            Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Query, Symbol = order.Symbol, ClientId = order.ClientId });
        }
        if (_owed.Count > 0) LookAfterOwed();
        AskForRound();
        WatchLosses(sequence, in timer);
        long elapsed = _timerNanos == 0 ? 0 : timer.ReceiveTimeNanos - _timerNanos;
        // Timers carry a clock that nobody sets: where the two disagree, ours was.
        long steady = timer.Plain.A - _timerTicks;
        bool clockStepped = _timerTicks != 0 && timer.Plain.A != 0 && Math.Abs(elapsed - steady) > ClockStepNanos;
        _timerNanos = timer.ReceiveTimeNanos;
        _timerTicks = timer.Plain.A;
        foreach (SymbolTrading symbol in _symbols)
        {
            _senses.Sense(symbol, in timer, default);
            _senses.Watch(symbol, in timer, elapsed, clockStepped);
            symbol.NotePrice(_nowNanos);
            if (symbol.State.Book.WantsSnapshot) _senses.RequestSnapshot(symbol);
            if (symbol.Patience.WantsRules(_nowNanos)) Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Rules, Symbol = symbol.Instrument.Id });
            Decide(sequence, symbol, in timer, default);
        }
    }

    /// <summary>Orders that ended before their trades were told: they are asked for, and then the journal may forget the order.</summary>
    private void LookAfterOwed()
    {
        for (int i = _owed.Count - 1; i >= 0; i--)
        {
            (long sequence, ClientOrderId id, long until) = _owed[i];
            int slot = Orders.SlotOf(id);
            bool isKnown = slot >= 0 && Orders[slot].Sequence == sequence;
            if (isKnown && _nowNanos < until && Orders[slot].Booked > Orders[slot].Traded)
            {
                Reconciler.Want();
                continue;
            }
            _owed.RemoveAt(i);
            if (isKnown) Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.OrderEnded, Symbol = Orders[slot].Symbol, ClientId = id });
        }
    }

    private void OnRules(in MarketEvent entry, in RulesRecord rules)
    {
        if (entry.Symbol.IsNone || entry.Symbol.Value > _symbols.Length) return;
        SymbolTrading symbol = this[entry.Symbol];
        symbol.SetRules(in rules);
        symbol.Patience.OnRules(symbol.Instrument, _nowNanos);
    }

    private void OnPosition(in MarketEvent entry, in PositionRecord position)
    {
        if (entry.Symbol.IsNone || entry.Symbol.Value > _symbols.Length) return;
        SymbolTrading symbol = this[entry.Symbol];
        symbol.Position.Restore(in position);
        symbol.EnteredNanos = position.Quantity.IsZero ? 0 : _nowNanos;
    }

    private void OnBalance(in MarketEvent entry, in BalanceUpdate balance)
    {
        if (entry.Plain.B != 0)
        {
            if (IsToldAgain(in entry, in balance)) return;
            Ledger.Add(balance.Asset, entry.Plain.B); // Somebody put in or took out: that explains itself.
            Reconciler.OnActivity();
            return;
        }
        _placement.SetFree(balance.Asset, balance.FreeUnits);
        if (entry.Plain.A == (long)ReportSource.Query) Reconciler.OnBalance(in balance);
    }

    /// <summary>The same transfer may be told twice: it has no number, but its asset, amount and time.</summary>
    private bool IsToldAgain(in MarketEvent entry, in BalanceUpdate balance)
    {
        if (entry.ExchangeTimeMicros == 0) return false;
        foreach ((AssetCode asset, long units, long micros) in _transfers)
            if (asset == balance.Asset && units == entry.Plain.B && micros == entry.ExchangeTimeMicros) return true;
        _transfers[_nextTransfer++ % _transfers.Length] = (balance.Asset, entry.Plain.B, entry.ExchangeTimeMicros);
        return false;
    }

    private void OnHolding(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (!entry.Symbol.IsNone)
        {
            if (entry.Plain.C != 0) this[entry.Symbol].IsNewTrade(entry.Plain.B);
            else Reconciler.RestoreTradesFrom(entry.Symbol, entry.Plain.A);
        }
        if (payload.Length == 0) return;
        ref readonly BalanceUpdate holding = ref Payload.Read<BalanceUpdate>(payload);
        Ledger.Restore(holding.Asset, holding.FreeUnits);
    }

    private void AskForRound()
    {
        if (!_options.Reconciles || !Reconciler.IsDue(_nowNanos)) return;
        Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Reconcile, Round = Reconciler.Round });
    }

    private void OnReconcile(long sequence, in MarketEvent entry)
    {
        var phase = (ReconcilePhase)entry.Plain.B;
        if (phase == ReconcilePhase.Done)
        {
            while (Reconciler.TryTakeLoose(_nowNanos, out SymbolId id, out OrderReport report, out int slot))
            {
                if (slot >= 0) Orders.Bind(slot, report.ExchangeOrderId);
                MarketEvent trade = entry;
                trade.Symbol = id;
                TakeReport(sequence, in trade, in report);
            }
        }
        if (Reconciler.OnPhase(entry.Plain.A, phase, _nowNanos) == RoundOutcome.Differs) Raise(sequence, in entry, KillLevel.HaltNew, HaltReason.Balances);
        while (Reconciler.TryTakeGivenUp(out int slot)) OnEnded(sequence, in entry, in Orders[slot]);
    }

    private void OnReport(long sequence, in MarketEvent entry, in OrderReport report)
    {
        if (entry.Symbol.IsNone || entry.Symbol.Value > _symbols.Length) return;
        bool isTradeRow = report.Source == ReportSource.Query && report.Report == ReportType.Trade && report.ClientId.IsEmpty;
        if (!isTradeRow)
        {
            if (report.Source is ReportSource.Stream or ReportSource.Reply && report.Report is not (ReportType.CancelRejected or ReportType.None or ReportType.Unknown)) Reconciler.OnActivity();
            TakeReport(sequence, in entry, in report);
            return;
        }
        Reconciler.OnTrade(entry.Symbol, report.TradeId);
        if (this[entry.Symbol].HasTrade(report.TradeId)) return;
        if (Orders.FindByExchangeId(entry.Symbol, report.ExchangeOrderId) >= 0) TakeReport(sequence, in entry, in report);
        else Reconciler.OnLooseTrade(entry.Symbol, in report);
    }

    private void TakeReport(long sequence, in MarketEvent entry, in OrderReport report)
    {
        SymbolTrading symbol = this[entry.Symbol];
        bool isNewTrade = report is { Report: ReportType.Trade, TradeId: >= 0 } && symbol.IsNewTrade(report.TradeId);
        ReportEffect effect = Orders.Apply(entry.Symbol, in report, isNewTrade, _nowNanos);
        bool isListedOpen = report is { Source: ReportSource.Query, Report: ReportType.Status, Status: OrderStatus.New or OrderStatus.PartiallyFilled };
        if (isListedOpen) Reconciler.OnOpenOrder(entry.Symbol, in report, effect.Known ? effect.Slot : -1);
        if (!effect.Known)
        {
            if (isNewTrade) BookForeign(symbol, in report);
            return;
        }
        ref readonly TrackedOrder order = ref Orders[effect.Slot];
        if (effect.FilledNow.Raw > 0) Book(symbol, in order, in effect);
        if (isNewTrade)
        {
            symbol.BookFee(in report);
            Ledger.Add(report.CommissionAsset, -report.CommissionUnits);
        }
        if (effect.WasAbsent)
        {
            LateFills++;
            Reconciler.Doubt();
            Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Alert, Symbol = entry.Symbol, Alert = CoreAlert.LateFill, ClientId = order.ClientId });
        }
        if (effect.Adopted && report.Source != ReportSource.Local) OnOrphan(sequence, in entry, in order);
        if (report.ErrorCode == ErrorCodes.NewOrderRejected) Reconciler.Doubt(); // Too little balance may be a fill that we do not know.
        Heed(symbol, in order, in report);
        if (effect.Ended) OnEnded(sequence, in entry, in order);
    }

    /// <summary>Whether the exchange takes our orders, and what follows for the next one.</summary>
    private void Heed(SymbolTrading symbol, in TrackedOrder order, in OrderReport report)
    {
        if (report.Source == ReportSource.Reply && report.Report == ReportType.Rejected)
        {
            symbol.Patience.OnRefused(report.ErrorCode, order.ListRole != ListRole.None, _nowNanos);
            if (order.ListRole == ListRole.None && symbol.Patience.Refusals == RefusalsTold) Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Alert, Symbol = symbol.Instrument.Id, Alert = CoreAlert.Refused, ClientId = report.ClientId });
        }
        else if (report.Source is ReportSource.Reply or ReportSource.Stream && report.Report is ReportType.New or ReportType.Trade) symbol.Patience.OnTaken();
    }

    private void OnEnded(long sequence, in MarketEvent cause, in TrackedOrder order)
    {
        SymbolTrading symbol = this[order.Symbol];
        // The journal keeps an order until its trades are known: told later, in another process, they would be nobody's.
        if (order.Booked > order.Traded) _owed.Add((order.Sequence, order.ClientId, _nowNanos + OwedNanos));
        else Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.OrderEnded, Symbol = order.Symbol, ClientId = order.ClientId });
        _protection.OnEnded(symbol, in order, _nowNanos);
        _protection.Keep(sequence, symbol, in cause, _nowNanos);
        WatchLosses(sequence, in cause);
    }

    private void Book(SymbolTrading symbol, in TrackedOrder order, in ReportEffect effect)
    {
        Fills++;
        bool wasFlat = symbol.Position.Quantity.IsZero;
        symbol.Position.Fill(order.Side, effect.FilledNow, Notional.FromUnits(effect.QuoteUnitsNow));
        symbol.OrdersWithoutFill = 0;
        if (wasFlat) symbol.EnteredNanos = _nowNanos;
        if (symbol.Position.Quantity.IsZero) symbol.EnteredNanos = 0;
        Ledger.Add(symbol.BaseAsset, effect.FilledNow.Raw * order.Side.Sign());
        Ledger.Add(symbol.QuoteAsset, -effect.QuoteUnitsNow * order.Side.Sign());
    }

    /// <summary>Somebody else's fill in the same account: no position of ours, but it moves what the account holds.</summary>
    private void BookForeign(SymbolTrading symbol, in OrderReport report)
    {
        Ledger.Add(symbol.BaseAsset, report.LastQuantity.Raw * report.Side.Sign());
        Ledger.Add(symbol.QuoteAsset, -(report.LastPrice * report.LastQuantity).ToUnits() * report.Side.Sign());
        Ledger.Add(report.CommissionAsset, -report.CommissionUnits);
    }

    private void OnOrphan(long sequence, in MarketEvent entry, in TrackedOrder order)
    {
        Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Alert, Symbol = entry.Symbol, Alert = CoreAlert.Orphan, ClientId = order.ClientId });
        if (_options.Orphans == OrphanPolicy.Cancel && order.IsOpen) _placement.Cancel(sequence, in entry, in order);
    }

    /// <summary>Whether every position has a price to be valued at.</summary>
    private bool HasMarks
    {
        get
        {
            foreach (SymbolTrading symbol in _symbols)
                if (!symbol.Position.Quantity.IsZero && symbol.Mark.IsZero) return false;
            return true;
        }
    }

    private void WatchLosses(long sequence, in MarketEvent cause)
    {
        if (!_options.Trades || !HasMarks) return;
        RiskLimits limits = _options.Limits;
        Notional result = Result;
        Losses.Look(result, _nowNanos);
        if (!limits.MaxDailyLoss.IsZero && Losses.Today(result) < -limits.MaxDailyLoss) Raise(sequence, in cause, KillLevel.ReduceOnly, HaltReason.DailyLoss);
        if (!limits.MaxDrawdown.IsZero && Losses.Drawdown(result) > limits.MaxDrawdown) Raise(sequence, in cause, KillLevel.ReduceOnly, HaltReason.Drawdown);
        if (limits.MaxStrategyLoss.IsZero) return;
        foreach (SymbolTrading symbol in _symbols)
        {
            if (symbol.Strategy is not { } strategy || States.OfStrategy(strategy.Id) != TradingState.Active || ResultOf(strategy.Id) >= -limits.MaxStrategyLoss) continue;
            Narrow(SymbolId.None, strategy.Id, CoreOrder.ReduceOnly, HaltReason.StrategyLoss);
        }
    }

    private Notional ResultOf(int strategy)
    {
        Notional result = Notional.Zero;
        foreach (SymbolTrading symbol in _symbols)
            if (symbol.Strategy?.Id == strategy) result += symbol.Result;
        return result;
    }

    private void Decide(long sequence, SymbolTrading symbol, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (symbol.Strategy is null) return;
        StrategyAnswer answer = default;
        StrategyInput input = new(in entry, payload, sequence, symbol.State)
        {
            Position = symbol.Position.Quantity,
            AveragePrice = symbol.Position.AveragePrice,
            HasOpenOrder = Orders.HasOpen(symbol.Instrument.Id),
        };
        symbol.Strategy.OnEvent(in input, ref answer);
        if (_protection.IsTimeUp(symbol, _nowNanos)) symbol.StandsDown = true;
        if (symbol.StandsDown) StandDown(symbol, ref answer);
        if (answer.HasTarget) Pursue(sequence, symbol, in entry, in answer);
        _protection.Keep(sequence, symbol, in entry, _nowNanos);
    }

    /// <summary>A barrier was reached: the position is closed, and the wish that led into it counts no more until it is given up.</summary>
    private static void StandDown(SymbolTrading symbol, ref StrategyAnswer answer)
    {
        bool isGivenUp = answer.HasTarget && answer.Target.IsZero;
        answer.HasTarget = true;
        answer.Target = Quantity.Zero;
        if (!isGivenUp) return;
        symbol.StandsDown = false;
        symbol.ProtectionRefusals = 0;
    }

    private void Pursue(long sequence, SymbolTrading symbol, in MarketEvent entry, in StrategyAnswer answer)
    {
        SymbolId id = symbol.Instrument.Id;
        bool changed = answer.Target != symbol.Target || !symbol.HasTarget;
        symbol.Target = answer.Target;
        symbol.HasTarget = true;
        Quantity missing = answer.Target - symbol.Position.Quantity;
        Side side = missing.Raw > 0 ? Side.Buy : Side.Sell;
        Quantity quantity = symbol.Instrument.Rules.FloorToStep(Quantity.Abs(missing));
        bool pauses = _nowNanos - symbol.LastOrderNanos < _options.OrderPauseMillis * 1_000_000L || symbol.Patience.IsPausing(_nowNanos);
        bool hasOpen = Orders.HasOpen(id);
        Price price = symbol.State.IsTradable ? _placement.LimitPrice(symbol, side) : Price.Zero;
        bool isNothing = quantity.IsZero || OrderPlacement.IsDust(symbol, price, quantity);
        if (hasOpen && !pauses && !isNothing && _protection.IsOn && Orders.OpenOf(id) is { } open && open.InLists == open.Count)
        {
            // The barriers stand in the way of what is wanted now: they go first, and their end brings us here again.
            symbol.LastOrderNanos = _nowNanos;
            _placement.CancelOpen(sequence, in entry, symbol);
        }
        if (isNothing || hasOpen || pauses)
        {
            if (changed) Record(sequence, symbol, in entry, in answer, RiskVerdict.None, Side.None, Price.Zero, Quantity.Zero);
            return;
        }

        NewOrder order = new(id, side, OrderType.Limit, TimeInForce.ImmediateOrCancel, price, quantity, symbol.Strategy!.Id);
        RiskVerdict verdict = _placement.Check(symbol, in order, modelAgeNanos: ModelAgeOf(symbol));
        if (verdict != RiskVerdict.Approved)
        {
            _placement.Refusals++;
            if (verdict is RiskVerdict.Filter or RiskVerdict.NotTrading) symbol.Patience.OnFiltered();
            // The same refusal of the same wish, hundreds of times a second, is one fact.
            if (changed || verdict != symbol.LastRefusal) Record(sequence, symbol, in entry, in answer, verdict, side, price, quantity);
            if (verdict == RiskVerdict.OrdersWithoutFill && States.OfSymbol(id) == TradingState.Active) Narrow(id, 0, CoreOrder.ReduceOnly, HaltReason.OrdersWithoutFill);
            symbol.LastRefusal = verdict;
            return;
        }
        symbol.LastRefusal = RiskVerdict.None;
        Record(sequence, symbol, in entry, in answer, verdict, side, price, quantity);
        _placement.Place(sequence, symbol, in entry, in order);
    }

    private long ModelAgeOf(SymbolTrading symbol) => symbol.State.Model.TimeNanos > 0 ? _nowNanos - symbol.State.Model.TimeNanos : -1;

    private void Record(long sequence, SymbolTrading symbol, in MarketEvent entry, in StrategyAnswer answer, RiskVerdict verdict, Side side, Price price, Quantity quantity)
    {
        Decisions++;
        DecisionRecord decision = new()
        {
            CauseSequence = sequence,
            InputHash = answer.InputHash,
            Position = symbol.Position.Quantity,
            TargetPosition = answer.Target,
            Price = price,
            OrderQuantity = quantity,
            DownProbability = answer.Down,
            FlatProbability = answer.Flat,
            UpProbability = answer.Up,
            StrategyId = symbol.Strategy!.Id,
            Verdict = verdict,
            Side = side,
        };
        MarketEvent record = OrderPlacement.OutputOf(EventKind.Decision, symbol, in entry);
        _outputs.Append(in record, Payload.Of(ref decision));
    }
}
