using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Execution.Orders;

/// <summary>What a report changed.</summary>
/// <param name="Known">Whether it was about an order of ours.</param>
/// <param name="Adopted">It has our prefix, and was not known until now.</param>
/// <param name="WasAbsent">The order had been given up as never having arrived, and lives or filled after all.</param>
public readonly record struct ReportEffect(bool Known, int Slot, Quantity FilledNow, long QuoteUnitsNow, bool Ended, bool WasAbsent = false, bool Adopted = false);

/// <summary>An order as it is to be written down.</summary>
public readonly record struct NewOrder(SymbolId Symbol, Side Side, OrderType Type, TimeInForce TimeInForce, Price Price, Quantity Quantity, int StrategyId)
{
    public Price StopPrice { get; init; }
    public long ListNumber { get; init; }
    public ListRole ListRole { get; init; }
}

/// <summary>
/// Follows each of our orders from intent to its end, whatever order, number and source the reports come in: fills are booked by the larger of the cumulative
/// quantity and the sum of distinct trades, so a fill that is told twice is booked once; an end is final; what nobody confirmed stays exposure until it is
/// proved absent, and is watched for a day even then.
/// </summary>
public sealed class OrderManager
{
    /// <summary>Orders that can be followed at a time; a power of two far above any limit of open orders.</summary>
    public const int Capacity = 1_024;

    /// <summary>How long an order may still enter the book after it was sent: receive window (1 s), the exchange's own time-out (10 s), and one second on top.</summary>
    public const long EntryWindowNanos = 12_000_000_000;

    /// <summary>No answer for so long makes the order's fate unknown.</summary>
    public const long AnswerWithinNanos = 3_000_000_000;

    /// <summary>How long an order that was given up as absent is remembered: fills hours later were seen.</summary>
    public const long WatchNanos = 24L * 3_600 * 1_000_000_000;

    /// <summary>Answers past the window that must deny an order before a clean round may end it.</summary>
    public const int AbsencesNeeded = 2;

    private static readonly long[] QueryDelaysNanos = [300_000_000, 1_000_000_000, 3_000_000_000, 8_000_000_000, 13_000_000_000, 30_000_000_000];

    private readonly TrackedOrder[] _orders = new TrackedOrder[Capacity];
    private readonly OpenOrders _nothingOpen;
    private OpenOrders _open; // The last answer of OpenOf.
    private ClientOrderIds _ids;
    private long _next = 1;
    private long _nextList = 1;

    public int OpenCount { get; private set; }
    public long Placed { get; private set; }
    public long Ended { get; private set; }

    /// <summary>Orders of unknown fate.</summary>
    public int UnknownCount { get; private set; }

    /// <summary>Reports about orders that are not ours or not known.</summary>
    public long Foreign { get; private set; }

    /// <summary>All slots; those without a status are free.</summary>
    public ReadOnlySpan<TrackedOrder> Orders => _orders;

    public ref readonly TrackedOrder this[int slot] => ref _orders[slot];

    /// <summary>Forgets everything: a new process began, with a boot nonce that no other has.</summary>
    public void Begin(ulong bootNonce)
    {
        _ids = new ClientOrderIds(bootNonce);
        Array.Clear(_orders);
        OpenCount = 0;
        UnknownCount = 0;
        _next = 1;
        _nextList = 1;
    }

    /// <summary>A number that the orders of one list share.</summary>
    public long NextListNumber() => _nextList++;

    /// <summary>The id of a list, which shares the sequence of ids with orders.</summary>
    public ClientOrderId NextListId() => _ids.Create(_next++);

    /// <summary>Writes an order down before it is sent, and gives it its id.</summary>
    /// <exception cref="InvalidOperationException">Every slot holds an open order: a limit far above the risk gate's was broken.</exception>
    public int Add(in NewOrder order, long nowNanos)
    {
        int slot = FreeSlot(nowNanos);
        long sequence = _next++;
        _orders[slot] = new TrackedOrder
        {
            Sequence = sequence,
            Symbol = order.Symbol,
            Side = order.Side,
            Type = order.Type,
            TimeInForce = order.TimeInForce,
            Price = order.Price,
            Quantity = order.Quantity,
            StrategyId = order.StrategyId,
            StopPrice = order.StopPrice,
            ListNumber = order.ListNumber,
            ListRole = order.ListRole,
            SentNanos = nowNanos,
            Status = OrderStatus.Sent,
        };
        _ids.Create(sequence, out _orders[slot].ClientId);
        OpenCount++;
        Placed++;
        return slot;
    }

