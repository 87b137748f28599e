using System.Diagnostics.CodeAnalysis;

namespace Peregrine.Kernel;

/// <summary>Where a one-shot stands.</summary>
public enum OneShotState
{
    Running,
    Completed,

    /// <summary>It threw.</summary>
    Failed,

    /// <summary>It was asked to stop, and did not complete.</summary>
    Cancelled,

    /// <summary>Its deadline passed before it ended.</summary>
    TimedOut,

    /// <summary>The process ended while it ran. Nobody knows how far it came, and it is not run again under this id.</summary>
    Abandoned,
}

/// <summary>One one-shot at one moment.</summary>
/// <param name="Progress">0 to 1, as it reports it.</param>
/// <param name="Text">What it is doing, as it reports it.</param>
/// <param name="Result">What it left behind when it completed; empty otherwise.</param>
/// <param name="Error">One line when it failed; empty otherwise.</param>
/// <param name="Deadline">How long it may take, from its start; null for as long as it wants.</param>
public sealed record OneShotStatus(
    Guid Id, string Kind, OneShotState State, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, double Progress, string Text, string Result, string Error,
    TimeSpan? Deadline = null);

/// <summary>What a one-shot's work knows, and how it speaks.</summary>
public sealed class OneShotContext
{
    private readonly OneShot _owner;

    internal OneShotContext(OneShot owner, TimeProvider time, CancellationToken stopping)
    {
        _owner = owner;
        Time = time;
        Stopping = stopping;
    }

    public Guid Id => _owner.Id;

    public TimeProvider Time { get; }

    /// <summary>Set when the work shall end early: asked to, out of time, or the supervisor stops.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>What is shown as its result once it completes.</summary>
    public string Result { get; set; } = "";

    /// <param name="progress">0 to 1.</param>
    public void Report(double progress, string text = "") => _owner.Report(progress, text);
}

/// <summary>A one-shot's handle: the same for everyone who asked for the same id.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification =
    "Work that was given up still holds the token, and a source without timer and wait handle owns nothing.")]
public sealed class OneShot
{
    private const int CharactersMax = 4_000;

    /// <summary>That it runs should be on the file before it does. A disk that hangs for longer (in real time) does not keep it from its work.</summary>
    private static readonly TimeSpan RecordedWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Latch _ended = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeProvider _time;
    private readonly Action<OneShotContext>? _work;
    private readonly Action<OneShot>? _onChange;
    private readonly Action<OneShot>? _onEnd;
    private readonly long _startedStamp;
    private long _progressSaidAt;
    private OneShotStatus _status;

    /// <summary>One that ended in an earlier process.</summary>
    internal OneShot(OneShotStatus past, TimeProvider time)
    {
        Id = past.Id;
        _time = time;
        _status = past;
        _ended.Open();
    }

    internal OneShot(Guid id, string kind, Action<OneShotContext> work, TimeSpan? deadline, TimeProvider time, Action<OneShot> onChange, Action<OneShot> onEnd)
    {
        Id = id;
        _work = work;
        _time = time;
        _onChange = onChange;
        _onEnd = onEnd;
        _startedStamp = _progressSaidAt = time.GetTimestamp();
        _status = new OneShotStatus(id, kind, OneShotState.Running, time.GetUtcNow(), EndedAt: null, 0, "", "", "", deadline);
    }

    public Guid Id { get; }

    public OneShotStatus Status => Volatile.Read(ref _status);

    /// <summary>Asks it to end; it is listed as cancelled unless it completes nevertheless.</summary>
    public void Cancel()
    {
        if (Status.State == OneShotState.Running) _ = _stop.CancelAsync(); // Callbacks are the work's own, and must not run on the caller's thread.
    }

    /// <summary>Waits (in real time) for its end: true when it has ended, however it did.</summary>
    public bool Wait(TimeSpan atMost) => _ended.Wait(atMost);

    /// <summary>Opened when its start is on the file, or could not be put there.</summary>
    internal Latch MayBegin { get; } = new();

    internal bool IsLate => Status is { State: OneShotState.Running, Deadline: { } deadline } && _time.GetElapsedTime(_startedStamp) >= deadline;

    internal void Start() => OwnThread.Start("once:" + _status.Kind, Run);

    internal void Report(double progress, string text)
    {
        lock (_gate)
        {
            if (_status.State != OneShotState.Running) return;
            _status = _status with { Progress = double.IsNaN(progress) ? 0 : Math.Clamp(progress, 0, 1), Text = Bounded(text) };
            if (_time.GetElapsedTime(_progressSaidAt) < ProgressEvery) return;
            _progressSaidAt = _time.GetTimestamp();
        }
        _onChange?.Invoke(this);
    }

    /// <summary>A thread cannot be ended from outside: one that overruns is asked to stop and given up, and what it still says is not heard.</summary>
    internal void GiveUp()
    {
        Cancel();
        End(OneShotState.TimedOut, "", $"not done within {Status.Deadline!.Value.TotalSeconds:0.###} s");
    }

    private void Run()
    {
        MayBegin.Wait(RecordedWithin);
        var context = new OneShotContext(this, _time, _stop.Token);
        try
        {
            _stop.Token.ThrowIfCancellationRequested();
            _work!(context);
            End(OneShotState.Completed, context.Result, "");
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            End(OneShotState.Cancelled, "", "");
        }
        catch (Exception failure) // Its failure is its own: kept, listed, and nobody else's.
        {
            End(OneShotState.Failed, "", failure.InOneLine());
        }
    }

    private void End(OneShotState state, string result, string error)
    {
        lock (_gate)
        {
            if (_status.State != OneShotState.Running) return;
            double progress = state == OneShotState.Completed ? 1 : _status.Progress;
            _status = _status with { State = state, EndedAt = _time.GetUtcNow(), Progress = progress, Result = Bounded(result), Error = error };
        }
        _onEnd?.Invoke(this);
        _ended.Open();
    }

    private static string Bounded(string text) => text.Length <= CharactersMax ? text : text[..CharactersMax];
}
