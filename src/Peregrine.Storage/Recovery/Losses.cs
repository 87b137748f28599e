using Peregrine.Common.Events;

namespace Peregrine.Storage.Recovery;

/// <summary>
/// What the recorder has to name as missing: events that the ring overwrote, and events that were left out while the disk is too full. What was added since
/// the last commit can be taken back with the transaction.
/// </summary>
internal sealed class Losses
{
    private const int Kinds = 256;

    private readonly long[] _from = new long[Kinds];
    private readonly long[] _count = new long[Kinds];
    private readonly long[] _keptFrom = new long[Kinds];
    private readonly long[] _keptCount = new long[Kinds];
    private bool _changed;

    /// <summary>The first sequence that the ring overwrote, and how many it did.</summary>
    internal long LaggedFrom { get; private set; }

    internal long Lagged { get; private set; }

    /// <summary>Events left out on purpose that no gap names yet.</summary>
    internal long Omitted { get; private set; }

    internal void Lag(long from, long count)
    {
        LaggedFrom = Lagged == 0 ? from : Math.Min(LaggedFrom, from);
        Lagged += count;
    }

    internal void Omit(EventKind kind, long sequence)
    {
        if (_count[(int)kind]++ == 0) _from[(int)kind] = sequence;
        Omitted++;
        _changed = true;
    }

    /// <summary>A kind of which events were left out: the first of them, and how many. False when there is none left.</summary>
    internal bool TryTakeOmitted(out EventKind kind, out long from, out long count)
    {
        for (int i = 0; Omitted > 0 && i < Kinds; i++)
        {
            if (_count[i] == 0) continue;
            (kind, from, count) = ((EventKind)i, _from[i], _count[i]);
            Omitted -= count;
            _count[i] = 0;
            _changed = true;
            return true;
        }
        (kind, from, count) = (EventKind.None, 0, 0);
        return false;
    }

    /// <summary>What was lagged is on record, and what has been added stays.</summary>
    internal void Keep()
    {
        Lagged = 0;
        if (!_changed) return;
        _from.CopyTo(_keptFrom, 0);
        _count.CopyTo(_keptCount, 0);
        _changed = false;
    }

    /// <summary>Back to what was last kept. The events since then are read again, and counted again if they are gone.</summary>
    internal void Undo()
    {
        Lagged = 0;
        if (!_changed) return;
        _keptFrom.CopyTo(_from, 0);
        _keptCount.CopyTo(_count, 0);
        Omitted = _count.Sum();
        _changed = false;
    }
}
