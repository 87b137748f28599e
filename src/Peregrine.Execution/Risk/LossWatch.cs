using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Execution.Risk;

/// <summary>
/// Follows the result through the day (UTC) and from its highest point. What it knows outlives the process, so that a restart gives nobody a fresh allowance.
/// </summary>
public sealed class LossWatch
{
    private const long DayNanos = 24L * 3_600 * 1_000_000_000;

    private bool _isKnown;

    /// <summary>Days since 1970 that <see cref="DayStart"/> belongs to.</summary>
    public long Day { get; private set; }

    /// <summary>The result when the day began.</summary>
    public Notional DayStart { get; private set; }

    /// <summary>The highest result so far.</summary>
    public Notional Peak { get; private set; }

    /// <summary>The result since the day began.</summary>
    public Notional Today(Notional result) => _isKnown ? result - DayStart : Notional.Zero;

    /// <summary>How far the result is below its highest point; never negative.</summary>
    public Notional Drawdown(Notional result) => _isKnown && result < Peak ? Peak - result : Notional.Zero;

    /// <summary>Takes in the result of now. Only to be called with a result in which every position has a price.</summary>
    public void Look(Notional result, long nowNanos)
    {
        long day = nowNanos / DayNanos;
        if (!_isKnown)
        {
            _isKnown = true;
            Day = day;
            DayStart = result;
            Peak = result;
            return;
        }
        if (day > Day) // A clock that stepped back begins no day anew.
        {
            Day = day;
            DayStart = result;
        }
        if (result > Peak) Peak = result;
    }

    /// <summary>The peak begins anew here: a person who arms after a drawdown accepts it.</summary>
    public void Accept(Notional result)
    {
        DayStart = result;
        Peak = result;
    }

    public RiskMemory ToMemory() => new()
    {
        Day = _isKnown ? Day : -1,
        DayStartHigh = (ulong)(DayStart.Raw >> 64),
        DayStartLow = (ulong)(DayStart.Raw & ulong.MaxValue),
        PeakHigh = (ulong)(Peak.Raw >> 64),
        PeakLow = (ulong)(Peak.Raw & ulong.MaxValue),
    };

    public void Restore(in RiskMemory memory)
    {
        if (memory.Day < 0) return;
        _isKnown = true;
        Day = memory.Day;
        DayStart = new Notional(new Int128(memory.DayStartHigh, memory.DayStartLow));
        Peak = new Notional(new Int128(memory.PeakHigh, memory.PeakLow));
    }
}
