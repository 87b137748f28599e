namespace Peregrine.Kernel;

/// <summary>What became of a question to an actor.</summary>
public enum AskOutcome
{
    /// <summary>There is no answer yet.</summary>
    Waiting,

    Answered,

    /// <summary>The actor has failed with the question waiting or in hand, and is restarting: ask again.</summary>
    Restarting,

    /// <summary>The actor has stopped, or will take no more.</summary>
    Stopped,

    /// <summary>Its mailbox was full.</summary>
    Full,

    /// <summary>No answer came in time.</summary>
    TimedOut,

    /// <summary>The actor took the question and would not or did not answer it.</summary>
    Failed,
}

/// <summary>The end of a question.</summary>
/// <param name="Reply">Only with <see cref="AskOutcome.Answered"/>.</param>
/// <param name="Error">Why the actor did not answer; empty unless <see cref="AskOutcome.Failed"/>.</param>
public readonly record struct AskResult<TReply>(AskOutcome Outcome, TReply? Reply, string Error);

/// <summary>What a mailbox knows of a question that waits in it.</summary>
internal interface IAsk
{
    bool IsAnswered { get; }

    bool TryEnd(AskOutcome outcome, string error);
}

/// <summary>
/// A question to an actor, which is a message in its mailbox. It is answered once: by the actor in the turn that takes it, or, when the actor goes
/// down before, as <see cref="AskOutcome.Restarting"/>. An answer that comes after that is dropped.
/// </summary>
public sealed class Ask<TRequest, TReply>(TRequest request) : IAsk
{
    private readonly Lock _gate = new();
    private readonly Latch _ended = new();
    private AskResult<TReply> _result;
    private volatile bool _answered;

    public TRequest Request { get; } = request;

    public bool IsAnswered => _answered;

    /// <summary>The actor's answer. False when it comes too late: the question has ended.</summary>
    public bool TryReply(TReply reply) => TryEnd(new AskResult<TReply>(AskOutcome.Answered, reply, ""));

    /// <summary>The actor's word that there will be no answer, and why. False when it comes too late.</summary>
    public bool TryRefuse(string error) => TryEnd(new AskResult<TReply>(AskOutcome.Failed, default, error));

    bool IAsk.TryEnd(AskOutcome outcome, string error) => TryEnd(new AskResult<TReply>(outcome, default, error));

    /// <summary>Waits (in real time) for the end; one that has not come by then is <see cref="AskOutcome.TimedOut"/>, and the actor is not bothered with it any more.</summary>
    public AskResult<TReply> Wait(TimeSpan atMost)
    {
        if (!_ended.Wait(atMost)) TryEnd(new AskResult<TReply>(AskOutcome.TimedOut, default, ""));
        _ended.Wait();
        return _result;
    }

    private bool TryEnd(AskResult<TReply> result)
    {
        lock (_gate)
        {
            if (_answered) return false;
            _result = result;
            _answered = true;
        }
        _ended.Open();
        return true;
    }
}

/// <summary>Asking an actor.</summary>
public static class Asking
{
    /// <summary>Leaves a question in an actor's mailbox and waits (in real time) for its end. Not for an actor's own turn: that would wait for another.</summary>
    public static AskResult<TReply> Ask<TRequest, TReply>(this Mailbox<Ask<TRequest, TReply>> mailbox, TRequest request, TimeSpan atMost)
    {
        var ask = new Ask<TRequest, TReply>(request);
        if (mailbox.TryPost(ask)) return ask.Wait(atMost);
        return new AskResult<TReply>(mailbox.IsClosed ? AskOutcome.Stopped : AskOutcome.Full, default, "");
    }
}
