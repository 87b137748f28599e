using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Chunks;

namespace Peregrine.Storage;

/// <summary>
/// Writes what the ring carries. It may lag, never slow the ring, and a loss is itself recorded (a row in <c>gap</c>). One thread turns it; the
/// counters may be read from any.
/// </summary>
/// <remarks>
/// What a batch shows is copied and counts only once the ring has confirmed that nothing of it was overwritten meanwhile. When the disk refuses, the
/// open transaction is undone, what it held is counted as lost, and writing is tried again every second: a full disk stops the recording, not the program.
/// </remarks>
public sealed class Recorder : IDisposable
{
    /// <summary>Events copied at a time: few enough to be done long before the ring comes round.</summary>
    private const int StagedMax = 256;

    /// <summary>Payload words copied at a time, unless one event alone has more.</summary>
    private const int StagedWords = 32_768;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly IEventReader _reader;
    private readonly RotatingPool _pool;
    private readonly InstrumentTable _instruments;
    private readonly TimeProvider _time;

    private readonly MarketEvent[] _staged = new MarketEvent[StagedMax];
    private readonly int[] _stagedFrom = new int[StagedMax + 1];
    private long[] _stagedPayload = new long[StagedWords];

    private readonly Dictionary<int, ChunkBuffer> _chunks = [];
    private readonly List<ChunkBuffer> _open = [];
    private readonly Dictionary<ChunkBuffer, ushort> _symbolOf = [];
    private readonly ChunkWriter _encoded = new();
    private readonly ChunkScratch _scratch = new();

    private SegmentWriter? _writer;
    private long[] _fileSymbols = [];
    private Instrument?[] _written = [];

    private bool _inBatch;
    private long _batchBegan;
    private long _batchFirst;
    private readonly long[] _batchCounts = new long[256];

    private long _lostFrom;
    private long _lostCount;
    private long? _failedAt;

    private readonly long[] _recorded = new long[256];
    private long _laggedEvents;
    private long _gaps;
    private long _failures;
    private string _lastError = "";

    /// <param name="reader">The ring, from the next event on.</param>
    /// <param name="pool">The files; this recorder alone writes them.</param>
    /// <param name="instruments">What the events' symbol numbers mean.</param>
    /// <param name="time">For batches and the stamp of losses.</param>
    /// <exception cref="InvalidOperationException">The ring's sequences do not go on where the recording ended.</exception>
    public Recorder(IEventReader reader, RotatingPool pool, InstrumentTable instruments, TimeProvider time)
    {
        if (reader.Cursor <= pool.LastSequence)
            throw new InvalidOperationException($"The ring stands at sequence {reader.Cursor}, but {pool.LastSequence} are on record already: begin it at {pool.LastSequence + 1}.");
        _reader = reader;
        _pool = pool;
        _instruments = instruments;
        _time = time;
    }

    /// <summary>Events committed so far in this run, by the number of their <see cref="EventKind"/>. Only grows; do not write.</summary>
    public ReadOnlySpan<long> RecordedByKind => _recorded;

    /// <summary>Events that the ring overwrote, or the disk refused, before they were recorded.</summary>
    public long LaggedEvents => Volatile.Read(ref _laggedEvents);

    /// <summary>Losses of this recorder that are on record as gaps (also counted among the recorded gaps).</summary>
    public long GapsRecorded => Volatile.Read(ref _gaps);

    /// <summary>Times that the disk refused a batch.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Why the last batch failed; empty when none did.</summary>
    public string LastError => Volatile.Read(ref _lastError);

    /// <summary>Bytes of all files of the directory. Cold: asks the file system.</summary>
    public long Bytes => _pool.TotalBytes();

    /// <summary>Files of the directory. Cold: asks the file system.</summary>
    public int Files => _pool.FileCount();

    /// <summary>Events of a kind committed so far in this run.</summary>
    public long Recorded(EventKind kind) => Volatile.Read(ref _recorded[(int)kind]);

    /// <summary>One turn of the run loop: takes a batch from the ring, ends the transaction when it is due. True when there was work.</summary>
    public bool Turn()
    {
        if (_failedAt is { } failedAt)
        {
            if (_time.GetElapsedTime(failedAt) < RetryAfter) return false;
            _failedAt = null;
        }
        bool worked = false;
        try
        {
            worked = TakeBatch();
            if (_inBatch && _time.GetElapsedTime(_batchBegan) >= _pool.BatchMax) Commit();
            if (!_inBatch) _pool.CheckpointIfDue();
        }
        catch (StorageException error)
        {
            GiveUpBatch(error);
        }
        return worked;
    }

