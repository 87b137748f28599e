using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Execution.Orders;

/// <summary>What a report changed.</summary>
public readonly record struct ReportEffect(bool Known, int Slot, Quantity FilledNow, long QuoteUnitsNow, bool Ended);

/// <summary>
/// Follows each of our orders from intent to its end, whatever order, number and source the reports come in: fills are booked by the cumulative
/// quantity, so a fill that is told twice is booked once; an end is final; what nobody confirmed stays exposure until it is proved absent.
/// </summary>
public sealed class OrderManager
{
    /// <summary>Orders that can be followed at a time; a power of two far above any limit of open orders.</summary>
    public const int Capacity = 1_024;

    /// <summary>How long an order may still enter the book after it was sent: receive window (1 s), the exchange's own time-out (10 s), and one second on top.</summary>
    public const long EntryWindowNanos = 12_000_000_000;

    /// <summary>No answer for so long makes the order's fate unknown.</summary>
    public const long AnswerWithinNanos = 3_000_000_000;

    private static readonly long[] QueryDelaysNanos = [300_000_000, 1_000_000_000, 3_000_000_000, 8_000_000_000, 13_000_000_000, 30_000_000_000];

    private readonly TrackedOrder[] _orders = new TrackedOrder[Capacity];
    private ClientOrderIds _ids;
    private long _next = 1;

