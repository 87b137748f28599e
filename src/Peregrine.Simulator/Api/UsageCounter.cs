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
