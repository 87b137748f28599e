using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;

namespace Peregrine.Execution.Trading;

/// <summary>
/// Keeps an order that the exchange refuses from being tried again and again: after a refusal that rules may explain nothing is sent until they were read anew, and each
/// refusal in a row doubles the pause. Knows also when the rules have to be read: hourly, and each minute while they are what keeps us from trading.
/// </summary>
internal sealed class Patience
{
    private const long Second = 1_000_000_000;
    private const long RulesEvery = 3_600 * Second;
    private const long RulesEveryWhileInTheWay = 60 * Second;

    /// <summary>What was asked for is asked for again after so long without an answer.</summary>
    private const long AskAgainAfter = 5 * Second;

    private const long PauseMax = 60 * Second;

    /// <summary>Where nobody can tell the rules, closing a position must not wait for ever.</summary>
    private const long WaitMax = 30 * Second;

    private long _notBefore = long.MinValue;
    private long _rulesDue = long.MaxValue;
    private long _told;
    private long _waitsUntil = long.MinValue;

    /// <summary>Refusals since the exchange last took an order.</summary>
    public int Refusals { get; private set; }

    /// <summary>Whether nothing should be sent now.</summary>
    public bool IsPausing(long nowNanos) => nowNanos < _waitsUntil || nowNanos < _notBefore;

    /// <summary>The exchange refused an order of the symbol.</summary>
    /// <param name="isBarrier">A leg of a bracket: it has tries of its own, and the order that closes the position instead must not wait for it.</param>
    public void OnRefused(int errorCode, bool isBarrier, long nowNanos)
    {
        bool mayBeOldRules = errorCode is ErrorCodes.FilterFailed or ErrorCodes.TooPrecise or ErrorCodes.NewOrderRejected or ErrorCodes.NoSuchSymbol;
        if (mayBeOldRules) _rulesDue = nowNanos;
        if (isBarrier) return;
        Refusals++;
        _notBefore = nowNanos + Math.Min(PauseMax, Second << Math.Min(Refusals - 1, 6));
        if (mayBeOldRules) _waitsUntil = nowNanos + WaitMax;
    }

    /// <summary>Our own gate refused by the filters that we know: they may have been widened since.</summary>
    public void OnFiltered() => _rulesDue = Math.Min(_rulesDue, _told + RulesEveryWhileInTheWay);

    /// <summary>The exchange took an order.</summary>
    public void OnTaken()
    {
        Refusals = 0;
        _notBefore = long.MinValue;
    }

    /// <summary>The rules were told.</summary>
    public void OnRules(Instrument instrument, long nowNanos)
    {
        _waitsUntil = long.MinValue;
        _told = nowNanos;
        _rulesDue = nowNanos + (instrument.IsTrading ? RulesEvery : RulesEveryWhileInTheWay);
    }

    /// <summary>Whether the rules are to be asked for now; asked at each timer.</summary>
    public bool WantsRules(long nowNanos)
    {
        if (nowNanos < _rulesDue) return false;
        _rulesDue = nowNanos + AskAgainAfter;
        return true;
    }
}
