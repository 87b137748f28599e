using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Reconciliation;
using Peregrine.Execution.Risk;
using Peregrine.Strategy;

namespace Peregrine.Execution.Trading;

/// <summary>
/// The one way from a wish to an order: asks the risk gate, writes the intent down, and asks the shell to send it. Cancels come through here too.
/// </summary>
internal sealed class OrderPlacement(
    CoreOptions options, SymbolTrading[] symbols, OrderManager orders, TradingStates states, LossWatch losses, Reconciler reconciler,
    RequestQueue requests, IEventWriter outputs)
{
    private readonly OrderRate _rate = new(options.Limits.MaxOrdersPerMinute);
    private readonly Dictionary<AssetCode, long> _freeUnits = new(64); // More assets than symbols can name; it must not grow while trading.

    /// <summary>The core's time, nanoseconds since 1970.</summary>
    public long NowNanos { get; set; }

    public bool GatewayIsReady { get; set; }

    /// <summary>As the last timer told it.</summary>
    public ClockReading Clock { get; set; }

    /// <summary>Orders that the gate refused.</summary>
    public long Refusals { get; set; }

    /// <summary>Realised and unrealised result of all symbols, each marked at its mid.</summary>
    public Notional Result
    {
        get
        {
            Notional result = Notional.Zero;
            foreach (SymbolTrading symbol in symbols) result += symbol.Result;
            return result;
        }
    }

    /// <summary>Free units (1e-8) of an asset as the exchange last said; null while it has not.</summary>
    public long? FreeUnits(AssetCode asset) => _freeUnits.TryGetValue(asset, out long units) ? units : null;

    public void SetFree(AssetCode asset, long units)
    {
        _freeUnits[asset] = units;
        foreach (SymbolTrading symbol in symbols)
            if (symbol.QuoteAsset == asset) symbol.FreeQuote = Notional.FromUnits(units);
    }

    /// <summary>What the gate says to an order.</summary>
    public RiskVerdict Check(SymbolTrading symbol, in NewOrder order, bool isProtection = false, TradingState? state = null, long modelAgeNanos = -1)
    {
        SymbolId id = symbol.Instrument.Id;
        Notional result = Result;
        return RiskGate.Check(
            new RiskInput
            {
                Instrument = symbol.Instrument,
                State = state ?? states.Of(id, order.StrategyId),
                Side = order.Side,
                Type = order.Type,
                Price = order.Price,
                Quantity = order.Quantity,
                StopPrice = order.StopPrice,
                LastPrice = symbol.State.LastTradePrice,
                SteadyPrice = symbol.SteadyPrice,
                BookIsTradable = symbol.State.IsTradable,
                BestBid = symbol.State.Book.BestBid.Price,
                BestAsk = symbol.State.Book.BestAsk.Price,
                DataAgeNanos = NowNanos - symbol.LastBookNanos,
                ModelAgeNanos = modelAgeNanos,
                Position = symbol.Position.Quantity,
                Open = orders.OpenOf(id),
                OpenOrders = orders.OpenCount,
                HasUnknownOrder = orders.HasUnknown(id),
                OtherExposure = options.Limits.MaxGrossExposure.IsZero ? Notional.Zero : OtherExposure(symbol),
                OrdersLastMinute = _rate.Within(NowNanos),
                OrdersWithoutFill = symbol.OrdersWithoutFill,
                IsRepeated = IsRepeated(symbol, in order),
                Result = result,
                Today = losses.Today(result),
                Drawdown = losses.Drawdown(result),
                GatewayIsReady = GatewayIsReady,
                IsReconciled = !options.Reconciles || reconciler.IsReconciled,
                Clock = Clock,
                IsProtection = isProtection,
                FreeQuote = symbol.FreeQuote,
            },
            options.Limits);
    }

    /// <summary>Writes the order down and asks the shell to send it. The gate approved it just now.</summary>
    public void Place(long sequence, SymbolTrading symbol, in MarketEvent cause, in NewOrder order)
    {
        Quantity held = symbol.Position.Quantity;
        bool closes = held.IsNegative == (order.Side == Side.Buy) && order.Quantity <= Quantity.Abs(held);
        OrderIntent intent = WriteDown(sequence, symbol, in cause, in order);
        requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Place, Symbol = symbol.Instrument.Id, Intent = intent, Closes = closes });
    }

    /// <summary>The same for the two legs of an OCO.</summary>
    public void PlaceOco(long sequence, SymbolTrading symbol, in MarketEvent cause, in NewOrder above, in NewOrder below)
    {
        OrderListIntent list = new()
        {
            ListId = orders.NextListId(),
            Above = WriteDown(sequence, symbol, in cause, in above),
            AboveStop = above.StopPrice,
            Below = WriteDown(sequence, symbol, in cause, in below),
            BelowStop = below.StopPrice,
        };
        requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.PlaceList, Symbol = symbol.Instrument.Id, List = list });
    }

    /// <summary>Cancels what is open: of one symbol, or of all. An order of unknown state is cancelled like any other: the answer says what became of it.</summary>
    public void CancelOpen(long sequence, in MarketEvent cause, SymbolTrading? only = null)
    {
        if (orders.OpenCount == 0) return;
        long lastList = 0;
        foreach (ref readonly TrackedOrder order in orders.Orders)
        {
            if (!order.IsOpen || (only is not null && order.Symbol != only.Instrument.Id)) continue;
            if (order.ListNumber != 0 && order.ListNumber == lastList) continue; // Cancelling one leg cancels its list.
            lastList = order.ListNumber;
            Cancel(sequence, in cause, in order);
        }
    }

    public void Cancel(long sequence, in MarketEvent cause, in TrackedOrder order)
    {
        CancelIntent intent = new() { ClientId = order.ClientId, ExchangeOrderId = order.ExchangeOrderId, CauseSequence = sequence };
        MarketEvent record = OutputOf(EventKind.CancelIntent, symbols[order.Symbol.Value - 1], in cause);
        outputs.Append(in record, Payload.Of(ref intent));
        requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Cancel, Symbol = order.Symbol, Cancel = intent });
    }

    /// <summary>A price that takes what is offered now and little more.</summary>
    public Price LimitPrice(SymbolTrading symbol, Side side)
    {
        TradingRules rules = symbol.Instrument.Rules;
        if (side == Side.Buy)
        {
            Price ask = symbol.State.Book.BestAsk.Price;
            return rules.FloorToTick(new Price(ask.Raw + (long)((Int128)ask.Raw * options.ReachBasisPoints / 10_000)));
        }
        Price bid = symbol.State.Book.BestBid.Price;
        return rules.CeilingToTick(new Price(bid.Raw - (long)((Int128)bid.Raw * options.ReachBasisPoints / 10_000)));
    }

    /// <summary>Too little for the exchange to take: it stays, and is not asked for again and again.</summary>
    public static bool IsDust(SymbolTrading symbol, Price price, Quantity quantity) =>
        quantity < symbol.Instrument.Rules.MinQuantity || (!price.IsZero && price * quantity < symbol.Instrument.Rules.MinNotional);

    public static MarketEvent OutputOf(EventKind kind, SymbolTrading symbol, in MarketEvent cause) => new()
    {
        Kind = kind,
        Symbol = symbol.Instrument.Id,
        ExchangeTimeMicros = cause.ExchangeTimeMicros,
        ReceiveTimeNanos = cause.ReceiveTimeNanos,
    };

    private OrderIntent WriteDown(long sequence, SymbolTrading symbol, in MarketEvent cause, in NewOrder order)
    {
        int slot = orders.Add(in order, NowNanos);
        _rate.Count(NowNanos);
        symbol.LastOrderNanos = NowNanos;
        symbol.LastOrder = order;
        if (order.ListRole == ListRole.None) symbol.OrdersWithoutFill++;
        OrderIntent intent = new()
        {
            ClientId = orders[slot].ClientId,
            CauseSequence = sequence,
            Price = order.Price,
            Quantity = order.Quantity,
            StrategyId = order.StrategyId,
            Side = order.Side,
            Type = order.Type,
            TimeInForce = order.TimeInForce,
        };
        MarketEvent record = OutputOf(EventKind.OrderIntent, symbol, in cause);
        record.Plain = new PlainFields { A = order.StopPrice.Raw, B = order.ListNumber, C = (long)order.ListRole };
        outputs.Append(in record, Payload.Of(ref intent));
        return intent;
    }

    private bool IsRepeated(SymbolTrading symbol, in NewOrder order)
    {
        NewOrder last = symbol.LastOrder;
        return order.ListRole == ListRole.None && last.Side == order.Side && last.Price == order.Price && last.Quantity == order.Quantity
            && NowNanos - symbol.LastOrderNanos < options.Limits.DuplicateWindowMillis * 1_000_000L;
    }

    /// <summary>Positions and open orders of all symbols but one, each at its own price.</summary>
    private Notional OtherExposure(SymbolTrading but)
    {
        Notional sum = Notional.Zero;
        foreach (SymbolTrading symbol in symbols)
        {
            if (symbol == but) continue;
            Quantity position = symbol.Position.Quantity;
            ref readonly OpenOrders open = ref orders.OpenOf(symbol.Instrument.Id);
            if (position.IsZero && open.Count == 0) continue;
            Quantity longest = Quantity.Abs(position + open.Buys), shortest = Quantity.Abs(position - open.Sells);
            sum += symbol.Mark * (longest > shortest ? longest : shortest);
        }
        return sum;
    }
}