    public int OpenCount { get; private set; }
    public long Placed { get; private set; }
    public long Ended { get; private set; }

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
        _next = 1;
    }

    /// <summary>Writes an order down before it is sent, and gives it its id.</summary>
    /// <exception cref="InvalidOperationException">Every slot holds an open order: a limit far above the risk gate's was broken.</exception>
    public int Add(SymbolId symbol, Side side, OrderType type, TimeInForce timeInForce, Price price, Quantity quantity, int strategyId, long nowNanos)
    {
        int slot = FreeSlot();
        long sequence = _next++;
        _orders[slot] = new TrackedOrder
        {
            ClientId = _ids.Create(sequence),
            Sequence = sequence,
            Symbol = symbol,
            Side = side,
            Type = type,
            TimeInForce = timeInForce,
            Price = price,
            Quantity = quantity,
            StrategyId = strategyId,
            SentNanos = nowNanos,
            Status = OrderStatus.Sent,
        };
        OpenCount++;
        Placed++;
        return slot;
    }

    /// <summary>Applies one report.</summary>
    public ReportEffect Apply(SymbolId symbol, in OrderReport report, long nowNanos)
    {
        int slot = Find(report.ClientId);
        if (slot < 0)
        {
            if (!ClientOrderIds.IsOurs(report.ClientId.Utf8) || report.Quantity.Raw <= 0) // A fill without its order tells nothing to follow.
            {
                Foreign++;
                return default;
            }
            slot = Adopt(symbol, in report, nowNanos);
        }

        ref TrackedOrder order = ref _orders[slot];
        bool wasOpen = order.IsOpen;
        if (report.ExchangeOrderId > 0) order.ExchangeOrderId = report.ExchangeOrderId;
        (Quantity filled, long quoteUnits) = Book(ref order, in report);
        Move(ref order, in report, nowNanos);
        bool ended = wasOpen && !order.IsOpen;
        if (ended)
        {
            OpenCount--;
            Ended++;
        }
        return new ReportEffect(true, slot, filled, quoteUnits, ended);
    }

    /// <summary>What was booked of an order so far; zero for one that is not known.</summary>
    public (Quantity Quantity, long QuoteUnits) BookedOf(ClientOrderId id) => Find(id) is >= 0 and var slot ? (_orders[slot].Booked, _orders[slot].BookedQuoteUnits) : default;

    /// <summary>Whether an order of the symbol may be live without our knowing.</summary>
    public bool HasUnknown(SymbolId symbol)
    {
        if (OpenCount == 0) return false;
        foreach (ref readonly TrackedOrder order in _orders.AsSpan())
            if (order.Status == OrderStatus.Unknown && order.Symbol == symbol) return true;
        return false;
    }

    /// <summary>Quantity that open orders of a side may still fill.</summary>
    public Quantity OpenQuantity(SymbolId symbol, Side side)
    {
        Quantity open = Quantity.Zero;
        if (OpenCount == 0) return open;
        foreach (ref readonly TrackedOrder order in _orders.AsSpan())
            if (order.IsOpen && order.Symbol == symbol && order.Side == side) open += order.Remaining;
        return open;
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
            if (order.Status == OrderStatus.Sent && nowNanos - order.SentNanos >= AnswerWithinNanos) BecomeUnknown(ref order, nowNanos);
            if (order.Status != OrderStatus.Unknown || nowNanos < order.NextQueryNanos) continue;
            order.Queries++;
            order.NextQueryNanos = nowNanos + QueryDelaysNanos[Math.Min(order.Queries, QueryDelaysNanos.Length - 1)];
            return slot;
        }
        return -1;
    }

    private static (Quantity Filled, long QuoteUnits) Book(ref TrackedOrder order, in OrderReport report)
    {
        if (report.CumulativeQuantity <= order.Booked) return (Quantity.Zero, 0);
        if (report.CumulativeQuantity > order.Quantity && order.Quantity.Raw > 0)
            throw new InvalidOperationException($"Order {order.ClientId} of {order.Quantity} was reported filled with {report.CumulativeQuantity}.");
        Quantity filled = report.CumulativeQuantity - order.Booked;
        long quoteUnits = report.CumulativeQuoteUnits - order.BookedQuoteUnits;
        if (report.CumulativeQuoteUnits <= 0 || quoteUnits < 0)
        {
            // The exchange says -1 where it does not know the sum: the limit price is what it can have cost at most.
            Price price = report.LastPrice.Raw > 0 ? report.LastPrice : order.Price;
            quoteUnits = (price * filled).ToUnits();
        }
        order.Booked = report.CumulativeQuantity;
        order.BookedQuoteUnits += quoteUnits;
        return (filled, quoteUnits);
    }

    private static void Move(ref TrackedOrder order, in OrderReport report, long nowNanos)
    {
        if (!order.IsOpen)
        {
            if (order.Booked >= order.Quantity) order.Status = OrderStatus.Filled; // A fill behind the end: it counts, and the end was another one.
            return;
        }
        switch (report.Report)
        {
            case ReportType.Unknown when report.Source == ReportSource.Query && report.ErrorCode == ErrorCodes.NoSuchOrder:
                Absence(ref order, nowNanos);
                return;
            case ReportType.Unknown when report.Source == ReportSource.Query:
                return; // The question failed, which says nothing about the order.
            case ReportType.Unknown:
                BecomeUnknown(ref order, nowNanos);
                return;
            case ReportType.CancelRejected or ReportType.None:
                return;
            case ReportType.Rejected when report.Source == ReportSource.Query && report.ErrorCode == ErrorCodes.NoSuchOrder:
                Absence(ref order, nowNanos);
                return;
        }
        OrderStatus status = order.Booked >= order.Quantity ? OrderStatus.Filled : report.Status;
        bool forward = status switch
        {
            OrderStatus.New => order.Status is OrderStatus.Intent or OrderStatus.Sent or OrderStatus.Unknown,
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

    private static void Absence(ref TrackedOrder order, long nowNanos)
    {
        if (order.Status != OrderStatus.Unknown || nowNanos - order.SentNanos < EntryWindowNanos) return;
        if (++order.Absences >= 2) order.Status = OrderStatus.Absent;
    }

    private static void BecomeUnknown(ref TrackedOrder order, long nowNanos)
    {
        if (order.Status == OrderStatus.Unknown) return;
        order.Status = OrderStatus.Unknown;
        order.UnknownSinceNanos = nowNanos;
        order.Queries = 0;
        order.NextQueryNanos = nowNanos + QueryDelaysNanos[0];
    }

    /// <summary>An order of an earlier process of ours that the journal or the exchange told us of.</summary>
    private int Adopt(SymbolId symbol, in OrderReport report, long nowNanos)
    {
        int slot = FreeSlot();
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
            SentNanos = nowNanos,
            Status = OrderStatus.Sent,
            // Our own word about an earlier session's order names what that session booked of it: it is in the position already.
            Booked = report.Source == ReportSource.Local ? report.CumulativeQuantity : Quantity.Zero,
            BookedQuoteUnits = report.Source == ReportSource.Local ? report.CumulativeQuoteUnits : 0,
        };
        OpenCount++;
        return slot;
    }

    private int Find(ClientOrderId id)
    {
        if (_ids.TryGetSequence(id, out long sequence) && _orders[Slot(sequence)] is { Status: not OrderStatus.None } order && order.ClientId == id) return Slot(sequence);
        for (int slot = 0; slot < _orders.Length; slot++)
            if (_orders[slot].Status != OrderStatus.None && _orders[slot].ClientId == id) return slot;
        return -1;
    }

    private int FreeSlot()
    {
        for (int tried = 0; tried < Capacity; tried++, _next++)
            if (!_orders[Slot(_next)].IsOpen) return Slot(_next);
        throw new InvalidOperationException($"{Capacity} orders are open at the same time.");
    }

    private static int Slot(long sequence) => (int)(sequence & (Capacity - 1));
}

/// <summary>The exchange's error codes that the order manager itself must tell apart.</summary>
public static class ErrorCodes
{
    /// <summary>"Order does not exist.": evidence, not proof.</summary>
    public const int NoSuchOrder = -2013;
}
