using Peregrine.Kernel;

namespace Peregrine.App.House;

/// <summary>
/// Looks around every few seconds and starts what is due as one-shots: backups, retention, checks, recoveries. It does none of it itself, so that nothing it
/// starts can hold it up, and tells the service manager how things stand.
/// </summary>
internal sealed class Housekeeper(TimeProvider time, IReadOnlyList<HouseDuty> duties) : IActor
{
    private readonly long[] _next = new long[duties.Count];

    public bool Turn()
    {
        bool worked = false;
        for (int i = 0; i < duties.Count; i++)
        {
            long now = time.GetTimestamp();
            if (now < _next[i]) continue;
            _next[i] = now + (long)(duties[i].Every.TotalSeconds * time.TimestampFrequency);
            duties[i].Do();
            worked = true;
        }
        return worked;
    }
}

/// <summary>One thing to look after.</summary>
/// <param name="Every">How often; the first time is at once.</param>
/// <param name="Do">Looks, and starts what is due. Must not take long.</param>
internal sealed record HouseDuty(TimeSpan Every, Action Do);
