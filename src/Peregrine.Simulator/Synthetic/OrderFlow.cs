using System.Text;
using Peregrine.Common;
using Peregrine.Simulator.Matching;

namespace Peregrine.Simulator.Synthetic;

/// <summary>
/// Makes up one symbol's order flow, in virtual time and deterministically for a seed.
/// <para>Arrivals excite each other (a Hawkes process with exponential decay): quiet stretches and bursts. A fair value diffuses, reverts
/// slowly to where it began and drifts with a hidden pressure that fades within seconds. The pressure shows before the price moves: it tilts
/// the sides of market and limit orders and makes one side's orders larger, so order flow and book imbalance lead the price over the next
/// seconds. A fair price and much noise: there is something to learn, and not too much.</para>
/// </summary>
internal sealed class OrderFlow
{
    /// <summary>How many orders make up a normal book.</summary>
    private const int Population = 400;

    /// <summary>A side with fewer levels than this gets limit orders only.</summary>
    private const int LevelsMin = 45;

    /// <summary>Of all events, how many were caused by another one.</summary>
    private const double Branching = 0.6;

    /// <summary>How fast excitement fades, per second.</summary>
    private const double Decay = 8;

    /// <summary>How long the hidden pressure lasts, in seconds.</summary>
    private const double PressureSeconds = 4;

    /// <summary>Drift of the fair value per second under pressure 1, and its diffusion per square root of a second.</summary>
    private const double Drift = 0.8e-4;
    private const double Diffusion = 0.7e-4;

    private readonly FlowProfile _profile;
    private readonly MatchingBook _book;
    private readonly SeededRandom _random;
    private readonly List<long> _live = [];
    private readonly Dictionary<long, int> _liveAt = [];
    private readonly long _tick;
    private readonly long _step;
    private readonly double _baseRate;
    private double _excitement;
    private double _pressure;
    private double _logFair;
    private double _seconds;

    public OrderFlow(FlowProfile profile, MatchingBook book, ulong seed, double rate)
    {
        _profile = profile;
        _book = book;
        _random = new SeededRandom(seed ^ Hash(profile.Instrument.Symbol));
        _tick = profile.Instrument.Rules.TickSize.Raw;
        _step = profile.Instrument.Rules.StepSize.Raw;
        _baseRate = profile.Rate * rate * (1 - Branching);
        NextSeconds = 0;
        Schedule();
    }

    /// <summary>How many times as fast orders arrive.</summary>
    public double Factor { get; set; } = 1;

    /// <summary>When the next order arrives, in seconds since the start.</summary>
    public double NextSeconds { get; private set; }

    /// <summary>The value that traders agree on, in quote units.</summary>
    public double Fair => _profile.Price * Math.Exp(_logFair);

    /// <summary>Fills the empty book around the starting price.</summary>
    public void Seed(Func<long> nextId)
    {
        for (int i = 0; i < Population; i++)
        {
            Side side = i % 2 == 0 ? Side.Buy : Side.Sell;
            Place(new IncomingOrder(nextId(), side, PassivePrice(side), Size(side), Remainder.Rests));
        }
    }

    /// <summary>Makes and executes the event that is due at <see cref="NextSeconds"/>.</summary>
    public void Step(Func<long> nextId)
    {
        double elapsed = NextSeconds - _seconds;
        _seconds = NextSeconds;
        MoveFair(elapsed);
        _excitement += Branching * Decay;

        double crowding = (double)_live.Count / Population;
        double draw = _random.NextDouble();
        Side thin = ThinSide();
        if (thin != Side.None) PlaceLimit(nextId(), thin);
        else if (draw < 0.09) TakeMarket(nextId());
        else if (draw < 0.09 + (0.44 * crowding)) CancelOne();
        else PlaceLimit(nextId(), _random.NextDouble() < 0.5 + (0.12 * Math.Tanh(_pressure)) ? Side.Buy : Side.Sell);
        Schedule();
    }

    /// <summary>Lets the event that is due not happen: the market is closed.</summary>
    public void Pass()
    {
        _seconds = NextSeconds;
        Schedule();
    }

