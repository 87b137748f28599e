using Peregrine.App.Appliance;
using Peregrine.App.Configuration;
using Peregrine.App.House;
using Peregrine.Binance.Orders;
using Peregrine.Binance.Rest;
using Peregrine.Execution.Risk;
using Peregrine.Kernel;

namespace Peregrine.App.Safety;

/// <summary>
/// What mode live has looked after beside trading: each day whether the key still may no more than it should, and, where everything is to be cancelled while the
/// order session is gone, the second way to the exchange. One-shots do the work; nothing here waits.
/// </summary>
internal sealed class LiveWatch(
    StateHome home, KillSwitch safety, ShardStatus status, Func<bool> sessionIsReady, Func<Supervisor> supervisor, OneShotIds ids, TimeProvider time, Action<string> log)
{
    private static readonly TimeSpan KeyEvery = TimeSpan.FromHours(24);
    private static readonly TimeSpan KeyAgain = TimeSpan.FromHours(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>A session that comes back within this cancels by itself.</summary>
    private static readonly TimeSpan SessionGoneFor = TimeSpan.FromSeconds(2);

    /// <summary>Our own picture changes only with the session; what was seen to be closed is looked at again after so long.</summary>
    private static readonly TimeSpan SweepAgain = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan SweepWithin = TimeSpan.FromSeconds(15);

    private long _keyDue = Later(time, KeyEvery); // The start has just checked it.
    private long _goneSince;
    private long _sweepDue = long.MinValue;
    private volatile bool _sweeps;

    public IEnumerable<HouseDuty> Duties =>
        home.Options.Mode == RunMode.Live ? [new HouseDuty(LookEvery, LookAtSession), new HouseDuty(TimeSpan.FromMinutes(1), LookAtKey)] : [];

    private static long Later(TimeProvider time, TimeSpan span) => time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency);

    private void LookAtKey()
    {
        if (time.GetTimestamp() < _keyDue) return;
        _keyDue = Later(time, KeyAgain); // Until there is an answer.
        supervisor().Spawn(ids.Next(), "key check", context =>
        {
            KeyVerdict verdict = KeyGate.AskAsync(home.Options, home.Deadlines, time, context.Stopping).GetAwaiter().GetResult();
            if (verdict.IsKnown) Volatile.Write(ref _keyDue, Later(time, KeyEvery));
            foreach (string sentence in verdict.Refusals.Concat(verdict.Warnings)) log($"API key: {sentence}");
            context.Result = verdict.MayTrade ? "the key may trade" : "the key is refused";
            if (verdict.IsKnown && !verdict.MayTrade) safety.Raise(KillLevel.HaltNew, HaltReason.Key);
        });
    }

    private void LookAtSession()
    {
        int open = 0;
        KillLevel level = KillLevel.None;
        status.Read(() => (open, level) = (status.OrderCount, status.Level));
        if (sessionIsReady() || level < KillLevel.CancelAll || open == 0)
        {
            _goneSince = 0;
            return;
        }
        if (_goneSince == 0) _goneSince = time.GetTimestamp();
        if (_sweeps || time.GetTimestamp() < Volatile.Read(ref _sweepDue) || time.GetElapsedTime(_goneSince) < SessionGoneFor) return;
        _sweeps = true;
        log("kill switch: the order session is gone; cancelling over REST");
        supervisor().Spawn(ids.Next(), "cancel over REST", context =>
        {
            try
            {
                using SignedRest rest = new(TraderConnections.Endpoints(home.Options), new ApiKey(home.Options.ApiKey, home.Options.ApiSecret), new RateLimits(), home.Deadlines, time);
                CancelOutcome outcome = new OwnOrderCanceller(new RestOrders(rest), time, log).RunAsync(SweepWithin, context.Stopping).GetAwaiter().GetResult();
                context.Result = outcome.NoneOpen
                    ? $"none of ours is open, seen twice; {outcome.Canceled} of {outcome.Seen} were cancelled over REST, {outcome.Foreign} of others left alone"
                    : $"{outcome.Left.Count} of ours may be open: {outcome.Problem}";
                log($"kill switch: {context.Result}");
                if (outcome.NoneOpen) Volatile.Write(ref _sweepDue, Later(time, SweepAgain));
            }
            finally
            {
                _sweeps = false;
            }
        });
    }
}
