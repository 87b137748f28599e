using Peregrine.Common;
using Peregrine.Simulator.Limits;

namespace Peregrine.Simulator.Api;

/// <summary>Counts request weight per minute and orders per ten seconds and per day, in the exchange's wall-clock buckets.</summary>
internal sealed class UsageCounter(TimeProvider time, LimitKeeper limits)
{
    public const int OrderLimit = 100;
    public const int OrderDayLimit = 200_000;

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

    /// <summary>Whether one more order may be placed now.</summary>
    /// <exception cref="ApiException">Too many were.</exception>
    public void AdmitOrder()
    {
        Roll();
        long seconds = time.GetUnixMicros() / 1_000_000;
        if (_orders >= OrderLimit) throw TooMany(OrderLimit, "10 SECOND", 10 - (seconds % 10));
        if (_dayOrders >= OrderDayLimit) throw TooMany(OrderDayLimit, "1 DAY", 86_400 - (seconds % 86_400));

        static ApiException TooMany(int limit, string interval, long retryAfter) =>
            new(-1015, $"Too many new orders; current limit is {limit} orders per {interval}.", 429) { RetryAfter = (int)retryAfter };
    }

    public void AddOrder()
    {
        Roll();
        _orders++;
        _dayOrders++;
    }

    private void Roll()
    {
        long seconds = time.GetUnixMicros() / 1_000_000;
        if (seconds / 10 != _tenSeconds) (_tenSeconds, _orders) = (seconds / 10, 0);
        if (seconds / 86_400 != _day) (_day, _dayOrders) = (seconds / 86_400, 0);
    }
}
