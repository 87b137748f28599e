using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
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

    /// <summary>A difference between two clocks within a timer's period that is no drift.</summary>
    private const long ClockStepNanos = 500_000_000;

    private readonly CoreOptions _options;
    private readonly InstrumentTable _instruments;
    private readonly IEventWriter _outputs;
    private readonly SymbolTrading[] _symbols;
    private readonly OrderRate _rate;
    private readonly Dictionary<AssetCode, long> _freeUnits = new(64); // More assets than symbols can name; it must not grow on the hot path.
    private long _nowNanos;
    private long _timerNanos;
    private long _timerTicks;
    private bool _gatewayIsReady;
    private bool _cancelsAll;

    /// <param name="options">How targets become orders, and the limits.</param>
    /// <param name="instruments">The symbols of the run; no symbol may join later.</param>
    /// <param name="strategyOf">Makes the strategy of a symbol, or null where nothing trades it.</param>
    /// <param name="stateOf">Makes the book and the features of a symbol.</param>
    /// <param name="outputs">Takes decisions, intents and gaps.</param>
    public TradingCore(CoreOptions options, InstrumentTable instruments, Func<Instrument, SymbolState> stateOf, Func<Instrument, IStrategy?> strategyOf, IEventWriter outputs)
    {
        _options = options;
        _instruments = instruments;
        _outputs = outputs;
        _rate = new OrderRate(options.Limits.MaxOrdersPerMinute);
        _symbols = [.. instruments.All.Select(instrument => new SymbolTrading(instrument, stateOf(instrument), options.Trades ? strategyOf(instrument) : null))];
        State = options.Trades ? TradingState.Active : TradingState.Halted;
    }

    public TradingState State { get; private set; }
    public OrderManager Orders { get; } = new();
    public RequestQueue Requests { get; } = new();

    /// <summary>Gaps in market data since the start.</summary>
    public long Gaps { get; private set; }

    public long Decisions { get; private set; }
    public long Fills { get; private set; }

    /// <summary>Orders that the gate refused.</summary>
    public long Refusals { get; private set; }

    /// <summary>One entry per symbol, in the order of their ids.</summary>
    public IReadOnlyList<SymbolTrading> Symbols => _symbols;

    public SymbolTrading this[SymbolId symbol] => _symbols[symbol.Value - 1];

    /// <summary>Realised and unrealised result of all symbols, each marked at its mid.</summary>
    public Notional Result
    {
        get
        {
            Notional result = Notional.Zero;
            foreach (SymbolTrading symbol in _symbols) result += symbol.Result;
            return result;
        }
    }

    /// <summary>Free units (1e-8) of an asset as the exchange last said; null while it has not.</summary>
    public long? FreeUnits(AssetCode asset) => _freeUnits.TryGetValue(asset, out long units) ? units : null;

    /// <summary>Takes in one event. Outputs go to the writer, requests to <see cref="Requests"/>.</summary>
    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Kind.IsOutput()) return;
        if (entry.ReceiveTimeNanos > _nowNanos) _nowNanos = entry.ReceiveTimeNanos;
        switch (entry.Kind)
        {
            case EventKind.Session: Begin(sequence, in entry, payload); break;
            case EventKind.Timer: OnTimer(sequence, in entry); break;
            case EventKind.Command: OnCommand(sequence, in entry); break;
            case EventKind.Line: OnLine(sequence, in entry, payload); break;
            case EventKind.OrderReport: OnReport(in entry, in Payload.Read<OrderReport>(payload)); break;
            case EventKind.Position: OnPosition(in entry, in Payload.Read<PositionRecord>(payload)); break;
            case EventKind.Balance: OnBalance(in Payload.Read<BalanceUpdate>(payload)); break;
            default: OnMarket(sequence, in entry, payload); break;
        }
    }

    private void Begin(long sequence, in MarketEvent session, ReadOnlySpan<long> payload)
    {
        // Positions stay: a session may begin anew within a process, after the hot thread was restarted. What was asked for before must not be done now.
        Orders.Begin((ulong)session.Plain.A);
        Requests.Clear();
        _gatewayIsReady = false;
        _timerNanos = _timerTicks = 0;
        foreach (SymbolTrading symbol in _symbols) Sense(sequence, symbol, in session, payload);
        if (session.Plain.C > 1) return; // The hot thread came back within its process: what a person or a guard forbade stays forbidden.
        State = _options.Trades ? TradingState.Active : TradingState.Halted;
        _cancelsAll = false;
    }

    private void OnCommand(long sequence, in MarketEvent command)
    {
        var order = (CoreOrder)command.Plain.A;
        State = order switch
        {
            CoreOrder.Halt or CoreOrder.CancelAll => TradingState.Halted,
            CoreOrder.ReduceOnly => TradingState.ReduceOnly,
            CoreOrder.Arm when _options.Trades => TradingState.Active,
            _ => State,
        };
        if (order == CoreOrder.Arm) _cancelsAll = false;
        if (order != CoreOrder.CancelAll) return;
        _cancelsAll = true;
        CancelOpen(sequence, in command);
    }

    /// <summary>An order of unknown state is cancelled like any other: the answer says what became of it.</summary>
    private void CancelOpen(long sequence, in MarketEvent cause)
    {
        if (Orders.OpenCount == 0) return;
        foreach (ref readonly TrackedOrder order in Orders.Orders)
        {
            if (!order.IsOpen) continue;
            CancelIntent intent = new() { ClientId = order.ClientId, ExchangeOrderId = order.ExchangeOrderId, CauseSequence = sequence };
            MarketEvent record = OutputOf(EventKind.CancelIntent, this[order.Symbol], in cause);
            _outputs.Append(in record, Payload.Of(ref intent));
            Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Cancel, Symbol = order.Symbol, Cancel = intent });
        }
    }

    private void OnLine(long sequence, in MarketEvent line, ReadOnlySpan<long> payload)
    {
        if (line.Plain.A == OrderLine)
        {
            _gatewayIsReady = line.Plain.B != 0;
            return;
        }
        foreach (SymbolTrading symbol in _symbols)
        {
            if (!line.Symbol.IsNone && line.Symbol != symbol.Instrument.Id) continue;
            bool told = Sense(sequence, symbol, in line, payload);
            int lost = symbol.State.Trust.Streams.OnLine((int)line.Plain.C, LineEvent.IsUp(in line));
            if (lost != 0 && !told) RecordGap(symbol, in line, BookChange.Gap(GapReason.Disconnected, 0, lost));
        }
    }

    private void OnMarket(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Symbol.IsNone || entry.Symbol.Value > _symbols.Length) return;
        SymbolTrading symbol = this[entry.Symbol];
        Sense(sequence, symbol, in entry, payload);
        Decide(sequence, symbol, in entry, payload);
    }

    private void OnTimer(long sequence, in MarketEvent timer)
    {
        if (_cancelsAll) CancelOpen(sequence, in timer);
        for (int slot = Orders.NextToQuery(_nowNanos); slot >= 0; slot = Orders.NextToQuery(_nowNanos))
        {
            ref readonly TrackedOrder order = ref Orders[slot];
            Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Query, Symbol = order.Symbol, ClientId = order.ClientId });
        }
        long elapsed = _timerNanos == 0 ? 0 : timer.ReceiveTimeNanos - _timerNanos;
        // Timers carry a clock that nobody sets: where the two disagree, ours was.
        long steady = timer.Plain.A - _timerTicks;
        bool clockStepped = _timerTicks != 0 && timer.Plain.A != 0 && Math.Abs(elapsed - steady) > ClockStepNanos;
        _timerNanos = timer.ReceiveTimeNanos;
        _timerTicks = timer.Plain.A;
        foreach (SymbolTrading symbol in _symbols)
        {
            Sense(sequence, symbol, in timer, default);
            Watch(symbol, in timer, elapsed, clockStepped);
            if (symbol.State.Book.WantsSnapshot) RequestSnapshot(symbol);
            Decide(sequence, symbol, in timer, default);
        }
    }

    /// <summary>Returns whether that made a gap.</summary>
    private bool Sense(long sequence, SymbolTrading symbol, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        BookChange change = symbol.OnEvent(in entry, payload);
        if (change.IsGap) RecordGap(symbol, in entry, change);
        if (symbol.State.Book.WantsSnapshot && !symbol.SnapshotRequested) RequestSnapshot(symbol);
        if (!symbol.State.Book.WantsSnapshot) symbol.SnapshotRequested = false;
        return change.IsGap;
    }

    /// <summary>Looks whether the symbol's streams live, and asks for another connection where one does not.</summary>
    private void Watch(SymbolTrading symbol, in MarketEvent timer, long elapsedNanos, bool clockStepped)
    {
        SymbolTrust trust = symbol.State.Trust;
        trust.Tick(elapsedNanos, clockStepped);
        for (StreamFinding finding = trust.Next(); !finding.IsNone; finding = trust.Next())
        {
            if (finding.IsNew) RecordGap(symbol, in timer, BookChange.Gap(finding.Reason, finding.Lost > 0 ? finding.Lost : finding.SinceNanos / 1_000_000, (long)finding.Kind));
            if (finding.Reason is GapReason.Silent or GapReason.Frozen) Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Renew, Symbol = symbol.Instrument.Id, Stream = finding.Kind });
        }
    }

    private void RecordGap(SymbolTrading symbol, in MarketEvent cause, BookChange change)
    {
        Gaps++;
        MarketEvent gap = new()
        {
            Kind = EventKind.Gap,
            Symbol = symbol.Instrument.Id,
            ExchangeTimeMicros = cause.ExchangeTimeMicros,
            ReceiveTimeNanos = cause.ReceiveTimeNanos,
            Plain = new PlainFields { A = (long)change.Reason, B = change.Expected, C = change.Got },
        };
        _outputs.Append(in gap, default);
    }

    private void RequestSnapshot(SymbolTrading symbol)
    {
        // Asked again with each timer while the book still wants one: a request may have been lost, and the feed merges what it has already.
        symbol.SnapshotRequested = true;
        Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Snapshot, Symbol = symbol.Instrument.Id });
    }

    private void OnPosition(in MarketEvent entry, in PositionRecord position)
    {
        if (!entry.Symbol.IsNone && entry.Symbol.Value <= _symbols.Length) this[entry.Symbol].Position.Restore(in position);
    }

    private void OnBalance(in BalanceUpdate balance) => _freeUnits[balance.Asset] = balance.FreeUnits;

    private void OnReport(in MarketEvent entry, in OrderReport report)
    {
        if (entry.Symbol.IsNone || entry.Symbol.Value > _symbols.Length) return;
        ReportEffect effect = Orders.Apply(entry.Symbol, in report, _nowNanos);
        if (!effect.Known) return;
        SymbolTrading symbol = this[entry.Symbol];
        ref readonly TrackedOrder order = ref Orders[effect.Slot];
        if (effect.FilledNow.Raw > 0)
        {
            Fills++;
            symbol.Position.Fill(order.Side, effect.FilledNow, Notional.FromUnits(effect.QuoteUnitsNow));
        }
        if (report.TradeId >= 0 && report.Report == ReportType.Trade) symbol.BookFee(in report);
        if (effect.Ended) Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.OrderEnded, Symbol = entry.Symbol, ClientId = order.ClientId });
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
        if (!answer.HasTarget) return;

        bool changed = answer.Target != symbol.Target || !symbol.HasTarget;
        symbol.Target = answer.Target;
        symbol.HasTarget = true;
        Quantity missing = answer.Target - symbol.Position.Quantity;
        Side side = missing.Raw > 0 ? Side.Buy : Side.Sell;
        Quantity quantity = symbol.Instrument.Rules.FloorToStep(Quantity.Abs(missing));
        bool waits = Orders.HasOpen(symbol.Instrument.Id) || _nowNanos - symbol.LastOrderNanos < _options.OrderPauseMillis * 1_000_000L;
        Price price = symbol.State.IsTradable ? LimitPrice(symbol, side) : Price.Zero;
        if (quantity.IsZero || waits || IsDust(symbol, price, quantity))
        {
            if (changed) Record(sequence, symbol, in entry, in answer, RiskVerdict.None, Side.None, Price.Zero, Quantity.Zero);
            return;
        }

        RiskVerdict verdict = RiskGate.Check(Question(symbol, side, price, quantity), _options.Limits);
        if (verdict != RiskVerdict.Approved)
        {
            Refusals++;
            // The same refusal of the same wish, hundreds of times a second, is one fact.
            if (changed || verdict != symbol.LastRefusal) Record(sequence, symbol, in entry, in answer, verdict, side, price, quantity);
            symbol.LastRefusal = verdict;
            return;
        }
        symbol.LastRefusal = RiskVerdict.None;
        Record(sequence, symbol, in entry, in answer, verdict, side, price, quantity);
        Place(sequence, symbol, in entry, side, price, quantity, symbol.Strategy.Id);
    }

    private RiskInput Question(SymbolTrading symbol, Side side, Price price, Quantity quantity) => new()
    {
        Instrument = symbol.Instrument,
        State = State,
        Side = side,
        Type = OrderType.Limit,
        Price = price,
        Quantity = quantity,
        BookIsTradable = symbol.State.IsTradable,
        BestBid = symbol.State.Book.BestBid.Price,
        BestAsk = symbol.State.Book.BestAsk.Price,
        DataAgeNanos = _nowNanos - symbol.LastBookNanos,
        Position = symbol.Position.Quantity,
        OpenBuyQuantity = Orders.OpenQuantity(symbol.Instrument.Id, Side.Buy),
        OpenSellQuantity = Orders.OpenQuantity(symbol.Instrument.Id, Side.Sell),
        OpenOrders = Orders.OpenCount,
        HasUnknownOrder = Orders.HasUnknown(symbol.Instrument.Id),
        OrdersLastMinute = _rate.Within(_nowNanos),
        Result = Result,
        GatewayIsReady = _gatewayIsReady,
        FreeQuote = FreeUnits(symbol.QuoteAsset) is { } units ? Notional.FromUnits(units) : null,
    };

    private void Place(long sequence, SymbolTrading symbol, in MarketEvent entry, Side side, Price price, Quantity quantity, int strategyId)
    {
        int slot = Orders.Add(symbol.Instrument.Id, side, OrderType.Limit, TimeInForce.ImmediateOrCancel, price, quantity, strategyId, _nowNanos);
        _rate.Count(_nowNanos);
        symbol.LastOrderNanos = _nowNanos;
        OrderIntent intent = new()
        {
            ClientId = Orders[slot].ClientId,
            CauseSequence = sequence,
            Price = price,
            Quantity = quantity,
            StrategyId = strategyId,
            Side = side,
            Type = OrderType.Limit,
            TimeInForce = TimeInForce.ImmediateOrCancel,
        };
        MarketEvent record = OutputOf(EventKind.OrderIntent, symbol, in entry);
        _outputs.Append(in record, Payload.Of(ref intent));
        Requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Place, Symbol = symbol.Instrument.Id, Intent = intent });
    }

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
        MarketEvent record = OutputOf(EventKind.Decision, symbol, in entry);
        _outputs.Append(in record, Payload.Of(ref decision));
    }

    private static MarketEvent OutputOf(EventKind kind, SymbolTrading symbol, in MarketEvent cause) => new()
    {
        Kind = kind,
        Symbol = symbol.Instrument.Id,
        ExchangeTimeMicros = cause.ExchangeTimeMicros,
        ReceiveTimeNanos = cause.ReceiveTimeNanos,
    };

    /// <summary>A price that takes what is offered now and little more.</summary>
    private Price LimitPrice(SymbolTrading symbol, Side side)
    {
        TradingRules rules = symbol.Instrument.Rules;
        if (side == Side.Buy)
        {
            Price ask = symbol.State.Book.BestAsk.Price;
            return rules.FloorToTick(new Price(ask.Raw + (long)((Int128)ask.Raw * _options.ReachBasisPoints / 10_000)));
        }
        Price bid = symbol.State.Book.BestBid.Price;
        return rules.CeilingToTick(new Price(bid.Raw - (long)((Int128)bid.Raw * _options.ReachBasisPoints / 10_000)));
    }

    /// <summary>Too little for the exchange to take: it stays, and is not asked for again and again.</summary>
    private static bool IsDust(SymbolTrading symbol, Price price, Quantity quantity) =>
        quantity < symbol.Instrument.Rules.MinQuantity || (!price.IsZero && price * quantity < symbol.Instrument.Rules.MinNotional);
}
