using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage;

namespace Peregrine.App.Torture;

/// <summary>Reads a whole recording back and holds it against what its recorders had confirmed.</summary>
internal sealed class RecordingAudit(IReadOnlyList<(long First, long Last)> confirmed) : IEventHandler
{
    private readonly HashSet<(ushort Symbol, EventKind Kind, long Id)> _trades = [];
    private long _previous = long.MinValue;
    private int _interval;
    private long _foundInInterval;

    public long Missing { get; private set; }
    public long Duplicates { get; private set; }
    public int KilledGaps { get; private set; }

    /// <summary>Plays the recording of a state folder through an audit.</summary>
    /// <param name="confirmed">Sequences that must be there whole: first and last of each life, in order.</param>
    public static RecordingAudit Of(string folder, IReadOnlyList<(long First, long Last)> confirmed, CancellationToken cancel)
    {
        RecordingAudit audit = new(confirmed);
        Recording.Open(folder).Play(audit, null, cancel);
        audit.CloseIntervalsBefore(long.MaxValue);
        return audit;
    }

    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (sequence <= _previous) Duplicates++;
        _previous = sequence;
        CloseIntervalsBefore(sequence);
        if (_interval < confirmed.Count && sequence >= confirmed[_interval].First) _foundInInterval++;
        if (entry.Kind == EventKind.Gap && entry.Plain.A == (long)GapReason.Killed) KilledGaps++;
        if (entry.Kind is EventKind.Trade or EventKind.AggTrade && !_trades.Add((entry.Symbol.Value, entry.Kind, entry.Trade.Id))) Duplicates++;
    }

    private void CloseIntervalsBefore(long sequence)
    {
        while (_interval < confirmed.Count && sequence > confirmed[_interval].Last)
        {
            (long first, long last) = confirmed[_interval++];
            Missing += Math.Max(0, last - first + 1 - _foundInInterval);
            _foundInInterval = 0;
        }
    }
}
