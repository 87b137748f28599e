using System.Text;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Journal;
using Peregrine.Execution.Portfolio;
using Peregrine.Execution.Risk;
using Peregrine.MarketData;

namespace Peregrine.Execution.Trading;

/// <summary>
/// Around the core, on its thread: does what it asks for, tells it of time and of the gateway, and begins its sessions with what earlier ones left. Live trading
/// and the whole-system simulation run this same class. Nothing here allocates once a session has begun.
/// </summary>
public sealed class CoreShell
{
    /// <summary>
    /// The journal forgets an order only when its last report is surely in the recording (a batch is 250 ms at most): a killed process would otherwise
    /// lose a fill that neither of them has.
    /// </summary>
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromSeconds(2);

    /// <summary>Records that the journal must have room for; far above what one second can bring.</summary>
    private const int JournalRoomMin = 512;

    private readonly CoreShellParts _parts;
    private readonly TradingCore _core;
    private readonly IEventWriter _events;
    private readonly byte[][] _symbols;
    private readonly Queue<(ClientOrderId Order, long Stamp)> _ended = new(Orders.OrderManager.Capacity);
    private bool _gatewayWasReady;
    private bool _serving;

    public CoreShell(CoreShellParts parts, TradingCore core, IEventWriter events)
    {
        _parts = parts;
        _core = core;
        _events = events;
        _symbols = [.. parts.Instruments.All.Select(instrument => Encoding.UTF8.GetBytes(instrument.Symbol))];
    }

    /// <summary>Where market data comes from in this session.</summary>
    public IMarketFeed Feed { get; private set; } = null!;

    /// <summary>Where orders go; null where nothing is traded.</summary>
    public IOrderGateway? Gateway { get; private set; }

    public long OrdersSent { get; private set; }

    /// <summary>Begins a session: the core starts anew, takes over what earlier sessions left, and counts orders without an end as exposure.</summary>
    /// <param name="session">Its number, boot nonce and setup.</param>
    public void Begin(IMarketFeed feed, IOrderGateway? gateway, in SessionStart session)
    {
        Feed = feed;
        Gateway = gateway;
        _gatewayWasReady = false;
        _serving = false;
        // What is booked of an order without an end already is looked up before the core begins anew.
        bool isFirst = session.Generation <= 1;
        List<(SymbolId Symbol, OrderReport Report)> open =
            [.. (_parts.Journal?.ReadOpen() ?? []).Where(intent => _parts.Instruments.TryGet(intent.Symbol, out _)).Select(intent => UnknownOf(intent, isFirst))];
        MarketEvent begin = new()
        {
            Kind = EventKind.Session,
            ReceiveTimeNanos = _parts.Time.GetUnixNanos(),
            Plain = new PlainFields { A = (long)session.BootNonce, B = session.TextBytes, C = session.Generation },
        };
        _events.Append(in begin, session.Words);
        foreach (SymbolTrading symbol in _core.Symbols) TellRules(symbol.Instrument);
        if (isFirst) TakeOver();
        foreach ((SymbolId symbol, OrderReport report) in open)
        {
            OrderReport copy = report;
            MarketEvent entry = new() { Kind = EventKind.OrderReport, Symbol = symbol, ReceiveTimeNanos = _parts.Time.GetUnixNanos() };
            _events.Append(in entry, Payload.Of(ref copy));
            if (!isFirst) continue; // The core knows its own trades.
            foreach (BookedTrade trade in _parts.History.TradesOf(report.ClientId))
            {
                // No sum and no commission: it only says that this trade and its fee are booked.
                OrderReport booked = new()
                {
                    ClientId = report.ClientId, TradeId = trade.TradeId, LastPrice = trade.Price, LastQuantity = trade.Quantity, Report = ReportType.Trade, Source = ReportSource.Local,
                };
                _events.Append(in entry, Payload.Of(ref booked));
            }
        }
        if (isFirst) TellKnownTrades();
    }

