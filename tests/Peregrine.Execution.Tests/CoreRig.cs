using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Risk;
using Peregrine.Execution.Trading;
using Peregrine.Strategy;
using Peregrine.Strategy.Features;

namespace Peregrine.Execution.Tests;

/// <summary>A core with one symbol, a strategy that wants what it is told, and a hand that feeds it events one by one.</summary>
internal sealed class CoreRig : IEventWriter, IStrategy
{
    public const long Second = 1_000_000_000;
    private static readonly AssetCode Btc = AssetCode.Create("BTC"), Usdt = AssetCode.Create("USDT");
    private readonly List<CoreRequest> _requests = [];
    private long _sequence;
    private long _trade = 1_000;
    private Quantity? _wish;

    public CoreRig(CoreOptions? options = null)
    {
        InstrumentTable instruments = new();
        instruments.Add(Some.Instrument);
        Core = new TradingCore(options ?? new CoreOptions { Trades = true, Reconciles = true }, instruments, one => new SymbolState(one, new FeatureOptions()), _ => this, this);
        Send(new MarketEvent { Kind = EventKind.Session, Plain = new PlainFields { A = 77, C = 1 } });
    }

    public TradingCore Core { get; }
    public long Now { get; set; } = 1_700_000_000L * Second;

    /// <summary>What the account really holds.</summary>
    public Dictionary<AssetCode, (long Free, long Locked)> Account { get; } = new() { [Btc] = (0, 0), [Usdt] = (10_000 * FixedPoint.One, 0) };

    public string Name => "rig";
    public int Id => 1;

    public SymbolTrading Symbol => Core.Symbols[0];

    public void OnEvent(in StrategyInput input, ref StrategyAnswer answer)
    {
        if (_wish is not { } wish) return;
        answer.HasTarget = true;
        answer.Target = wish;
    }

    public long Append(in MarketEvent entry, ReadOnlySpan<long> payload) => ++_sequence;

    /// <summary>What the core has asked for since the last look, of one kind.</summary>
    public List<CoreRequest> Take(CoreRequestKind kind)
    {
        while (Core.Requests.TryDequeue(out CoreRequest request)) _requests.Add(request);
        List<CoreRequest> found = [.. _requests.Where(one => one.Kind == kind)];
        _requests.RemoveAll(one => one.Kind == kind);
        return found;
    }

    /// <summary>The market at the next tick.</summary>
    public (string Bid, string Ask) Prices { get; set; } = ("99.99", "100.01");

    public void Want(string position) => _wish = Quantity.Parse(position);

    public void Wait(double seconds)
    {
        long end = Now + (long)(seconds * Second);
        while (Now + Second <= end)
        {
            Now += Second;
            Tick();
        }
        Now = end;
    }

    public void Tick(long offsetMicros = 0, long uncertaintyMicros = 0)
    {
        Book();
        Send(new MarketEvent { Kind = EventKind.Timer, Plain = new PlainFields { A = Now, B = offsetMicros, C = uncertaintyMicros } });
    }

    public void Line(bool isUp) => Send(new MarketEvent { Kind = EventKind.Line, Plain = new PlainFields { A = TradingCore.OrderLine, B = isUp ? 1 : 0 } });

    public void Command(CoreOrder order, HaltReason reason = HaltReason.Operator) => Send(new MarketEvent { Kind = EventKind.Command, Plain = new PlainFields { A = (long)order, B = (long)reason } });

    /// <summary>A sound book around 100.</summary>
    public void Book(string? bid = null, string? ask = null)
    {
        (bid, ask) = (bid ?? Prices.Bid, ask ?? Prices.Ask);
        Level[] levels = [new(Price.Parse(bid), Quantity.Parse("50")), new(Price.Parse(ask), Quantity.Parse("50"))];
        MarketEvent depth = new() { Kind = EventKind.Depth20, Symbol = Some.Instrument.Id, Depth = new DepthFields { BidCount = 1, FinalUpdateId = _sequence + 1 } };
        Send(depth, System.Runtime.InteropServices.MemoryMarshal.Cast<Level, long>(levels.AsSpan()));
    }

