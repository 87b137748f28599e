using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Checks;
using Peregrine.Storage.Chunks;
using Peregrine.Storage.Disk;
using Peregrine.Storage.Recovery;

namespace Peregrine.Storage;

/// <summary>
/// Writes what the ring carries. It may lag, never slow the ring, and a loss is itself recorded (a row in <c>gap</c>). One thread turns it; the
/// counters may be read from any.
/// </summary>
/// <remarks>
/// What a batch shows is copied and counts only once the ring has confirmed that nothing of it was overwritten meanwhile. When anything fails, the open
/// transaction is undone and the reader goes back to the first event that is not committed: nothing is given up while the ring still has it. Writing is
/// tried again every second: a full disk stops the recording, not the program.
/// </remarks>
public sealed class Recorder : IDisposable
{
    /// <summary>Events copied at a time: few enough to be done long before the ring comes round.</summary>
    private const int StagedMax = 256;

    /// <summary>Payload words copied at a time, unless one event alone has more.</summary>
    private const int StagedWords = 32_768;

    /// <summary>A commit begins that much before a batch may end, so that it is through by then.</summary>
    private const double CommitShare = 0.8;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>How long events may be left out before a gap says so; until then the mark file does.</summary>
    private static readonly TimeSpan NameOmittedAfter = TimeSpan.FromSeconds(10);

    private readonly IEventReader _reader;
    private readonly RotatingPool _pool;
    private readonly InstrumentTable _instruments;
    private readonly TimeProvider _time;

    private readonly TimeSpan _commitAfter;
    private readonly MarketEvent[] _staged = new MarketEvent[StagedMax];
    private readonly int[] _stagedFrom = new int[StagedMax + 1];
    private long[] _stagedPayload = new long[StagedWords];

    private readonly Dictionary<int, ChunkBuffer> _chunks = [];
    private readonly List<ChunkBuffer> _open = [];
    private readonly Dictionary<ChunkBuffer, ushort> _symbolOf = [];
    private readonly ChunkWriter _encoded = new();
    private readonly ChunkScratch _scratch = new();

    private SegmentWriter? _writer;
    private BatchSums? _sums;
    private long[] _fileSymbols = [];
    private ulong[] _symbolSums = [];
    private Instrument?[] _written = [];

    private bool _inBatch;
    private long _batchBegan;
    private long _batchTimeNanos;
    private readonly long[] _batchCounts = new long[256];
    private int _batchGaps;
    private long _committed;
    private long _committedTimeNanos;

    private readonly Losses _losses = new();
    private DiskLevel _level;
    private long _omittedSince;
    private long? _failedAt;
    private long _appending = -1;
    private long _crashedAt = -1;
    private long _poison = -1;

