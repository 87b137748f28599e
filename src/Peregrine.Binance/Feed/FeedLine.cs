using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.MarketData.Trust;

namespace Peregrine.Binance.Feed;

/// <summary>One connection of a group with what it brought, for the hot thread. Its counters may be read by any thread.</summary>
internal sealed class FeedLine(StreamGroup group, int slot, WireLine wire, int keys)
{
    private readonly long[] _lastIds = new long[keys];
    private long _wins;
    private long _duplicates;
    private long _early;
    private long _passedAtUp;
    private long _broughtAtUp;

    public StreamGroup Group => group;

    /// <summary>0 for A, 1 for B.</summary>
    public int Slot => slot;

    public WireLine Wire => wire;

    /// <summary>Whether it was up when it was last looked at.</summary>
    public bool IsUp { get; private set; }

    /// <summary><see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> of when it came up.</summary>
    public long UpSince { get; private set; }

    /// <summary>When it last brought something that it had not brought before.</summary>
    public long NewsAt { get; set; }

    /// <summary>Its pauses, over all its streams.</summary>
    public GapHistory Gaps;

    /// <summary>When it has to be renewed for its age.</summary>
    public long RenewAt { get; set; }

    /// <summary>Its successor, from when one is asked for until one of the two is gone.</summary>
    public FeedLine? Successor { get; set; }

    /// <summary>Whether a successor was asked for.</summary>
    public bool IsBeingRenewed { get; set; }

    /// <summary>It is somebody's successor until it takes over.</summary>
    public bool IsSuccessor { get; set; }

    /// <summary>How far behind the first arrival its duplicates came.</summary>
    public LatencyHistogram Lag { get; } = new();

    /// <summary>Events that it brought first.</summary>
    public long Wins => Volatile.Read(ref _wins);

    /// <summary>Events that another connection, or it itself, had brought before.</summary>
    public long Duplicates => Volatile.Read(ref _duplicates);

    /// <summary>Events that were left to another connection, because something before them was still to come.</summary>
    public long Early => Volatile.Read(ref _early);

    /// <summary>Events of its group that passed and that it never brought, since it came up.</summary>
    public long Missed => IsUp ? Math.Max(0, group.Passed - _passedAtUp - (Wins + Duplicates - _broughtAtUp)) : 0;

    /// <summary>Per stream, the id of what this connection brought last; 0 before the first.</summary>
    public long[] LastIds => _lastIds;

    public void CameUp(long ticks, long renewAt)
    {
        IsUp = true;
        UpSince = NewsAt = ticks;
        _passedAtUp = group.Passed;
        _broughtAtUp = Wins + Duplicates;
        RenewAt = renewAt;
        Array.Clear(_lastIds); // What the connection before brought proves nothing about this one.
    }

    public void WentDown() => IsUp = false;

    public void CountWin()
    {
        Volatile.Write(ref _wins, _wins + 1);
        group.CountPassed();
    }

    public void CountDuplicate() => Volatile.Write(ref _duplicates, _duplicates + 1);
    public void CountEarly() => Volatile.Write(ref _early, _early + 1);
}