    /// <summary>Applies one report.</summary>
    /// <param name="isNewTrade">Whether the report tells a trade (TradeId, LastPrice, LastQuantity) that was not told before.</param>
    public ReportEffect Apply(SymbolId symbol, in OrderReport report, bool isNewTrade, long nowNanos)
    {
        bool adopted = false;
        int slot = report.ClientId.IsEmpty ? FindByExchangeId(symbol, report.ExchangeOrderId) : Find(report.ClientId);
        if (slot < 0)
        {
            if (!ClientOrderIds.IsOurs(report.ClientId.Utf8) || report.Quantity.Raw <= 0) // A fill without its order tells nothing to follow.
            {
                Foreign++;
                return default;
            }
            slot = Adopt(symbol, in report, nowNanos);
            adopted = true;
        }

        ref TrackedOrder order = ref _orders[slot];
        bool wasOpen = order.IsOpen, wasUnknown = order.Status == OrderStatus.Unknown, wasAbsent = order.Status == OrderStatus.Absent;
        if (report.ExchangeOrderId > 0) order.ExchangeOrderId = report.ExchangeOrderId;
        (Quantity filled, long quoteUnits) = Book(ref order, in report, isNewTrade);
        Move(ref order, in report, nowNanos);
        Count(ref order, wasOpen, wasUnknown, nowNanos);
        bool revived = wasAbsent && (filled.Raw > 0 || order.Status != OrderStatus.Absent);
        return new ReportEffect(true, slot, filled, quoteUnits, wasOpen && !order.IsOpen, revived, adopted);
    }

    /// <summary>An intent that an earlier core wrote down, where its past is read again: without it a trade that only names the exchange's number would be anybody's.</summary>
    internal void Know(SymbolId symbol, in OrderIntent intent, long nowNanos)
    {
        if (Find(intent.ClientId) >= 0) return;
        int slot = FreeSlot(nowNanos);
        _orders[slot] = new TrackedOrder
        {
            ClientId = intent.ClientId,
            Sequence = _next++,
            Symbol = symbol,
            Side = intent.Side,
            Type = intent.Type,
            TimeInForce = intent.TimeInForce,
            Price = intent.Price,
            Quantity = intent.Quantity,
            StrategyId = intent.StrategyId,
            SentNanos = nowNanos,
            Status = OrderStatus.Sent,
        };
        OpenCount++;
    }

    /// <summary>Marks an order as listed by the exchange in a round of questions.</summary>
    internal void Seen(int slot, long round) => _orders[slot].SeenRound = round;

    /// <summary>Whatever the order was thought to be, the exchange does not list it: it has to be asked for.</summary>
    internal void Doubt(int slot, long nowNanos)
    {
        ref TrackedOrder order = ref _orders[slot];
        bool wasUnknown = order.Status == OrderStatus.Unknown;
        BecomeUnknown(ref order, nowNanos);
        Count(ref order, wasOpen: true, wasUnknown, nowNanos);
    }

    /// <summary>The end of an order that is denied by every source there is. What was booked of it stays booked.</summary>
    internal void GiveUp(int slot, long nowNanos)
    {
        ref TrackedOrder order = ref _orders[slot];
        order.Status = order.Booked.IsZero ? OrderStatus.Absent : order.Booked >= order.Quantity ? OrderStatus.Filled : OrderStatus.Expired;
        Count(ref order, wasOpen: true, wasUnknown: true, nowNanos);
    }

    /// <summary>Binds a trade whose order id nobody told us to the order that it must belong to.</summary>
    internal void Bind(int slot, long exchangeOrderId) => _orders[slot].ExchangeOrderId = exchangeOrderId;