    public void Report(OrderReport report) => Send(new MarketEvent { Kind = EventKind.OrderReport, Symbol = Some.Instrument.Id }, Payload.Of(ref report));

    /// <summary>The order as the exchange would report it.</summary>
    public static OrderReport Of(in OrderIntent intent, ReportType type, OrderStatus status, string filled = "0", ReportSource source = ReportSource.Stream) => new()
    {
        ClientId = intent.ClientId, ExchangeOrderId = 500 + intent.CauseSequence, TradeId = -1, Price = intent.Price, Quantity = intent.Quantity, Side = intent.Side, Type = intent.Type,
        CumulativeQuantity = Quantity.Parse(filled), CumulativeQuoteUnits = (intent.Price * Quantity.Parse(filled)).ToUnits(), Report = type, Status = status, Source = source,
    };

    /// <summary>Fills an order in the account, and tells of it when asked to.</summary>
    public OrderReport Fill(in OrderIntent intent, string quantity, bool tells = true)
    {
        Quantity size = Quantity.Parse(quantity);
        long quote = (intent.Price * size).ToUnits();
        int sign = intent.Side.Sign();
        Account[Btc] = (Account[Btc].Free + (size.Raw * sign), Account[Btc].Locked);
        Account[Usdt] = (Account[Usdt].Free - (quote * sign), Account[Usdt].Locked);
        OrderReport trade = Of(in intent, ReportType.Trade, size == intent.Quantity ? OrderStatus.Filled : OrderStatus.PartiallyFilled, quantity) with
        {
            TradeId = _trade++, LastPrice = intent.Price, LastQuantity = size, CommissionAsset = Usdt, TransactionTimeMicros = Now / 1_000,
        };
        if (tells) Report(trade);
        return trade;
    }

    /// <summary>Answers a round that the core asked for; false when it asked for none.</summary>
    public bool AnswerRound(Action? between = null, params OrderReport[] found)
    {
        List<CoreRequest> asked = Take(CoreRequestKind.Reconcile);
        if (asked.Count == 0) return false;
        Phase(asked[^1].Round, ReconcilePhase.Begun);
        foreach (OrderReport one in found) Report(one);
        foreach ((AssetCode asset, (long free, long locked)) in Account)
        {
            BalanceUpdate balance = new() { Asset = asset, FreeUnits = free, LockedUnits = locked };
            Send(new MarketEvent { Kind = EventKind.Balance, Plain = new PlainFields { A = (long)ReportSource.Query } }, Payload.Of(ref balance));
        }
        between?.Invoke();
        Phase(asked[^1].Round, ReconcilePhase.Done);
        return true;
    }

    /// <summary>Somebody puts in, or takes out.</summary>
    public void Deposit(AssetCode asset, long units)
    {
        BalanceUpdate balance = new() { Asset = asset };
        Send(new MarketEvent { Kind = EventKind.Balance, Plain = new PlainFields { A = (long)ReportSource.Stream, B = units } }, Payload.Of(ref balance));
    }

    /// <summary>Comes up, agrees with the account, and has a book.</summary>
    public CoreRig Ready()
    {
        Line(isUp: true);
        Book();
        Tick();
        AnswerRound();
        return this;
    }

    /// <summary>Wants a position and returns the order that came of it.</summary>
    public OrderIntent OrderFor(string position)
    {
        Want(position);
        Wait(1);
        return Take(CoreRequestKind.Place).Single().Intent;
    }

    private void Phase(long round, ReconcilePhase phase) => Send(new MarketEvent { Kind = EventKind.Reconcile, Plain = new PlainFields { A = round, B = (long)phase } });

    private void Send(MarketEvent entry, ReadOnlySpan<long> payload = default)
    {
        entry.ReceiveTimeNanos = Now;
        if (payload.Length > 0) entry.PayloadWords = payload.Length;
        Core.OnEvent(++_sequence, in entry, payload);
    }
}
