using System.Globalization;

namespace Peregrine.Binance.Rest;

/// <summary>Asks what a key may do until there is an answer, as long as that is worth waiting for.</summary>
public static class KeyQuestion
{
    /// <summary>A question without an answer (a busy machine, a line that is not up yet, a request that came too late) is asked so often before it is given up.</summary>
    private const int AttemptsMax = 5;

    /// <summary>Where the exchange's limits are in the way, its next minute is waited for so often: after some starts in a row the requests of a minute are used up.</summary>
    private const int MinutesMax = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Longer bans are waited for by whoever starts the program.</summary>
    private static readonly TimeSpan AwayMax = TimeSpan.FromMinutes(2);

    /// <summary>The first answer that is one, or the last that is none.</summary>
    /// <param name="ask">Asks once.</param>
    public static async Task<KeyVerdict> UntilKnownAsync(Func<CancellationToken, Task<KeyVerdict>> ask, ExchangeDeadlines deadlines, TimeProvider time, Action<string> log, CancellationToken stop)
    {
        KeyVerdict verdict = await ask(stop).ConfigureAwait(false);
        for (int attempt = 1, minutes = 0; !verdict.IsKnown;)
        {
            bool waits = verdict.IsThrottled && deadlines.Away <= AwayMax && minutes++ < MinutesMax;
            if (!waits && attempt++ >= AttemptsMax) break;
            TimeSpan pause = waits ? UntilAllowed(deadlines, time) : Pause;
            log(string.Create(CultureInfo.InvariantCulture, $"API key: {string.Join(" ", verdict.Refusals)} It is asked again in {pause.TotalSeconds:0.#} s."));
            await Task.Delay(pause, time, stop).ConfigureAwait(false);
            verdict = await ask(stop).ConfigureAwait(false);
        }
        return verdict;
    }

    /// <summary>Limits count by the minute of the exchange's clock, which ours is near to; a deadline that the exchange named is kept.</summary>
    private static TimeSpan UntilAllowed(ExchangeDeadlines deadlines, TimeProvider time)
    {
        TimeSpan minute = TimeSpan.FromSeconds(60 - time.GetUtcNow().Second) + Pause;
        return deadlines.Away > minute ? deadlines.Away : minute;
    }
}