    /// <summary>What was booked of an order so far; zero for one that is not known.</summary>
    public (Quantity Quantity, long QuoteUnits) BookedOf(ClientOrderId id) => Find(id) is >= 0 and var slot ? (_orders[slot].Booked, _orders[slot].BookedQuoteUnits) : default;

    /// <summary>The exchange's number of an order; 0 where it is not known.</summary>
    public long ExchangeOrderIdOf(ClientOrderId id) => Find(id) is >= 0 and var slot ? _orders[slot].ExchangeOrderId : 0;

    /// <summary>Whether an order of the symbol may be live without our knowing.</summary>
    public bool HasUnknown(SymbolId symbol)
    {
        if (UnknownCount == 0) return false;
        foreach (ref readonly TrackedOrder order in _orders.AsSpan())
            if (order.Status == OrderStatus.Unknown && order.Symbol == symbol) return true;
        return false;
    }

    /// <summary>Orders and quantities of a symbol that are open, unknown ones included at their full size; valid until the next call.</summary>
    public ref readonly OpenOrders OpenOf(SymbolId symbol)
    {
        if (OpenCount == 0) return ref _nothingOpen;
        ref OpenOrders open = ref _open;
        open = default;
        for (int slot = 0; slot < _orders.Length; slot++)
        {
            ref readonly TrackedOrder order = ref _orders[slot];
            if (!order.IsOpen || order.Symbol != symbol) continue;
            open.Count++;
            if (order.ListRole != ListRole.None) open.InLists++;
            if (!order.StopPrice.IsZero) open.Stops++;
            if (order.Side == Side.Buy && !order.Price.IsZero) open.HighestBuy = Price.Max(open.HighestBuy, order.Price);
            if (order.Side == Side.Sell && !order.Price.IsZero) open.LowestSell = open.LowestSell.IsZero ? order.Price : Price.Min(open.LowestSell, order.Price);
            if (IsLesserLeg(slot)) continue; // Only one leg of an OCO can fill.
            if (order.Side == Side.Buy) open.Buys += order.Remaining;
            else open.Sells += order.Remaining;
        }
        return ref open;
    }

    public bool HasOpen(SymbolId symbol)
    {
        if (OpenCount == 0) return false;
        foreach (ref readonly TrackedOrder order in _orders.AsSpan())
            if (order.IsOpen && order.Symbol == symbol) return true;
        return false;
    }

    /// <summary>The next order whose state should be asked for now, or -1. Sent orders without an answer become unknown here.</summary>
    public int NextToQuery(long nowNanos)
    {
        if (OpenCount == 0) return -1;
        for (int slot = 0; slot < _orders.Length; slot++)
        {
            ref TrackedOrder order = ref _orders[slot];
            if (order.Status == OrderStatus.Sent && nowNanos - order.SentNanos >= AnswerWithinNanos)
            {
                BecomeUnknown(ref order, nowNanos);
                Count(ref order, wasOpen: true, wasUnknown: false, nowNanos);
            }
            if (order.Status != OrderStatus.Unknown || nowNanos < order.NextQueryNanos) continue;
            order.Queries++;
            order.NextQueryNanos = nowNanos + QueryDelaysNanos[Math.Min(order.Queries, QueryDelaysNanos.Length - 1)];
            return slot;
        }
        return -1;
    }

    /// <summary>The slot of an order by the exchange's number, or -1.</summary>
    internal int FindByExchangeId(SymbolId symbol, long exchangeOrderId)
    {
        if (exchangeOrderId <= 0) return -1;
        for (int slot = 0; slot < _orders.Length; slot++)
            if (_orders[slot].ExchangeOrderId == exchangeOrderId && _orders[slot].Symbol == symbol && _orders[slot].Status != OrderStatus.None) return slot;
        return -1;
    }

    /// <summary>Whether another leg of the same OCO stands for this one in sums of what may fill: the larger, and of equals the first.</summary>
    private bool IsLesserLeg(int slot)
    {
        ref readonly TrackedOrder order = ref _orders[slot];
        if (order.ListRole is not (ListRole.Above or ListRole.Below)) return false;
        for (int other = 0; other < _orders.Length; other++)
        {
            ref readonly TrackedOrder leg = ref _orders[other];
            if (other == slot || !leg.IsOpen || leg.ListNumber != order.ListNumber || leg.ListRole is not (ListRole.Above or ListRole.Below)) continue;
            if (leg.Remaining > order.Remaining || (leg.Remaining == order.Remaining && other < slot)) return true;
        }
        return false;
    }

