using Peregrine.Simulator.Markets;

namespace Peregrine.Simulator.Limits;

/// <summary>What becomes of a request by the weight limit.</summary>
/// <param name="Status">200 lets it through; 429 and 418 refuse it.</param>
/// <param name="RetryAfter">Whole seconds until calls are taken again.</param>
internal readonly record struct WeightVerdict(int Status, int RetryAfter);

/// <summary>
/// Keeps the limits and remembers who went beyond them. Above the weight limit calls get 429 until the minute is over; a call in spite of that
/// makes it longer; too many of those are a ban (418), which restarts with every call and doubles from one to the next.
/// </summary>
internal sealed class LimitKeeper(ExchangeLimits usual, ExchangeClock clock)
{
    private static readonly TimeSpan BanMax = TimeSpan.FromDays(3);
    private const double LongerPerCall = 5;

    private readonly Lock _lock = new();
    private readonly Queue<double> _connects = new();
    private volatile ExchangeLimits _present = usual;
    private long _minute;
    private double _throttledUntil;
    private double _bannedUntil;
    private double _banLength;
    private int _callsInSpite;

    /// <summary>The limits without any fault.</summary>
    public ExchangeLimits Usual { get; } = usual;

    /// <summary>The limits in force.</summary>
    public ExchangeLimits Present
    {
        get => _present;
        set => _present = value;
    }

    /// <summary>Weight used in the present minute.</summary>
    public int Weight
    {
        get
        {
            lock (_lock)
            {
                Roll();
                return field;
            }
        }
        private set;
    }

    public int WeightPeak { get; private set; }
    public long WeightTotal { get; private set; }
    public int Answers429 { get; private set; }
    public int Answers418 { get; private set; }

    /// <summary>Calls that came in spite of a 429 or 418 whose time was not over.</summary>
    public int CallsWhileBanned { get; private set; }

    public int Bans { get; private set; }
    public int Connects { get; private set; }
    public int ConnectsRefused { get; private set; }

    public int ConnectsOfFiveMinutes
    {
        get
        {
            lock (_lock)
            {
                ForgetConnects();
                return _connects.Count;
            }
        }
    }

    /// <summary>Counts an attempt to open a stream connection; false when there were too many.</summary>
    public bool AdmitConnection()
    {
        lock (_lock)
        {
            ForgetConnects();
            _connects.Enqueue(clock.RunSeconds);
            Connects++;
            if (_connects.Count <= _present.ConnectionsPerFiveMinutes) return true;
            ConnectsRefused++;
            return false;
        }
    }

    /// <summary>Counts a call's weight and says whether it may be answered.</summary>
    public WeightVerdict Admit(int weight)
    {
        lock (_lock)
        {
            double now = clock.RunSeconds;
            if (now < _bannedUntil)
            {
                CallsWhileBanned++;
                _bannedUntil = now + _banLength;
                Answers418++;
                return new WeightVerdict(418, Until(_bannedUntil));
            }
            if (now < _throttledUntil)
            {
                CallsWhileBanned++;
                _throttledUntil += LongerPerCall;
                if (++_callsInSpite >= _present.CallsUntilBan) return Ban(now);
                Answers429++;
                return new WeightVerdict(429, Until(_throttledUntil));
            }
            AddLocked(weight);
            if (Weight <= _present.WeightPerMinute) return new WeightVerdict(200, 0);
            _callsInSpite = 0;
            _throttledUntil = now + 60 - (clock.NowMicros / 1e6 % 60);
            Answers429++;
            return new WeightVerdict(429, Until(_throttledUntil));
        }
    }

    /// <summary>Counts weight beside a verdict: of failed orders, of the WebSocket API.</summary>
    public void Add(int weight)
    {
        lock (_lock) AddLocked(weight);
    }

    private WeightVerdict Ban(double now)
    {
        _banLength = Math.Min(BanMax.TotalSeconds, _present.Ban.TotalSeconds * Math.Pow(2, Bans));
        Bans++;
        _callsInSpite = 0;
        _throttledUntil = 0;
        _bannedUntil = now + _banLength;
        Answers418++;
        return new WeightVerdict(418, Until(_bannedUntil));
    }

    private void AddLocked(int weight)
    {
        Roll();
        Weight += weight;
        WeightTotal += weight;
        WeightPeak = Math.Max(WeightPeak, Weight);
    }

    private int Until(double runSeconds) => Math.Max(1, (int)Math.Ceiling(runSeconds - clock.RunSeconds));

    private void ForgetConnects()
    {
        while (_connects.TryPeek(out double at) && clock.RunSeconds - at >= 300) _connects.Dequeue();
    }

    private void Roll()
    {
        long minute = clock.NowMicros / 60_000_000;
        if (minute == _minute) return;
        _minute = minute;
        Weight = 0;
    }
}