    /// <summary>Takes in what the gateway has, and tells the core when it comes up or goes down. True when there was anything.</summary>
    public bool PollGateway()
    {
        if (Gateway is null) return false;
        bool any = Gateway.Poll();
        if (Gateway.IsReady == _gatewayWasReady) return any;
        _gatewayWasReady = Gateway.IsReady;
        MarketEvent line = new()
        {
            Kind = EventKind.Line,
            ReceiveTimeNanos = _parts.Time.GetUnixNanos(),
            Plain = new PlainFields { A = TradingCore.OrderLine, B = _gatewayWasReady ? 1 : 0 },
        };
        _events.Append(in line, default);
        return true;
    }

    /// <summary>Once a second: tells the core of time and of the exchange's clock, and lets the journal forget what is over.</summary>
    /// <param name="steadyNanos">A clock that nobody sets.</param>
    public void Tick(long steadyNanos)
    {
        ClockReading clock = Gateway?.Clock ?? ClockReading.Same;
        MarketEvent timer = new()
        {
            Kind = EventKind.Timer,
            ReceiveTimeNanos = _parts.Time.GetUnixNanos(),
            Plain = new PlainFields { A = steadyNanos, B = clock.OffsetMicros, C = clock.UncertaintyMicros },
        };
        _events.Append(in timer, default);
        if (_parts.Journal is not { } journal) return;
        while (_ended.TryPeek(out (ClientOrderId Order, long Stamp) ended) && _parts.Time.GetElapsedTime(ended.Stamp) >= ForgetAfter) journal.End(_ended.Dequeue().Order, _parts.Time.GetUnixNanos());
        if (journal.Free < JournalRoomMin) journal.Compact(); // Rare, and searches memory only.
    }

    /// <summary>Tells the core what a person or a guard wants.</summary>
    public void Command(in CoreCommand command)
    {
        MarketEvent entry = new()
        {
            Kind = EventKind.Command,
            Symbol = command.Symbol,
            ReceiveTimeNanos = _parts.Time.GetUnixNanos(),
            Plain = new PlainFields { A = (long)command.Order, B = (long)command.Reason, C = command.Strategy },
        };
        _events.Append(in entry, default);
    }

    /// <summary>Does what the core asked for. What that publishes comes back to the core and only queues further requests.</summary>
    public void Serve()
    {
        if (_serving || _core.Requests.Count == 0) return;
        _serving = true;
        while (_core.Requests.TryDequeue(out CoreRequest request))
        {
            switch (request.Kind)
            {
                case CoreRequestKind.Place: Place(in request); break;
                case CoreRequestKind.PlaceList: PlaceList(in request); break;
                case CoreRequestKind.Cancel: Gateway?.Cancel(in request.Cancel, _core[request.Symbol].Instrument); break;
                case CoreRequestKind.Query: Gateway?.Query(request.ClientId, _core[request.Symbol].Instrument); break;
                case CoreRequestKind.Snapshot: Feed.RequestSnapshot(request.Symbol); break;
                case CoreRequestKind.Renew: Feed.Renew(request.Symbol, request.Stream); break;
                case CoreRequestKind.Reconcile: Reconcile(request.Round); break;
                case CoreRequestKind.OrderEnded: _ended.Enqueue((request.ClientId, _parts.Time.GetTimestamp())); break;
                case CoreRequestKind.Rules: Feed.RequestRules(request.Symbol); break;
                case CoreRequestKind.Alert: _parts.OnAlert?.Invoke(in request); break;
            }
        }
        _serving = false;
    }

    private void Place(in CoreRequest request)
    {
        Instrument instrument = _core[request.Symbol].Instrument;
        SendResult result = SendResult.NotSent;
        // No intent, no order; and an incarnation that was given up has no orders to send.
        if (MayOrder() && WriteDown(instrument.Id, in request.Intent)) result = Gateway!.Place(in request.Intent, instrument, request.Closes);
        if (result == SendResult.Sent)
        {
            OrdersSent++;
            _parts.OnSent?.Invoke();
            return;
        }
        Report(instrument.Id, in request.Intent, result);
    }