    private void Count(ref TrackedOrder order, bool wasOpen, bool wasUnknown, long nowNanos)
    {
        bool isUnknown = order.Status == OrderStatus.Unknown;
        if (isUnknown != wasUnknown) UnknownCount += isUnknown ? 1 : -1;
        if (order.IsOpen == wasOpen) return;
        if (wasOpen)
        {
            OpenCount--;
            Ended++;
            order.EndedNanos = nowNanos;
        }
        else
        {
            OpenCount++;
            order.EndedNanos = 0;
        }
    }

    private static (Quantity Filled, long QuoteUnits) Book(ref TrackedOrder order, in OrderReport report, bool isNewTrade)
    {
        if (isNewTrade)
        {
            order.Traded += report.LastQuantity;
            order.TradedQuoteUnits += (report.LastPrice * report.LastQuantity).ToUnits();
        }
        bool byTrades = order.Traded > report.CumulativeQuantity;
        Quantity cumulative = byTrades ? order.Traded : report.CumulativeQuantity;
        long cumulativeQuote = byTrades ? order.TradedQuoteUnits : report.CumulativeQuoteUnits;
        if (cumulative <= order.Booked) return (Quantity.Zero, 0);
        if (cumulative > order.Quantity && order.Quantity.Raw > 0)
            throw new InvalidOperationException($"Order {order.ClientId} of {order.Quantity} was reported filled with {cumulative}.");
        Quantity filled = cumulative - order.Booked;
        long quoteUnits = cumulativeQuote - order.BookedQuoteUnits;
        if (cumulativeQuote <= 0 || quoteUnits < 0)
        {
            // The exchange says -1 where it does not know the sum: the limit price is what it can have cost at most.
            Price price = report.LastPrice.Raw > 0 ? report.LastPrice : order.Price;
            quoteUnits = (price * filled).ToUnits();
        }
        order.Booked = cumulative;
        order.BookedQuoteUnits += quoteUnits;
        return (filled, quoteUnits);
    }

    private static void Move(ref TrackedOrder order, in OrderReport report, long nowNanos)
    {
        bool isAbsent = order.Status == OrderStatus.Absent;
        if (!order.IsOpen && !isAbsent)
        {
            if (order.Booked >= order.Quantity) order.Status = OrderStatus.Filled; // A fill behind the end: it counts, and the end was another one.
            return;
        }
        switch (report.Report)
        {
            case ReportType.Unknown or ReportType.Rejected when report.Source == ReportSource.Query:
                // A question that failed says nothing about the order; one that denies it is evidence, no proof.
                if (report.ErrorCode == ErrorCodes.NoSuchOrder && order.Status == OrderStatus.Unknown && nowNanos - order.SentNanos >= EntryWindowNanos) order.Absences++;
                return;
            case ReportType.Unknown:
                if (!isAbsent) BecomeUnknown(ref order, nowNanos);
                return;
            case ReportType.CancelRejected or ReportType.None:
                return;
        }
        OrderStatus status = order.Booked >= order.Quantity && order.Quantity.Raw > 0 ? OrderStatus.Filled : report.Status;
        bool forward = status switch
        {
            OrderStatus.New => order.Status is OrderStatus.Intent or OrderStatus.Sent or OrderStatus.Unknown or OrderStatus.Absent,
            OrderStatus.PartiallyFilled => true,
            OrderStatus.Filled => order.Booked >= order.Quantity, // FILLED before its fills: the fills are on their way.
            OrderStatus.Canceled or OrderStatus.Rejected or OrderStatus.Expired => true,
            _ => false,
        };
        if (!forward) return;
        order.Status = status == OrderStatus.New && order.Booked.Raw > 0 ? OrderStatus.PartiallyFilled : status;
        order.UnknownSinceNanos = 0;
        order.Absences = 0;
    }

