using System.Runtime.InteropServices;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Execution.Trading;
using Peregrine.Strategy;

namespace Peregrine.Research.Replay;

/// <summary>What a replay found.</summary>
/// <param name="Sessions">Processes that the recording holds.</param>
/// <param name="Inputs">Events that the core was fed.</param>
/// <param name="Decisions">Outputs that the recording holds: decisions, intents, gaps.</param>
/// <param name="Identical">Outputs that came out the same, byte for byte.</param>
/// <param name="Made">Outputs that the replay made.</param>
/// <param name="LogHash">SHA-256 of the replay's own decision log.</param>
/// <param name="FirstDifference">Where the two first differ, for people; null when they don't.</param>
public sealed record ReplayResult(long Sessions, long Inputs, long Decisions, long Identical, long Made, string LogHash, string? FirstDifference);

/// <summary>
/// Feeds a recording through <see cref="TradingCore"/> again, session by session, each with the setup that it was recorded with, and compares every
/// output with the recorded one. Outputs follow their cause in the recording, so both sides are compared as they come.
/// </summary>
public sealed class Replayer : IEventHandler, IDisposable
{
    private readonly InstrumentTable _instruments;
    private readonly Func<CoreSetup, IProbabilityModel?> _modelOf;
    private readonly DecisionLog _log;
    private readonly PendingOutputs _pending;
    private TradingCore? _core;
    private byte[] _recorded = new byte[512];
    private long _sessions;
    private long _inputs;
    private long _decisions;
    private long _identical;
    private string? _firstDifference;

    /// <param name="instruments">The recording's symbols.</param>
    /// <param name="modelOf">Loads the model of a session; null where the session has none.</param>
    /// <param name="copy">Takes the bytes of the decision log, if given.</param>
    public Replayer(InstrumentTable instruments, Func<CoreSetup, IProbabilityModel?> modelOf, Stream? copy = null)
    {
        _instruments = instruments;
        _modelOf = modelOf;
        _log = new DecisionLog(copy);
        _pending = new PendingOutputs(_log);
    }

    /// <summary>The core of the last session, for looking at after the replay.</summary>
    public TradingCore? Core => _core;

    /// <inheritdoc/>
    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Kind == EventKind.Gap && (GapReason)entry.Plain.A is GapReason.Lagged or GapReason.Disk or GapReason.Killed)
        {
            // The recorder's own note, no answer of the core. What a process decided in the moment before it was killed may be lost with what it was told.
            if ((GapReason)entry.Plain.A == GapReason.Killed) _pending.Clear();
            return;
        }
        if (entry.Kind.IsOutput())
        {
            Compare(sequence, in entry, payload);
            return;
        }
        if (entry.Kind == EventKind.Session)
        {
            _sessions++;
            bool sameProcess = _core is not null && entry.Plain.C > 1; // The hot thread was restarted; its core went on.
            ReadOnlySpan<byte> text = MemoryMarshal.AsBytes(payload)[..(int)entry.Plain.B];
            CoreSetup setup = CoreSetup.FromJson(text);
            if (!sameProcess) _pending.Clear(); // The process before may have been killed between an event and the answers to it.
            if (!sameProcess) _core = setup.CreateCore(_instruments, _modelOf(setup), _pending);
        }
        if (_core is null) return; // A recording that begins in the middle of a session, its first file gone.
        _inputs++;
        _core.OnEvent(sequence, in entry, payload);
        while (_core.Requests.TryDequeue(out _)) { } // The shell did them then; what came of it is recorded.
    }

    public ReplayResult Finish()
    {
        if (_pending.TryTake(out byte[]? extra, out _) && _firstDifference is null)
            _firstDifference = $"the replay made an output ({(EventKind)extra[0]}) at the end that the recording does not have";
        return new ReplayResult(_sessions, _inputs, _decisions, _identical, _log.Count, _log.Hash, _firstDifference);
    }

    public void Dispose() => _log.Dispose();

    private void Compare(long sequence, in MarketEvent recorded, ReadOnlySpan<long> payload)
    {
        _decisions++;
        int length = DecisionLog.Encode(in recorded, payload, ref _recorded);
        if (!_pending.TryTake(out byte[]? made, out int madeLength))
            _firstDifference ??= $"sequence {sequence}: the recording has an output ({recorded.Kind.Text()}) that the replay did not make";
        else if (!made.AsSpan(0, madeLength).SequenceEqual(_recorded.AsSpan(0, length)))
            _firstDifference ??= $"sequence {sequence}: {recorded.Kind.Text()} came out differently, first at byte {made.AsSpan(0, madeLength).CommonPrefixLength(_recorded.AsSpan(0, length))}";
        else
            _identical++;
    }

    /// <summary>What the core made and the recording has not shown yet.</summary>
    private sealed class PendingOutputs(DecisionLog log) : IEventWriter
    {
        private readonly Queue<byte[]> _made = [];

        public long Append(in MarketEvent entry, ReadOnlySpan<long> payload)
        {
            byte[] record = [];
            DecisionLog.Encode(in entry, payload, ref record);
            _made.Enqueue(record);
            return log.Append(in entry, payload);
        }

        public void Clear() => _made.Clear();

        public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out byte[]? record, out int length)
        {
            bool any = _made.TryDequeue(out record);
            length = record?.Length ?? 0;
            return any;
        }
    }
}
