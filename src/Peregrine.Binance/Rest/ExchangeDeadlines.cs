using System.Globalization;

using Peregrine.Common;

namespace Peregrine.Binance.Rest;

/// <summary>Keeps until when the exchange wants us away, over the end of a process.</summary>
public interface IDeadlineStore
{
    /// <summary>What was kept last; zeros where nothing was.</summary>
    (long AwayUntilMillis, long NoOrdersUntilMillis) Load();

    void Save(long awayUntilMillis, long noOrdersUntilMillis);
}

/// <summary>
/// Until when the exchange wants no request at all (429, 418) or no placement (-1015) from us. Shared by everything in the process that talks to the exchange, and
/// kept over a restart: asking again before its time makes a ban of minutes one of days. Any thread.
/// </summary>
public sealed class ExchangeDeadlines
{
    /// <summary>The longest ban there is; a time further away came from a clock that was wrong.</summary>
    private static readonly TimeSpan BanMax = TimeSpan.FromDays(3);

    private readonly TimeProvider _time;
    private readonly IDeadlineStore? _store;
    private long _awayUntil;
    private long _noOrdersUntil;

    /// <param name="time">The wall clock that deadlines are compared with.</param>
    /// <param name="store">Null: they end with the process.</param>
    public ExchangeDeadlines(TimeProvider time, IDeadlineStore? store = null)
    {
        _time = time;
        _store = store;
        if (store is null) return;
        (long away, long noOrders) = store.Load();
        long latest = NowMillis + (long)BanMax.TotalMilliseconds;
        _awayUntil = Math.Min(away, latest);
        _noOrdersUntil = Math.Min(noOrders, latest);
    }

    /// <summary>No request of any kind may leave now, not even one that connects.</summary>
    public bool IsAway => NowMillis < Volatile.Read(ref _awayUntil);

    /// <summary>No order may be placed now.</summary>
    public bool MayNotPlace => NowMillis < Math.Max(Volatile.Read(ref _awayUntil), Volatile.Read(ref _noOrdersUntil));

    /// <summary>How long no request may leave.</summary>
    public TimeSpan Away => TimeSpan.FromMilliseconds(Math.Max(0, Volatile.Read(ref _awayUntil) - NowMillis));

    /// <summary>The exchange wants no request before that time, milliseconds since 1970. A deadline is never brought forward.</summary>
    public void StayAwayUntil(long unixMillis) => Keep(ref _awayUntil, unixMillis);

    /// <summary>The exchange wants no placement before that time.</summary>
    public void PlaceNothingUntil(long unixMillis) => Keep(ref _noOrdersUntil, unixMillis);

    private long NowMillis => _time.GetUnixMicros() / 1_000;

    private void Keep(ref long deadline, long until)
    {
        if (until <= Volatile.Read(ref deadline)) return;
        Volatile.Write(ref deadline, Math.Min(until, NowMillis + (long)BanMax.TotalMilliseconds));
        _store?.Save(Volatile.Read(ref _awayUntil), Volatile.Read(ref _noOrdersUntil)); // We may not speak anyway: there is time to write.
    }
}

/// <summary>Two numbers in a small file. One that cannot be read says nothing; one that cannot be written is said once and the process goes on with what it knows.</summary>
public sealed class DeadlineFile(string path, Action<string> log) : IDeadlineStore
{
    private bool _said;

    public (long AwayUntilMillis, long NoOrdersUntilMillis) Load()
    {
        try
        {
            if (!File.Exists(path)) return default;
            string[] numbers = File.ReadAllText(path).Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (numbers.Length == 2 && long.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out long away)
                && long.TryParse(numbers[1], NumberStyles.None, CultureInfo.InvariantCulture, out long orders))
                return (away, orders);
            log($"{path} holds no deadlines of the exchange; it is passed over");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            log($"{path} cannot be read: {error.Message}");
        }
        return default;
    }

    public void Save(long awayUntilMillis, long noOrdersUntilMillis)
    {
        try
        {
            string fresh = $"{path}.new";
            File.WriteAllText(fresh, string.Create(CultureInfo.InvariantCulture, $"{awayUntilMillis} {noOrdersUntilMillis}\n"));
            File.Move(fresh, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (!_said) log($"{path} cannot be written: {error.Message}; a restart would not know when the exchange may be asked again");
            _said = true;
        }
    }
}