    /// <summary>Records everything that was published until now and commits it.</summary>
    /// <exception cref="StorageException">The disk refused; what was lost is counted.</exception>
    public void Drain()
    {
        long target = _reader.Cursor + _reader.Backlog;
        try
        {
            while (_reader.Cursor < target) TakeBatch();
            if (_lostCount > 0) BeginIfNeeded(_lostFrom);
            Commit();
        }
        catch (StorageException error)
        {
            GiveUpBatch(error);
            throw;
        }
    }

    private bool TakeBatch()
    {
        switch (_reader.Read(StagedMax, out ReadOnlySpan<MarketEvent> events, out long first))
        {
            case RingRead.Empty:
                return false;
            case RingRead.Lagged:
                Lose(_reader.Cursor - _reader.Skipped, _reader.Skipped);
                BeginIfNeeded(_lostFrom);
                return true;
            default:
                int count = Stage(events);
                if (_reader.Advance(count)) Append(first, count); // Otherwise nothing was kept, and the next look says how much is lost.
                return true;
        }
    }

    /// <summary>Copies events until the room for payloads is used up; returns how many.</summary>
    private int Stage(ReadOnlySpan<MarketEvent> events)
    {
        int words = 0;
        for (int i = 0; i < events.Length; i++)
        {
            _staged[i] = events[i];
            _stagedFrom[i] = words;
            if (!_staged[i].HasPayload) continue;
            ReadOnlySpan<long> payload = _reader.PayloadOf(in events[i]);
            if (words + payload.Length > _stagedPayload.Length)
            {
                if (i > 0) return CloseStage(i, words);
                _stagedPayload = new long[payload.Length];
            }
            payload.CopyTo(_stagedPayload.AsSpan(words));
            words += payload.Length;
        }
        return CloseStage(events.Length, words);
    }

    private int CloseStage(int count, int words)
    {
        _stagedFrom[count] = words;
        return count;
    }

    private void Append(long first, int count)
    {
        int done = 0;
        try
        {
            for (; done < count; done++)
            {
                ref readonly MarketEvent entry = ref _staged[done];
                if (entry.ReceiveTimeNanos >= _pool.WeekEndNanos) Rotate(entry.ReceiveTimeNanos);
                BeginIfNeeded(first + done);
                Record(first + done, in entry, _stagedPayload.AsSpan(_stagedFrom[done].._stagedFrom[done + 1]));
            }
        }
        catch (StorageException)
        {
            // The rest of this batch has left the ring already. What the transaction held is counted where it is undone.
            Lose(_inBatch ? _batchFirst : first + done, count - done);
            throw;
        }
    }

    private void Record(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (ChunkFormat.Keeps(entry.Kind) && ChunkBuffer.Holds(in entry, payload))
        {
            ChunkBuffer chunk = ChunkOf(entry.Symbol.Value, entry.Kind);
            if (chunk.IsFullFor(payload.Length)) Write(chunk);
            if (chunk.Count == 0) _open.Add(chunk);
            chunk.Add(sequence, in entry, payload);
        }
        else
        {
            _writer!.WriteRow(sequence, FileSymbol(entry.Symbol.Value), in entry, payload);
        }
        _batchCounts[(int)entry.Kind]++;
    }

    private ChunkBuffer ChunkOf(ushort symbol, EventKind kind)
    {
        int key = (symbol << 8) | (int)kind;
        if (_chunks.TryGetValue(key, out ChunkBuffer? chunk)) return chunk;
        chunk = new ChunkBuffer(kind);
        _chunks.Add(key, chunk);
        _symbolOf.Add(chunk, symbol);
        return chunk;
    }

    private void Write(ChunkBuffer chunk)
    {
        chunk.Encode(_encoded, _scratch);
        _writer!.WriteChunk(chunk, FileSymbol(_symbolOf[chunk]), _encoded);
        chunk.Clear();
        _open.Remove(chunk);
    }

    private void BeginIfNeeded(long firstSequence)
    {
        if (_inBatch) return;
        _writer ??= new SegmentWriter(_pool.Database);
        _writer.Begin();
        _inBatch = true;
        _batchBegan = _time.GetTimestamp();
        _batchFirst = firstSequence;
        WriteNewSymbols();
    }

    private void Commit()
    {
        if (!_inBatch) return;
        if (_lostCount > 0) RecordLoss();
        // In the order of their keys, which is the cheapest for the tree.
        _open.Sort(static (left, right) => left.FirstSequence.CompareTo(right.FirstSequence));
        foreach (ChunkBuffer chunk in _open)
        {
            chunk.Encode(_encoded, _scratch);
            _writer!.WriteChunk(chunk, FileSymbol(_symbolOf[chunk]), _encoded);
            chunk.Clear();
        }
        _open.Clear();
        _writer!.Commit(_reader.Cursor - 1);
        _inBatch = false;
        _pool.LastSequence = _reader.Cursor - 1;
        Publish();
    }