    /// <summary>A resting order of the flow is gone.</summary>
    public void OnGone(long id)
    {
        if (!_liveAt.Remove(id, out int at)) return;
        long last = _live[^1];
        _live[at] = last;
        _live.RemoveAt(_live.Count - 1);
        if (last != id) _liveAt[last] = at;
    }

    /// <summary>The next arrival (Ogata's thinning: candidates at the present rate, kept by how much of it is left then).</summary>
    private void Schedule()
    {
        while (true)
        {
            double rate = _baseRate + _excitement;
            double wait = _random.NextExponential() / rate;
            NextSeconds += wait / Factor;
            _excitement *= Math.Exp(-Decay * wait);
            if (_random.NextDouble() * rate <= _baseRate + _excitement) return;
        }
    }

    private void MoveFair(double elapsed)
    {
        double keep = Math.Exp(-elapsed / PressureSeconds);
        _pressure = (_pressure * keep) + (Math.Sqrt(1 - (keep * keep)) * _random.NextNormal());
        _logFair += (((_pressure * Drift) - (_logFair / 900)) * elapsed) + (Diffusion * Math.Sqrt(elapsed) * _random.NextNormal());
    }

    private Side ThinSide()
    {
        int bids = _book.LevelCount(Side.Buy);
        int asks = _book.LevelCount(Side.Sell);
        return Math.Min(bids, asks) >= LevelsMin || _live.Count > 2 * Population ? Side.None : bids <= asks ? Side.Buy : Side.Sell;
    }

    private void PlaceLimit(long id, Side side)
    {
        long price = PassivePrice(side);
        long opposite = _book.BestPrice(side.Opposite());
        // Most traders do not cross the spread with a limit order but queue up before it; some do, which is how the book follows the fair value.
        if (opposite > 0 && MatchingBook.Reaches(side, price, opposite) && _random.NextDouble() < 0.65)
        {
            long behind = 1 + (long)(_profile.Spacing * 1e8 / _tick * _random.NextExponential() * 0.5);
            price = Math.Max(_tick, opposite - (side.Sign() * behind * _tick));
        }
        Place(new IncomingOrder(id, side, price, Size(side), Remainder.Rests));
    }

    private void TakeMarket(long id)
    {
        Side side = _random.NextDouble() < 0.5 + (0.38 * Math.Tanh(_pressure)) ? Side.Buy : Side.Sell;
        Place(new IncomingOrder(id, side, 0, Size(side), Remainder.Expires));
    }

    private void CancelOne()
    {
        if (_live.Count == 0) return;
        long first = _live[_random.Next(_live.Count)];
        long second = _live[_random.Next(_live.Count)];
        long gone = Staleness(first) >= Staleness(second) ? first : second; // Orders on the wrong side of the fair value go first.
        _book.Cancel(gone);
        OnGone(gone);
    }

    /// <summary>How badly a resting order is priced: at the wrong side of the fair value, or far behind the market.</summary>
    private double Staleness(long id)
    {
        _book.TryGet(id, out Side side, out long price, out _);
        double distance = (Fair - (price * 1e-8)) * side.Sign() / _profile.Spacing;
        return distance < 0 ? -distance * 4 : distance * 0.3;
    }

    private void Place(in IncomingOrder order)
    {
        MatchOutcome outcome = _book.Submit(order);
        if (!outcome.Rested) return;
        _liveAt.Add(order.Id, _live.Count);
        _live.Add(order.Id);
    }

    private long PassivePrice(Side side)
    {
        double distance = _profile.Spacing * Math.Pow(_random.NextExponential(), 1.4);
        double price = Fair - (side.Sign() * distance);
        long ticks = Math.Max(1, (long)Math.Round(price * 1e8 / _tick));
        return ticks * _tick;
    }

    private long Size(Side side)
    {
        double lean = Math.Exp(0.35 * Math.Tanh(_pressure) * side.Sign());
        double quantity = _profile.MeanQuantity * lean * Math.Exp(Math.Min(1.5, 0.9 * _random.NextNormal()));
        return Math.Clamp((long)(quantity * 1e8 / _step), 1, 1_000_000_000L) * _step;
    }

    public static ulong Hash(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in Encoding.UTF8.GetBytes(text)) hash = (hash ^ b) * 1099511628211;
        return hash;
    }
}
