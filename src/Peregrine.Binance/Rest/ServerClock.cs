using Peregrine.Common;
using Peregrine.Execution;

namespace Peregrine.Binance.Rest;

/// <summary>
/// The exchange's clock, told by asking it. It runs on with our own monotonic clock from the best answer, so a step of our wall clock moves nothing; that one
/// happened makes it uncertain until it was asked again. Written by one thread, read by any.
/// </summary>
public sealed class ServerClock(TimeProvider time)
{
    /// <summary>How fast two clocks may drift apart: 100 parts in a million is a bad quartz.</summary>
    private const double DriftPerMicro = 100e-6;

    private const int WindowMax = 16;

    /// <summary>Wall clock and monotonic clock may part by so much (a slewing time daemon) before that counts as a step.</summary>
    private const long StepMicros = 20_000;

    private readonly Sample[] _window = new Sample[WindowMax];
    private readonly Lock _writing = new();
    private int _samples;
    private int _next;
    private Sample? _best;

    /// <summary>One answer of the exchange: its clock in the middle of the round trip, and ours at that moment.</summary>
    private sealed record Sample(long ExchangeMicros, long Ticks, long WallMicros, long RoundTripMicros);

    /// <summary>Is told that the clock should be measured again, soon. Set while starting.</summary>
    public Action? WhenDoubted { get; set; }

    /// <summary>Whether it was ever measured.</summary>
    public bool IsKnown => Volatile.Read(ref _best) is not null;

    /// <summary>Exchange minus ours (the wall clock, as it is now).</summary>
    public long OffsetMicros => Volatile.Read(ref _best) is null ? 0 : NowMicros - time.GetUnixMicros();

    /// <summary>Of the measurement that counts: the offset is uncertain by half of it.</summary>
    public long RoundTripMicros => Volatile.Read(ref _best)?.RoundTripMicros ?? long.MaxValue;

    /// <summary>The exchange's clock now; ours while it was never measured.</summary>
    public long NowMicros => Volatile.Read(ref _best) is { } best ? best.ExchangeMicros + MicrosSince(best.Ticks) : time.GetUnixMicros();

    /// <summary>Offset and uncertainty now: half the best round trip, what may have drifted since, and how far our wall clock stepped since.</summary>
    public ClockReading Reading
    {
        get
        {
            if (Volatile.Read(ref _best) is not { } best) return new ClockReading(0, -1);
            long wall = time.GetUnixMicros();
            long since = MicrosSince(best.Ticks);
            long step = Math.Abs(wall - best.WallMicros - since);
            return new ClockReading(best.ExchangeMicros + since - wall, Uncertainty(best) + (step > StepMicros ? step : 0));
        }
    }

    /// <summary>Somebody has reason not to believe it: the exchange refused a time stamp, or our clock stepped.</summary>
    public void Doubt() => WhenDoubted?.Invoke();

    /// <summary>Adds a measurement. The most certain of the last ones counts; one that contradicts it ends the series, for then a clock stepped.</summary>
    /// <param name="exchangeMicros">What the exchange said.</param>
    /// <param name="sentTicks"><see cref="TimeProvider.GetTimestamp"/> when the question left.</param>
    /// <param name="receivedTicks">And when its answer was there.</param>
    public void Observe(long exchangeMicros, long sentTicks, long receivedTicks)
    {
        lock (_writing)
        {
            long roundTrip = (long)time.GetElapsedTime(sentTicks, receivedTicks).TotalMicroseconds;
            long middle = sentTicks + ((receivedTicks - sentTicks) / 2);
            long age = MicrosSince(middle);
            var sample = new Sample(exchangeMicros, middle, time.GetUnixMicros() - age, roundTrip);
            if (_best is { } known)
            {
                long expected = known.ExchangeMicros + (long)time.GetElapsedTime(known.Ticks, middle).TotalMicroseconds;
                if (Math.Abs(expected - exchangeMicros) > Uncertainty(known) + (roundTrip / 2) + 1_000) _samples = 0;
            }
            _next = (_next + 1) % WindowMax;
            _window[_next] = sample;
            _samples = Math.Min(_samples + 1, WindowMax);
            Sample best = sample;
            for (int i = 1; i < _samples; i++)
            {
                Sample other = _window[(_next + WindowMax - i) % WindowMax];
                // An older one counts only while our wall clock did not step since: the new one proves that it did not.
                if (Uncertainty(other) < Uncertainty(best)) best = other;
            }
            if (best != sample)
            {
                long walked = sample.WallMicros - best.WallMicros - (long)time.GetElapsedTime(best.Ticks, sample.Ticks).TotalMicroseconds;
                best = best with { WallMicros = best.WallMicros + walked };
            }
            Volatile.Write(ref _best, best);
        }
    }

    /// <summary>Begins a new series with an offset that is known already.</summary>
    /// <param name="offsetMicros">Exchange minus ours.</param>
    /// <param name="roundTripMicros">How long it took to find out.</param>
    public void Set(long offsetMicros, long roundTripMicros)
    {
        lock (_writing)
        {
            long wall = time.GetUnixMicros();
            var sample = new Sample(wall + offsetMicros, time.GetTimestamp(), wall, roundTripMicros);
            _samples = 1;
            _window[_next] = sample;
            Volatile.Write(ref _best, sample);
        }
    }

    private long Uncertainty(Sample sample) => (sample.RoundTripMicros / 2) + (long)(MicrosSince(sample.Ticks) * DriftPerMicro);

    private long MicrosSince(long ticks) => (long)time.GetElapsedTime(ticks).TotalMicroseconds;
}