    private void PlaceList(in CoreRequest request)
    {
        Instrument instrument = _core[request.Symbol].Instrument;
        SendResult result = SendResult.NotSent;
        ref readonly OrderListIntent list = ref request.List;
        if (MayOrder() && IsWrittenOrAbsent(instrument.Id, in list.Working) && IsWrittenOrAbsent(instrument.Id, in list.Above) && IsWrittenOrAbsent(instrument.Id, in list.Below))
            result = Gateway!.PlaceList(in list, instrument);
        if (result == SendResult.Sent)
        {
            OrdersSent++;
            return;
        }
        if (!list.Working.ClientId.IsEmpty) Report(instrument.Id, in list.Working, result);
        if (!list.Above.ClientId.IsEmpty) Report(instrument.Id, in list.Above, result);
        if (!list.Below.ClientId.IsEmpty) Report(instrument.Id, in list.Below, result);
    }

    private bool MayOrder() => Gateway is not null && (_parts.MayOrder?.Invoke() ?? true);

    private bool WriteDown(SymbolId symbol, in OrderIntent intent) =>
        _parts.Journal is { } journal && journal.Append(_symbols[symbol.Value - 1], in intent, _parts.Time.GetUnixNanos());

    private bool IsWrittenOrAbsent(SymbolId symbol, in OrderIntent intent) => intent.ClientId.IsEmpty || WriteDown(symbol, in intent);

    private void Reconcile(long round)
    {
        if (Gateway is { IsReady: true } && Gateway.Reconcile(round, _core.Reconciler.TradesFrom)) return;
        MarketEvent failed = new()
        {
            Kind = EventKind.Reconcile,
            ReceiveTimeNanos = _parts.Time.GetUnixNanos(),
            Plain = new PlainFields { A = round, B = (long)ReconcilePhase.Failed },
        };
        _events.Append(in failed, default);
    }

    private void Report(SymbolId symbol, in OrderIntent intent, SendResult result)
    {
        OrderReport report = ReportOf(in intent);
        report.Report = result == SendResult.Unknown ? ReportType.Unknown : ReportType.Rejected;
        report.Status = result == SendResult.Unknown ? OrderStatus.Unknown : OrderStatus.Rejected;
        MarketEvent entry = new() { Kind = EventKind.OrderReport, Symbol = symbol, ReceiveTimeNanos = _parts.Time.GetUnixNanos() };
        _events.Append(in entry, Payload.Of(ref report));
    }

    /// <summary>What earlier processes left: the latched level first, so that nothing can be ordered in between.</summary>
    private void TakeOver()
    {
        if (_parts.Latched is { Level: not KillLevel.None } latched) Command(CoreCommand.Of(latched.Level, latched.Reason == HaltReason.None ? HaltReason.Latched : latched.Reason));
        foreach ((string name, PositionRecord position) in _parts.History.Positions)
        {
            if (!_parts.Instruments.TryGet(name, out Instrument instrument)) continue;
            PositionRecord record = position;
            MarketEvent entry = new() { Kind = EventKind.Position, Symbol = instrument.Id, ReceiveTimeNanos = _parts.Time.GetUnixNanos() };
            _events.Append(in entry, Payload.Of(ref record));
        }
        foreach ((AssetCode asset, long units) in _parts.History.Expected)
        {
            BalanceUpdate holding = new() { Asset = asset, FreeUnits = units };
            MarketEvent entry = new() { Kind = EventKind.Holding, ReceiveTimeNanos = _parts.Time.GetUnixNanos() };
            _events.Append(in entry, Payload.Of(ref holding));
        }
        foreach ((string name, long from) in _parts.History.TradesFrom)
        {
            if (!_parts.Instruments.TryGet(name, out Instrument instrument)) continue;
            MarketEvent entry = new() { Kind = EventKind.Holding, Symbol = instrument.Id, ReceiveTimeNanos = _parts.Time.GetUnixNanos(), Plain = new PlainFields { A = from } };
            _events.Append(in entry, default);
        }
        if (_parts.RiskMemory is not { } kept) return;
        RiskMemory memory = kept;
        MarketEvent risk = new() { Kind = EventKind.RiskMemory, ReceiveTimeNanos = _parts.Time.GetUnixNanos() };
        _events.Append(in risk, Payload.Of(ref memory));
    }

