using System.Diagnostics;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Feed;

/// <summary>
/// Decides when a connection needs another one in its place: before its 24 hours are over, when the server announces that it goes, when it lives but brings
/// nothing new, and when it misses what its twin brings. The successor is connected first and takes over when it brings the same streams; only then the old
/// one goes. On the hot thread; allocates only where something is renewed.
/// </summary>
internal sealed class Renewals(StreamGroup[] groups, ArrivalGate gate, LineKeeper keeper, FeedOptions options, Random random, Action<string> log)
{
    /// <summary>A successor that is up for so long takes over, whatever it brings; one that brought nothing at all does not.</summary>
    private static readonly long TakeOverAfter = 10 * Stopwatch.Frequency;

    /// <summary>A stream counts for the handing over when it spoke within this time.</summary>
    private static readonly long Talkative = 5 * Stopwatch.Frequency;

    private readonly long _behindMax = Ticks(options.BehindMax);
    private readonly (long Id, long Ticks)[] _checkpoint = new (long, long)[gate.Keys];
    private readonly Dictionary<(int Group, int Slot), (long NotBefore, long Pause)> _pauses = [];
    private long _nextCheckpoint;

    /// <summary>Connections that took over from another, by age, announcement or for bringing nothing.</summary>
    public long Renewed { get; private set; }

    /// <summary>When a connection that came up now is too old.</summary>
    public long RenewAt(long now) => now + Ticks(options.LineLifetime - (options.LifetimeJitter * random.NextDouble()));

    /// <summary>The server said that it goes: another connection at once.</summary>
    public void OnShutdown(FeedLine line) => Renew(line, "the server announced its shutdown", Stopwatch.GetTimestamp(), paced: false);

    /// <summary>Somebody who knows says that a stream brings nothing new.</summary>
    public void OnStale(SymbolId symbol, EventKind kind)
    {
        long now = Stopwatch.GetTimestamp();
        foreach (StreamGroup group in groups)
        {
            if (!group.Carries(symbol, kind)) continue;
            // With two connections both are stale, or the watch would have seen news.
            for (int i = group.Lines.Count - 1; i >= 0; i--)
                if (group.Lines[i] is { IsSuccessor: false, IsUp: true } line) Renew(line, $"{kind.Text()} of symbol {symbol.Value} brings nothing new", now, paced: true);
        }
    }

    /// <summary>Looks at every connection; a few times a second.</summary>
    /// <param name="now">Stopwatch ticks.</param>
    /// <param name="retire">Called with a line that is to be let go, after it was taken out of its group.</param>
    public void Look(long now, Action<FeedLine> retire)
    {
        bool checkpoint = now >= _nextCheckpoint;
        foreach (StreamGroup group in groups)
        {
            for (int i = group.Lines.Count - 1; i >= 0; i--)
            {
                FeedLine line = group.Lines[i];
                if (line.Successor is { } successor)
                {
                    HandOver(line, successor, now, retire);
                    continue;
                }
                if (line.IsSuccessor || !line.IsUp) continue;
                if (now >= line.RenewAt) Renew(line, "its time is nearly over", now, paced: false);
                else if (group.HasRhythm && now - line.NewsAt > DataBudget(line)) Renew(line, $"no news for {(now - line.NewsAt) / (double)Stopwatch.Frequency:0.#} s", now, paced: true);
                else if (checkpoint && now - line.UpSince > _behindMax && IsBehind(line)) Renew(line, "it misses what the other connection brings", now, paced: true);
            }
        }
        if (!checkpoint) return;
        foreach (StreamGroup group in groups)
            foreach (int key in group.Keys) _checkpoint[key] = (gate.LastId(key), gate.LastTicks(key));
        _nextCheckpoint = now + _behindMax;
    }

    /// <summary>The successor that was asked for is being connected.</summary>
    public static void OnMade(FeedLine successor, FeedLine predecessor)
    {
        predecessor.Successor = successor;
        predecessor.Group.Lines.Add(successor);
    }

    private void Renew(FeedLine line, string reason, long now, bool paced)
    {
        if (line.IsBeingRenewed || line.IsSuccessor) return;
        (int, int) place = (line.Group.Number, line.Slot);
        if (paced)
        {
            (long notBefore, long pause) = _pauses.TryGetValue(place, out (long, long) known) ? known : (0, 0);
            if (now < notBefore) return;
            // After a long quiet the pauses begin short again.
            pause = pause == 0 || now - notBefore > Ticks(options.RenewPauseMax) ? Ticks(options.RenewPause) : Math.Min(pause * 2, Ticks(options.RenewPauseMax));
            _pauses[place] = (now + pause, pause);
        }
        line.IsBeingRenewed = true;
        log($"{line.Wire.Name}: {reason}; another connection is made beside it");
        keeper.Succeed(line);
    }

    private void HandOver(FeedLine line, FeedLine successor, long now, Action<FeedLine> retire)
    {
        long up = successor.IsUp ? now - successor.UpSince : 0;
        if (line.IsUp && (!successor.IsUp || (!HasJoined(line, successor, now) && up < TakeOverAfter))) return;
        if (!line.IsUp && !successor.IsUp) return; // Both are being connected: whoever comes first.
        bool brings = successor.IsUp && Array.Exists(line.Group.Keys, key => successor.LastIds[key] != 0);
        FeedLine gone = brings || !line.IsUp ? line : successor;
        FeedLine stays = gone == line ? successor : line;
        line.Successor = null;
        line.IsBeingRenewed = false;
        stays.IsSuccessor = false;
        line.Group.Lines.Remove(gone);
        if (gone == line) Renewed++;
        retire(gone);
    }

    /// <summary>Whether the successor brings every stream on which the old connection still brings news.</summary>
    private static bool HasJoined(FeedLine line, FeedLine successor, long now)
    {
        bool any = false;
        foreach (int key in line.Group.Keys)
        {
            if (successor.LastIds[key] != 0) any = true;
            else if (line.LastIds[key] != 0 && now - line.NewsAt < Talkative) return false;
        }
        return any;
    }

    private bool IsBehind(FeedLine line)
    {
        foreach (int key in line.Group.Keys)
        {
            (long id, long ticks) = _checkpoint[key];
            if (ticks > line.UpSince && line.LastIds[key] < id) return true; // It passed while this one was up, and long enough ago.
        }
        return false;
    }

    private long DataBudget(FeedLine line)
    {
        if (!line.Gaps.IsEnough) return Ticks(options.DataWithin);
        long budget = line.Gaps.Quantile(1) * 8 / (1_000_000_000 / Stopwatch.Frequency);
        return Math.Clamp(budget, 3 * Stopwatch.Frequency, Math.Max(Ticks(options.DataWithin), 20 * Stopwatch.Frequency));
    }

    private static long Ticks(TimeSpan span) => (long)(span.TotalSeconds * Stopwatch.Frequency);
}
