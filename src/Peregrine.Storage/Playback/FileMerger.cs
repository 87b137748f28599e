using System.Diagnostics;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Chunks;

namespace Peregrine.Storage.Playback;

/// <summary>The events of several files in the order of their sequences. Files are opened when their turn comes; those of one run do not overlap.</summary>
internal sealed class FileMerger(
    IReadOnlyList<(string Path, long FirstSequence)> files, InstrumentTable instruments, IEventHandler handler, RecordingFilter filter) : IDisposable
{
    /// <summary>Events between two looks at the time.</summary>
    private const int LookEvery = 256;

    private readonly ChunkScratch _scratch = new();
    private readonly List<OpenFile> _open = [];
    private readonly PriorityQueue<EventSource, long> _next = new();
    private int _unopened;
    private long _readingSince;
    private long _looked;
    private bool _readsLive;
    private readonly RecordingFilter _filter = filter;
    private RecordingFilter _rest = filter;

    /// <summary>A file that is being played, up to what it held when it was first opened.</summary>
    private sealed class OpenFile(string path, FilePlayer player)
    {
        internal string Path => path;
        internal FilePlayer Player => player;
        internal long LastSequence { get; set; }
    }

    internal long Play(CancellationToken cancellation)
    {
        long played = 0;
        while (true)
        {
            long sequence = _next.TryPeek(out _, out long first) ? first : long.MaxValue;
            foreach (OpenFile file in _open) sequence = Math.Min(sequence, file.Player.NextChunkSequence);
            if (_unopened < files.Count && files[_unopened].FirstSequence <= sequence)
            {
                if (_next.Count == 0 && sequence == long.MaxValue) Close();
                Open(files[_unopened++].Path, lastSequence: null);
                continue;
            }
            if (sequence == long.MaxValue) return played;
            foreach (OpenFile file in _open)
            {
                while (file.Player.NextChunkSequence == sequence)
                {
                    ChunkSource chunk = file.Player.TakeChunk();
                    _next.Enqueue(chunk, chunk.Sequence);
                }
            }
            cancellation.ThrowIfCancellationRequested();
            long until = _unopened < files.Count ? files[_unopened].FirstSequence : long.MaxValue;
            foreach (OpenFile file in _open) until = Math.Min(until, file.Player.NextChunkSequence);
            played += PlayUntil(until, out long? stoppedBefore);
            if (stoppedBefore is { } from) BeginAnew(from);
        }
    }

    /// <summary>Plays events below the sequence, always that with the lowest. Stops where the reading has taken long enough.</summary>
    private long PlayUntil(long until, out long? stoppedBefore)
    {
        stoppedBefore = null;
        long played = 0;
        while (_next.TryPeek(out EventSource? source, out long sequence) && sequence < until)
        {
            _next.Dequeue();
            // The source in hand is not in the queue: as long as it has the lowest sequence, the queue is only looked at.
            while (source.Sequence < until)
            {
                if (_readsLive && ++_looked % LookEvery == 0 && Stopwatch.GetElapsedTime(_readingSince) > ReaderLimits.ReadMax)
                {
                    stoppedBefore = source.Sequence;
                    return played;
                }
                if (source.Play(handler, _rest)) played++;
                if (!source.MoveNext()) break;
                source = _next.EnqueueDequeue(source, source.Sequence);
            }
            if (source.Sequence >= until) _next.Enqueue(source, source.Sequence);
        }
        return played;
    }

    private void Open(string path, long? lastSequence)
    {
        if (_open.Count == 0) _readingSince = Stopwatch.GetTimestamp();
        bool isLive = lastSequence is not null || ReaderLimits.IsLive(path);
        RecordingFilter bounded = lastSequence is { } last && last < _rest.ToSequence ? _rest with { ToSequence = last } : _rest;
#pragma warning disable CA2000 // Close disposes all that are open.
        OpenFile file = new(path, new FilePlayer(path, instruments, bounded, _scratch));
#pragma warning restore CA2000
        _open.Add(file);
        file.LastSequence = lastSequence ?? (isLive ? file.Player.LastSequence : long.MaxValue);
        _readsLive |= isLive;
        foreach (EventSource table in file.Player.Tables()) _next.Enqueue(table, table.Sequence);
    }

    private void BeginAnew(long sequence)
    {
        OpenFile[] again = [.. _open];
        Close();
        _rest = _filter with { FromSequence = Math.Max(_filter.FromSequence, sequence) };
        foreach (OpenFile file in again) Open(file.Path, file.LastSequence);
    }

    private void Close()
    {
        foreach (OpenFile file in _open) file.Player.Dispose();
        _open.Clear();
        _next.Clear();
        _readsLive = false;
    }

    public void Dispose() => Close();
}