    private void Publish()
    {
        for (int kind = 0; kind < _batchCounts.Length; kind++)
        {
            if (_batchCounts[kind] == 0) continue;
            Volatile.Write(ref _recorded[kind], _recorded[kind] + _batchCounts[kind]);
            _batchCounts[kind] = 0;
        }
        if (_lostWritten == 0) return;
        Volatile.Write(ref _gaps, _gaps + 1);
        _lostCount -= _lostWritten;
        _lostWritten = 0;
    }

    private long _lostWritten;

    /// <summary>The first lost event's sequence is free: the gap takes its place in the order.</summary>
    private void RecordLoss()
    {
        MarketEvent gap = new() { Kind = EventKind.Gap, ReceiveTimeNanos = _time.GetUnixNanos() };
        gap.Plain.A = (long)GapReason.Lagged;
        gap.Plain.B = _lostCount;
        _writer!.WriteRow(_lostFrom, 0, in gap, default);
        _batchCounts[(int)EventKind.Gap]++;
        _lostWritten = _lostCount;
    }

    private void Lose(long from, long count)
    {
        if (_lostCount == 0) _lostFrom = from;
        else _lostFrom = Math.Min(_lostFrom, from);
        _lostCount += count;
        Volatile.Write(ref _laggedEvents, _laggedEvents + count);
    }

    /// <summary>Undoes the open transaction and counts what was in it.</summary>
    private void GiveUpBatch(StorageException error)
    {
        long undone = 0;
        for (int kind = 0; kind < _batchCounts.Length; kind++)
        {
            undone += _batchCounts[kind];
            _batchCounts[kind] = 0;
        }
        if (_lostWritten > 0) undone--; // The row of a loss is not an event that was lost.
        _lostWritten = 0;
        if (_inBatch && undone > 0) Lose(_batchFirst, undone);
        _inBatch = false;
        foreach (ChunkBuffer chunk in _open) chunk.Clear();
        _open.Clear();
        try
        {
            _writer?.Rollback();
        }
        catch (StorageException)
        {
            // SQLite has undone it already, or will when the connection closes; the first error says more.
        }
        ForgetFile();
        Volatile.Write(ref _failures, _failures + 1);
        Volatile.Write(ref _lastError, error.Message);
        _failedAt = _time.GetTimestamp();
        _pool.Report($"Recording failed and is tried again: {error.Message}");
    }

    private void Rotate(long receiveTimeNanos)
    {
        Commit();
        ForgetFile();
        _pool.MoveTo(receiveTimeNanos);
    }

    /// <summary>Statements and symbol numbers belong to one file.</summary>
    private void ForgetFile()
    {
        _writer?.Dispose();
        _writer = null;
        Array.Clear(_fileSymbols);
        Array.Clear(_written);
    }

    private long FileSymbol(ushort symbol)
    {
        if (symbol == 0) return 0;
        if (symbol < _fileSymbols.Length && _fileSymbols[symbol] != 0) return _fileSymbols[symbol];
        if (symbol >= _fileSymbols.Length)
        {
            Array.Resize(ref _fileSymbols, symbol + 1);
            Array.Resize(ref _written, symbol + 1);
        }
        // A number that the table does not know must not stop the recording: it stays a number.
        Instrument instrument = symbol <= _instruments.Count
            ? _instruments[new SymbolId(symbol)]
            : new Instrument { Id = new SymbolId(symbol), Symbol = $"#{symbol}", Market = Market.None };
        _written[symbol] = instrument;
        return _fileSymbols[symbol] = _writer!.WriteSymbol(instrument);
    }

    /// <summary>
    /// Keeps the file's symbols equal to the table's. A new file gets all of them at once, in order: its numbers are then those of the run.
    /// </summary>
    private void WriteNewSymbols()
    {
        for (int symbol = 1; symbol <= _instruments.Count; symbol++)
        {
            if (symbol >= _written.Length || _written[symbol] is not { } written) FileSymbol((ushort)symbol);
            else if (!ReferenceEquals(_instruments[new SymbolId((ushort)symbol)], written)) Rewrite(symbol);
        }
    }

    private void Rewrite(int symbol)
    {
        Instrument now = _instruments[new SymbolId((ushort)symbol)];
        _written[symbol] = now;
        _fileSymbols[symbol] = _writer!.WriteSymbol(now);
    }

    /// <summary>Ends the open transaction; what the ring still holds is not read (see <see cref="Drain"/>). The pool stays open.</summary>
    public void Dispose()
    {
        try
        {
            Commit();
        }
        catch (StorageException error)
        {
            GiveUpBatch(error);
        }
        ForgetFile();
    }
}