    private readonly long[] _recorded = new long[256];
    private long _lagged;
    private long _laggedPending;
    private long _omitted;
    private long _omittedPending;
    private long _omittedNamed;
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
        _commitAfter = pool.BatchMax * CommitShare;
        _instruments = instruments;
        _time = time;
        _committed = reader.Cursor - 1;
        _level = pool.DiskLevel;
    }

    /// <summary>Events committed so far in this run, by the number of their <see cref="EventKind"/>. Only grows; do not write.</summary>
    public ReadOnlySpan<long> RecordedByKind => _recorded;

    /// <summary>Events that the ring overwrote before they were recorded. Those of an open transaction may still be found in the ring, should it fail.</summary>
    public long LaggedEvents => Volatile.Read(ref _lagged) + Volatile.Read(ref _laggedPending);

    /// <summary>Events that were left out because the disk is too full.</summary>
    public long OmittedEvents => Volatile.Read(ref _omitted) + Volatile.Read(ref _omittedPending);

    /// <summary>What is recorded at present.</summary>
    public DiskLevel DiskLevel => _pool.DiskLevel;

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
        try
        {
            _pool.Attend();
            if (_pool.DiskLevel != _level) ChangeLevel();
            if (_pool.EarlierLosses.Count > 0) BeginIfNeeded();
            bool worked = TakeBatch();
            if (OmittedAreDue()) BeginIfNeeded();
            if (_inBatch && _time.GetElapsedTime(_batchBegan) >= _commitAfter) Commit(nameOmitted: OmittedAreDue());
            if (!_inBatch) Rest(worked);
            return worked;
        }
        catch (StorageException error)
        {
            GiveUpBatch(error);
            return false;
        }
        catch (Exception error)
        {
            GiveUpBatch(error);
            throw; // It is a mistake of ours: whoever runs this restarts it, and the ring still has the events.
        }
    }

    /// <summary>Records everything that was published until now and commits it.</summary>
    /// <exception cref="StorageException">The disk refused; what the ring still holds can be drained again.</exception>
    public void Drain()
    {
        long target = _reader.Cursor + _reader.Backlog;
        try
        {
            while (_reader.Cursor < target) TakeBatch();
            if (_losses.Lagged > 0 || _losses.Omitted > 0 || _pool.EarlierLosses.Count > 0) BeginIfNeeded();
            Commit(nameOmitted: true);
            KeepMark();
        }
        catch (Exception error)
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
                _losses.Lag(_reader.Cursor - _reader.Skipped, _reader.Skipped);
                Volatile.Write(ref _laggedPending, _losses.Lagged);
                BeginIfNeeded();
                return true;
            default:
                int count = Stage(events);
                if (_reader.Advance(count)) Append(first, count); // Otherwise nothing was kept, and the next look says how much is lost.
                return true;
        }
    }

    /// <summary>What is done between two transactions.</summary>
    private void Rest(bool worked)
    {
        KeepMark();
        if (_pool.CheckpointIfDue())
        {
            ForgetFile();
            _pool.MoveToNextPart();
        }
        if (worked || !_pool.IsOverByClock()) return;
        EndFile();
        _pool.MoveToClock();
    }

    /// <summary>Says in the mark how far we are where no transaction does: all that came was left out.</summary>
    private void KeepMark()
    {
        long through = _reader.Cursor - 1;
        if (through == _committed || _losses.Lagged > 0) return;
        _committed = through;
        _losses.Keep();
        _pool.Committed(through, _committedTimeNanos, _losses.Omitted, inDatabase: false);
    }

    private void ChangeLevel()
    {
        if (_losses.Omitted > 0)
        {
            BeginIfNeeded();
            Commit(nameOmitted: true);
        }
        _level = _pool.DiskLevel;
    }

    private bool OmittedAreDue() => _losses.Omitted > 0 && _time.GetElapsedTime(_omittedSince) >= NameOmittedAfter;

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
        for (int i = 0; i < count; i++)
        {
            ref readonly MarketEvent entry = ref _staged[i];
            _appending = first + i;
            if (_appending == _poison)
            {
                _losses.Lag(_appending, 1);
                BeginIfNeeded();
                continue;
            }
            if (!_level.Records(entry.Kind))
            {
                Omit(entry.Kind, _appending);
                continue;
            }
            if (entry.ReceiveTimeNanos >= _pool.WeekEndNanos && _pool.Begins(entry.ReceiveTimeNanos)) Rotate(entry.ReceiveTimeNanos, first + i);
            BeginIfNeeded();
            Record(_appending, in entry, _stagedPayload.AsSpan(_stagedFrom[i].._stagedFrom[i + 1]));
            _batchTimeNanos = entry.ReceiveTimeNanos;
        }
        _appending = -1;
    }

    private void Omit(EventKind kind, long sequence)
    {
        if (_losses.Omitted == 0) _omittedSince = _time.GetTimestamp();
        _losses.Omit(kind, sequence);
        Volatile.Write(ref _omittedPending, _losses.Omitted);
    }

    private void Record(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (ChunkFormat.Keeps(entry.Kind) && ChunkBuffer.Holds(in entry, payload))
        {
            ChunkBuffer chunk = ChunkOf(entry.Symbol.Value, entry.Kind);
            if (chunk.IsFullFor(payload.Length))
            {
                Write(chunk);
                _open.Remove(chunk);
            }
            if (chunk.Count == 0) _open.Add(chunk);
            chunk.Add(sequence, in entry, payload);
        }
        else
        {
            WriteRow(sequence, entry.Symbol.Value, in entry, payload);
        }
        _batchCounts[(int)entry.Kind]++;
    }

    private void WriteRow(long sequence, ushort symbol, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        _writer!.WriteRow(sequence, FileSymbol(symbol), in entry, payload);
        _sums!.AddRow(sequence, _symbolSums[symbol], in entry, payload);
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
        ushort symbol = _symbolOf[chunk];
        chunk.Encode(_encoded, _scratch);
        _writer!.WriteChunk(chunk, FileSymbol(symbol), _encoded);
        _sums!.AddChunk(chunk);
        chunk.Clear();
    }

    private void BeginIfNeeded()
    {
        if (_inBatch) return;
        if (_writer is null)
        {
            _writer = new SegmentWriter(_pool.Database);
            _sums = new BatchSums(_pool.Database);
            if (_symbolSums.Length == 0) _symbolSums = [EventSum.OfName("")];
        }
        _writer.Begin();
        _inBatch = true;
        _batchBegan = _time.GetTimestamp();
        WriteNewSymbols();
    }

    private void Commit(bool nameOmitted) => Commit(_reader.Cursor - 1, nameOmitted);

    /// <param name="through">The last event that is accounted for with this transaction.</param>
    /// <param name="nameOmitted">Record what was left out.</param>
    private void Commit(long through, bool nameOmitted)
    {
        if (!_inBatch) return;
        RecordLosses(nameOmitted);
        // In the order of their keys, which is the cheapest for the tree.
        _open.Sort(static (left, right) => left.FirstSequence.CompareTo(right.FirstSequence));
        foreach (ChunkBuffer chunk in _open) Write(chunk);
        _open.Clear();
        _sums!.Write(through);
        _writer!.Commit(through);
        _inBatch = false;
        _committed = through;
        _committedTimeNanos = _batchTimeNanos;
        Publish();
        _losses.Keep();
        _pool.Committed(through, _committedTimeNanos, _losses.Omitted, inDatabase: true);
    }

    private void Publish()
    {
        for (int kind = 0; kind < _batchCounts.Length; kind++)
        {
            if (_batchCounts[kind] == 0) continue;
            Volatile.Write(ref _recorded[kind], _recorded[kind] + _batchCounts[kind]);
            _batchCounts[kind] = 0;
        }
        Volatile.Write(ref _gaps, _gaps + _batchGaps);
        _batchGaps = 0;
        Volatile.Write(ref _laggedPending, 0);
        Volatile.Write(ref _lagged, _lagged + _losses.Lagged);
        Volatile.Write(ref _omitted, _omitted + _omittedNamed);
        _omittedNamed = 0;
        Volatile.Write(ref _omittedPending, _losses.Omitted);
    }

    /// <summary>A gap stands at a sequence of which there is no event: the first that it names.</summary>
    private void RecordLosses(bool nameOmitted)
    {
        long now = _time.GetUnixNanos();
        foreach (EarlierLoss loss in _pool.EarlierLosses) WriteGap(loss.At, loss.Reason, loss.Count, loss.SpanNanos, loss.ToNanos > 0 ? loss.ToNanos : now);
        if (_losses.Lagged > 0) WriteGap(_losses.LaggedFrom, GapReason.Lagged, _losses.Lagged, 0, now);
        if (!nameOmitted) return;
        while (_losses.TryTakeOmitted(out EventKind kind, out long from, out long count))
        {
            WriteGap(from, GapReason.Disk, count, (long)kind, now);
            _omittedNamed += count;
        }
    }

    private void WriteGap(long sequence, GapReason reason, long lost, long detail, long receiveTimeNanos)
    {
        MarketEvent gap = new() { Kind = EventKind.Gap, ReceiveTimeNanos = receiveTimeNanos };
        gap.Plain.A = (long)reason;
        gap.Plain.B = lost;
        gap.Plain.C = detail;
        WriteRow(sequence, 0, in gap, default);
        _batchCounts[(int)EventKind.Gap]++;
        _batchGaps++;
    }

    /// <summary>Undoes the open transaction and goes back to the first event that is not committed.</summary>
    private void GiveUpBatch(Exception error)
    {
        Array.Clear(_batchCounts);
        _batchGaps = 0;
        _omittedNamed = 0;
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
        long next = _reader.Rewind(_committed + 1);
        _losses.Undo();
        if (next > _committed + 1) _losses.Lag(_committed + 1, next - _committed - 1);
        Volatile.Write(ref _laggedPending, _losses.Lagged);
        Volatile.Write(ref _omittedPending, _losses.Omitted);
        Volatile.Write(ref _failures, _failures + 1);
        Volatile.Write(ref _lastError, error.Message);
        _failedAt = _time.GetTimestamp();
        if (error is StorageException storage)
        {
            if (storage.IsFull || storage.IsDiskError) _pool.Refused();
            if (storage.IsDiskError || storage.IsCorruption) _pool.CloseAfter(storage);
        }
        else
        {
            // One event that can never be recorded must not keep all others from it: at the second time it is passed over and counted.
            if (_appending >= 0 && _appending == _crashedAt) _poison = _appending;
            _crashedAt = _appending;
        }
        _appending = -1;
        _pool.Report($"Recording failed and is tried again: {error.Message}");
    }

    private void Rotate(long receiveTimeNanos, long sequence)
    {
        // What comes from this event on belongs to the new file: the transaction ends before it.
        if (_losses.Omitted > 0) BeginIfNeeded();
        Commit(sequence - 1, nameOmitted: true);
        ForgetFile();
        _pool.MoveTo(receiveTimeNanos);
    }

    /// <summary>Ends what is open in this file.</summary>
    private void EndFile()
    {
        if (_losses.Omitted > 0) BeginIfNeeded();
        Commit(nameOmitted: true);
        ForgetFile();
    }

    /// <summary>Statements and symbol numbers belong to one file.</summary>
    private void ForgetFile()
    {
        _writer?.Dispose();
        _writer = null;
        _sums?.Dispose();
        _sums = null;
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
            Array.Resize(ref _symbolSums, symbol + 1);
        }
        // A number that the table does not know must not stop the recording: it stays a number.
        Instrument instrument = symbol <= _instruments.Count
            ? _instruments[new SymbolId(symbol)]
            : new Instrument { Id = new SymbolId(symbol), Symbol = $"#{symbol}", Market = Market.None };
        return WriteSymbol(symbol, instrument);
    }

    private long WriteSymbol(int symbol, Instrument instrument)
    {
        long id = _writer!.WriteSymbol(instrument);
        _sums!.SignSymbol(id, instrument, _writer.UnitsOf(id));
        _written[symbol] = instrument;
        _symbolSums[symbol] = EventSum.OfName(instrument.Symbol);
        return _fileSymbols[symbol] = id;
    }

    /// <summary>
    /// Keeps the file's symbols equal to the table's. A new file gets all of them at once, in order: its numbers are then those of the run.
    /// </summary>
    private void WriteNewSymbols()
    {
        for (int symbol = 1; symbol <= _instruments.Count; symbol++)
        {
            if (symbol >= _written.Length || _written[symbol] is not { } written) FileSymbol((ushort)symbol);
            else if (_instruments[new SymbolId((ushort)symbol)] is var now && !ReferenceEquals(now, written)) WriteSymbol(symbol, now);
        }
    }

    /// <summary>Ends the open transaction; what the ring still holds is not read (see <see cref="Drain"/>). The pool stays open.</summary>
    public void Dispose()
    {
        try
        {
            if (_losses.Omitted > 0) BeginIfNeeded();
            Commit(nameOmitted: true);
        }
        catch (StorageException error)
        {
            GiveUpBatch(error);
        }
        ForgetFile();
    }
}