    private static void BecomeUnknown(ref TrackedOrder order, long nowNanos)
    {
        if (order.Status == OrderStatus.Unknown) return;
        order.Status = OrderStatus.Unknown;
        order.UnknownSinceNanos = nowNanos;
        order.Queries = 0;
        order.Absences = 0;
        order.NextQueryNanos = nowNanos + QueryDelaysNanos[0];
    }

    /// <summary>An order of an earlier process of ours that the journal or the exchange told us of.</summary>
    private int Adopt(SymbolId symbol, in OrderReport report, long nowNanos)
    {
        int slot = FreeSlot(nowNanos);
        _orders[slot] = new TrackedOrder
        {
            ClientId = report.ClientId,
            Sequence = _next++,
            Symbol = symbol,
            Side = report.Side,
            Type = report.Type,
            TimeInForce = report.TimeInForce,
            Price = report.Price,
            Quantity = report.Quantity,
            // Our own word about an earlier process's order says when that wrote it down.
            SentNanos = report is { Source: ReportSource.Local, TransactionTimeMicros: > 0 } ? Math.Min(nowNanos, report.TransactionTimeMicros * 1_000) : nowNanos,
            Status = OrderStatus.Sent,
            // Our own word about an earlier session's order names what that session booked of it: it is in the position already.
            Booked = report.Source == ReportSource.Local ? report.CumulativeQuantity : Quantity.Zero,
            BookedQuoteUnits = report.Source == ReportSource.Local ? report.CumulativeQuoteUnits : 0,
        };
        OpenCount++;
        return slot;
    }

    /// <summary>The slot of an order of ours, or -1.</summary>
    internal int SlotOf(ClientOrderId id) => Find(id);

    private int Find(ClientOrderId id)
    {
        if (_ids.TryGetSequence(id, out long sequence) && _orders[Slot(sequence)] is { Status: not OrderStatus.None } order && order.ClientId == id) return Slot(sequence);
        for (int slot = 0; slot < _orders.Length; slot++)
            if (_orders[slot].Status != OrderStatus.None && _orders[slot].ClientId == id) return slot;
        return -1;
    }

    private int FreeSlot(long nowNanos)
    {
        int watched = -1;
        for (int tried = 0; tried < Capacity; tried++, _next++)
        {
            ref readonly TrackedOrder order = ref _orders[Slot(_next)];
            if (order.IsOpen) continue;
            if (!order.IsWatched(nowNanos)) return Slot(_next);
            watched = Slot(_next);
        }
        // A thousand orders that never arrived within a day: the watch list gives way before trading does.
        if (watched >= 0)
        {
            while (Slot(_next) != watched) _next++;
            return watched;
        }
        throw new InvalidOperationException($"{Capacity} orders are open at the same time.");
    }

    private static int Slot(long sequence) => (int)(sequence & (Capacity - 1));
}

/// <summary>What is open of a symbol.</summary>
public struct OpenOrders
{
    public int Count;

    /// <summary>Orders of it that belong to a list.</summary>
    public int InLists;

    /// <summary>Orders of it that wait for a trigger price.</summary>
    public int Stops;

    /// <summary>Quantity that may still be bought and sold; of the legs of an OCO one counts.</summary>
    public Quantity Buys;
    public Quantity Sells;

    /// <summary>The best prices of ours on either side; zero where there is none.</summary>
    public Price HighestBuy;
    public Price LowestSell;
}

/// <summary>The exchange's error codes that the order manager itself must tell apart.</summary>
public static class ErrorCodes
{
    /// <summary>"Order does not exist.": evidence, not proof.</summary>
    public const int NoSuchOrder = -2013;

    /// <summary>Refused by the account: too little balance among others, which may be the sign of a fill that we do not know.</summary>
    public const int NewOrderRejected = -2010;

    /// <summary>A filter failed, or the market is closed: the rules that we know may be old.</summary>
    public const int FilterFailed = -1013;

    /// <summary>The exchange does not list the symbol.</summary>
    public const int NoSuchSymbol = -1121;

    /// <summary>More places than the symbol has: the same.</summary>
    public const int TooPrecise = -1111;
}