    /// <summary>A replay has to know the rules that this run knew.</summary>
    private void TellRules(Instrument instrument)
    {
        RulesRecord rules = RulesRecord.Of(instrument);
        MarketEvent entry = new() { Kind = EventKind.Rules, Symbol = instrument.Id, ReceiveTimeNanos = _parts.Time.GetUnixNanos() };
        _events.Append(in entry, Payload.Of(ref rules));
    }

    /// <summary>Trades that are in the ledger already although no round has told them: the first one will. Behind the open orders, which need their own trades as new ones.</summary>
    private void TellKnownTrades()
    {
        foreach ((string name, long tradeId) in _parts.History.KnownTrades)
        {
            if (!_parts.Instruments.TryGet(name, out Instrument instrument)) continue;
            MarketEvent entry = new() { Kind = EventKind.Holding, Symbol = instrument.Id, ReceiveTimeNanos = _parts.Time.GetUnixNanos(), Plain = new PlainFields { B = tradeId, C = 1 } };
            _events.Append(in entry, default);
        }
    }

    private (SymbolId Symbol, OrderReport Report) UnknownOf(OpenIntent open, bool isFirst)
    {
        _ = _parts.Instruments.TryGet(open.Symbol, out Instrument instrument);
        OrderIntent intent = open.Intent;
        OrderReport report = ReportOf(in intent);
        (report.CumulativeQuantity, report.CumulativeQuoteUnits) = isFirst ? _parts.History.BookedOf(report.ClientId) : _core.Orders.BookedOf(report.ClientId);
        report.ExchangeOrderId = isFirst ? _parts.History.ExchangeOrderIdOf(report.ClientId) : _core.Orders.ExchangeOrderIdOf(report.ClientId);
        report.Report = ReportType.Unknown;
        report.Status = OrderStatus.Unknown;
        report.TransactionTimeMicros = open.WrittenNanos / 1_000;
        return (instrument.Id, report);
    }

    private static OrderReport ReportOf(in OrderIntent intent) => new()
    {
        ClientId = intent.ClientId,
        TradeId = -1,
        Price = intent.Price,
        Quantity = intent.Quantity,
        Source = ReportSource.Local,
        Side = intent.Side,
        Type = intent.Type,
        TimeInForce = intent.TimeInForce,
    };
}

/// <summary>Hears what people should hear of; on the core's thread.</summary>
public delegate void CoreAlertHandler(in CoreRequest alert);

/// <summary>How a session begins.</summary>
/// <param name="BootNonce">No other session has it: order ids are made of it.</param>
/// <param name="Generation">1 for the first of a process.</param>
/// <param name="Words">How the core was set up, JSON in UTF-8, as payload words.</param>
/// <param name="TextBytes">Bytes of that text.</param>
public readonly record struct SessionStart(ulong BootNonce, long Generation, long[] Words, int TextBytes);

/// <summary>What a shell is given.</summary>
public sealed record CoreShellParts
{
    public required InstrumentTable Instruments { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>Null where nothing is traded: then nothing can be ordered.</summary>
    public required IIntentJournal? Journal { get; init; }

    /// <summary>What earlier live processes left.</summary>
    public PositionHistory History { get; init; } = PositionHistory.None;

    /// <summary>The level that an earlier process latched.</summary>
    public (KillLevel Level, HaltReason Reason) Latched { get; init; }

    /// <summary>The day and the peak of an earlier process.</summary>
    public RiskMemory? RiskMemory { get; init; }

    /// <summary>False once this incarnation was given up: it must not order any more.</summary>
    public Func<bool>? MayOrder { get; init; }

    /// <summary>An order's bytes left just now.</summary>
    public Action? OnSent { get; init; }

    public CoreAlertHandler? OnAlert { get; init; }
}
