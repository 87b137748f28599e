using Peregrine.Common;
using Peregrine.Simulator.Limits;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>Counts request weight per minute and orders per ten seconds and per day, in the exchange's wall-clock buckets.</summary>
internal sealed class UsageCounter(TimeProvider time, LimitKeeper limits)
{
    public const int OrderLimit = 100;
    public const int OrderDayLimit = 200_000;

    /// <summary>What an order's first fill as a maker takes off the counts.</summary>
    private const int MakerFillCredit = 5;

    /// <summary>The limits in force.</summary>
    public int OrdersMax { get; set; } = OrderLimit;
    public int DayOrdersMax { get; set; } = OrderDayLimit;

    private long _tenSeconds;
    private long _day;
    private int _orders;
    private int _dayOrders;

    public int WeightLimit => limits.Present.WeightPerMinute;
    public int Weight => limits.Weight;

    public int Orders
    {
        get
        {
            Roll();
            return _orders;
        }
    }

    public int DayOrders
    {
        get
        {
            Roll();
            return _dayOrders;
        }
    }

    public void AddWeight(int weight) => limits.Add(weight);

    /// <summary>What orders that are too many are refused with; null where they are not.</summary>
    public ApiException? Refusal(int count)
    {
        Roll();
        long millis = time.GetUnixMicros() / 1_000;
        if (_orders + count > OrdersMax) return TooMany(OrdersMax, "10 SECOND", 10_000 - (millis % 10_000));
        return _dayOrders + count > DayOrdersMax ? TooMany(DayOrdersMax, "1 DAY", 86_400_000 - (millis % 86_400_000)) : null;
    }

    /// <summary>Refuses orders that are too many.</summary>
    /// <exception cref="ApiException">Too many unfilled orders, and for how long that is so.</exception>
    public void AdmitOrder(int count)
    {
        if (Refusal(count) is { } refusal) throw refusal;
    }

    private static ApiException TooMany(int limit, string interval, long waitMillis) =>
        new(-1015, $"Too many new orders; current limit is {limit} orders per {interval}.", 429) { RetryAfter = (int)((waitMillis + 999) / 1_000) };

    /// <summary>An order of ours filled for the first time: it counts no more, and as a maker it makes room for others.</summary>
    public void OnFirstFill(bool isMaker)
    {
        Roll();
        int less = isMaker ? MakerFillCredit : 1;
        (_orders, _dayOrders) = (Math.Max(0, _orders - less), Math.Max(0, _dayOrders - less));
    }

    /// <summary>Counts orders while they are placed; a refusal takes them back.</summary>
    public T Placing<T>(int count, Func<T> place)
    {
        AddOrder(count);
        try
        {
            return place();
        }
        catch (ApiException)
        {
            AddOrder(-count);
            throw;
        }
    }

    public void AddOrder(int count)
    {
        Roll();
        (_orders, _dayOrders) = (Math.Max(0, _orders + count), Math.Max(0, _dayOrders + count));
    }

    /// <summary>Both limits and what is used of them, as rate limits are written.</summary>
    public void WriteOrders(WireWriter writer)
    {
        InfoWire.RateLimit(writer, "ORDERS", "SECOND", 10, OrdersMax, Orders);
        InfoWire.RateLimit(writer, "ORDERS", "DAY", 1, DayOrdersMax, DayOrders);
    }

    private void Roll()
    {
        long seconds = time.GetUnixMicros() / 1_000_000;
        if (seconds / 10 != _tenSeconds) (_tenSeconds, _orders) = (seconds / 10, 0);
        if (seconds / 86_400 != _day) (_day, _dayOrders) = (seconds / 86_400, 0);
    }
}
