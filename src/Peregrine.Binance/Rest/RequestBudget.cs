namespace Peregrine.Binance.Rest;

/// <summary>What a request is for. The higher, the longer it may still leave when the budget runs low; zero is the first to wait.</summary>
public enum Lane : byte
{
    /// <summary>Questions that can wait.</summary>
    Poll = 0,

    /// <summary>Orders that open a position, and all of which nothing else is known.</summary>
    Open = 1,

    /// <summary>Orders that close one, and questions after an order whose fate is unknown.</summary>
    Close = 2,

    /// <summary>Nothing comes before a cancel.</summary>
    Cancel = 3,
}

/// <summary>What the exchange grants.</summary>
/// <param name="WeightPerMinute">Request weight for each address.</param>
/// <param name="OrdersPer10Seconds">Placements of the account; an order list counts each of its orders.</param>
/// <param name="OrdersPerDay">The same, for a day (UTC).</param>
public sealed record RateLimits(int WeightPerMinute = 6_000, int OrdersPer10Seconds = 50, int OrdersPerDay = 160_000);

/// <summary>
/// What may still be asked and placed, by the exchange's own clock and buckets (:00, :10, …). Counts what left here and believes the exchange's own count
/// where that is higher; the lower lanes stop early, so that a cancel still finds room. Allocates nothing. One thread.
/// </summary>
public sealed class RequestBudget(RateLimits limits, ExchangeDeadlines deadlines)
{
    private const long SecondMicros = 1_000_000;

    private Bucket _weight = new(limits.WeightPerMinute, 60 * SecondMicros);
    private Bucket _orders = new(limits.OrdersPer10Seconds, 10 * SecondMicros);
    private Bucket _day = new(limits.OrdersPerDay, 86_400 * SecondMicros);

    /// <summary>Weight that left in the current minute.</summary>
    public int WeightUsed => _weight.Used;

    /// <summary>Placements in the current ten seconds.</summary>
    public int OrdersUsed => _orders.Used;

    /// <summary>Takes what a request costs, or nothing at all: then it may not leave now.</summary>
    /// <param name="lane">How urgent it is.</param>
    /// <param name="weight">What the exchange charges for it at most.</param>
    /// <param name="orders">Orders that it places.</param>
    /// <param name="exchangeNowMicros">The exchange's clock.</param>
    public bool TryTake(Lane lane, int weight, int orders, long exchangeNowMicros)
    {
        if (deadlines.IsAway || (orders > 0 && deadlines.MayNotPlace)) return false;
        _weight.Turn(exchangeNowMicros);
        _orders.Turn(exchangeNowMicros);
        _day.Turn(exchangeNowMicros);
        if (!_weight.Fits(weight, WeightReserve(lane)) || (orders > 0 && !(_orders.Fits(orders, OrderReserve(lane, _orders.Limit)) && _day.Fits(orders, OrderReserve(lane, _day.Limit)))))
            return false;
        _weight.Used += weight;
        _orders.Used += orders;
        _day.Used += orders;
        return true;
    }

    /// <summary>It did not leave after all, or cost less.</summary>
    public void GiveBack(int weight, int orders)
    {
        _weight.Used = Math.Max(0, _weight.Used - weight);
        _orders.Used = Math.Max(0, _orders.Used - orders);
        _day.Used = Math.Max(0, _day.Used - orders);
    }

    /// <summary>The exchange's own counts; negative ones are not known.</summary>
    public void Observe(int weightUsed, int orders10Seconds, int ordersDay, long exchangeNowMicros)
    {
        _weight.Observe(weightUsed, exchangeNowMicros);
        _orders.Observe(orders10Seconds, exchangeNowMicros);
        _day.Observe(ordersDay, exchangeNowMicros);
    }

    private int WeightReserve(Lane lane) => lane switch
    {
        Lane.Cancel => 0,
        Lane.Close => limits.WeightPerMinute / 20,
        Lane.Open => limits.WeightPerMinute / 10,
        _ => limits.WeightPerMinute / 2,
    };

    private static int OrderReserve(Lane lane, int limit) => lane >= Lane.Close ? 0 : limit / 10;

    private struct Bucket(int limit, long lengthMicros)
    {
        private long _number;

        public readonly int Limit => limit;

        public int Used;

        public void Turn(long now)
        {
            long number = now / lengthMicros;
            if (number == _number) return;
            _number = number;
            Used = 0;
        }

        public readonly bool Fits(int more, int reserve) => Used + more <= limit - reserve;

        public void Observe(int used, long now)
        {
            if (used < 0) return;
            Turn(now);
            Used = Math.Max(Used, used);
        }
    }
}
