using System.IO.MemoryMappedFiles;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

using Peregrine.Common.Orders;

namespace Peregrine.Execution.Journal;

/// <summary>An intent that the journal holds and that no end was written for.</summary>
public readonly record struct OpenIntent(string Symbol, OrderIntent Intent, long WrittenNanos);

/// <summary>
/// The write-ahead journal of order intents: a preallocated, memory-mapped file of checksummed 128-byte records, appended to before an order's
/// bytes leave. What was appended survives the death of the process at once, and a power cut after the next <see cref="FlushToDisk"/>.
/// The file has two halves; when one is full the open intents move to the other, so that it serves for ever without growing.
/// </summary>
public sealed unsafe class IntentJournal : IDisposable
{
    /// <summary>Records of one half, its header included.</summary>
    private const int HalfRecords = 8_192;
    private const uint Magic = 0x4A475250; // "PRGJ"
    private const int SymbolBytes = 24;

    private readonly FileStream _file;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Record* _records;
    private int _half;
    private uint _epoch;
    private int _count;

    private enum RecordKind : byte
    {
        None = 0,
        Header = 1,
        Intent = 2,
        End = 3,
    }

    [StructLayout(LayoutKind.Sequential, Size = Record.SizeBytes)]
    private struct Record
    {
        public const int SizeBytes = 128;
        public uint Magic;
        public uint Checksum;
        public uint Epoch;
        public RecordKind Kind;
        public byte SymbolLength;
        public long WrittenNanos;
        public fixed byte Symbol[SymbolBytes];
        public OrderIntent Intent;
    }

    /// <summary>Opens or creates the journal; what is damaged ends it there, everything before it holds.</summary>
    /// <exception cref="IOException">Another process has it open, or the disk is full.</exception>
    public IntentJournal(string path)
    {
        const long size = 2L * HalfRecords * Record.SizeBytes;
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        if (_file.Length != size)
        {
            _file.SetLength(0);
            _file.Write(new byte[size]); // Real blocks now: a full disk must not surprise an order later.
            _file.Flush(flushToDisk: true);
        }
        _map = MemoryMappedFile.CreateFromFile(_file, null, size, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, size);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _records = (Record*)start;

        uint first = HeaderEpoch(0), second = HeaderEpoch(1);
        _half = second > first ? 1 : 0;
        _epoch = Math.Max(first, second);
        if (_epoch == 0) Begin(half: 0, epoch: 1, []);
        else _count = CountValid();
    }

    /// <summary>Records that still fit before open intents move to the other half.</summary>
    public int Free => HalfRecords - _count;

    /// <summary>Writes an intent down. False: there is no room, and the order must not be sent.</summary>
    public bool Append(ReadOnlySpan<byte> symbol, in OrderIntent intent, long nowNanos)
    {
        if (_count >= HalfRecords || symbol.Length > SymbolBytes) return false;
        Write(RecordKind.Intent, symbol, in intent, nowNanos);
        return true;
    }

    /// <summary>Notes that an order reached its end; its intent is done with.</summary>
    public void End(ClientOrderId id, long nowNanos)
    {
        if (_count >= HalfRecords) return; // Then it is merely asked about once more.
        OrderIntent ended = new() { ClientId = id };
        Write(RecordKind.End, default, in ended, nowNanos);
    }

    /// <summary>Moves the open intents to the other half. For quiet moments: it searches the whole half.</summary>
    public void Compact()
    {
        Begin(1 - _half, _epoch + 1, ReadOpen());
    }

    /// <summary>Intents without an end, oldest first.</summary>
    public List<OpenIntent> ReadOpen()
    {
        Dictionary<ClientOrderId, OpenIntent> open = [];
        for (int i = 1; i < _count; i++)
        {
            Record* record = At(i);
            if (record->Kind == RecordKind.End) open.Remove(record->Intent.ClientId);
            else open[record->Intent.ClientId] = new OpenIntent(Encoding.UTF8.GetString(record->Symbol, record->SymbolLength), record->Intent, record->WrittenNanos);
        }
        return [.. open.Values.OrderBy(intent => intent.WrittenNanos)];
    }

    /// <summary>Makes the disk have what was appended. For a thread that may wait.</summary>
    public void FlushToDisk()
    {
        _view.Flush();
        _file.Flush(flushToDisk: true);
    }

    public void Dispose()
    {
        _view.Flush();
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
        _file.Dispose();
    }

    private Record* At(int index) => _records + (_half * HalfRecords) + index;

    private void Begin(int half, uint epoch, List<OpenIntent> open)
    {
        _half = half;
        _epoch = epoch;
        _count = 1;
        foreach (OpenIntent intent in open) Write(RecordKind.Intent, Encoding.UTF8.GetBytes(intent.Symbol), intent.Intent, intent.WrittenNanos);
        // The header comes last: until it is whole, the other half with its lower epoch is the journal.
        int count = _count;
        _count = 0;
        Write(RecordKind.Header, default, default, 0);
        _count = count;
    }

    private void Write(RecordKind kind, ReadOnlySpan<byte> symbol, in OrderIntent intent, long nowNanos)
    {
        Record record = new() { Magic = Magic, Epoch = _epoch, Kind = kind, SymbolLength = (byte)symbol.Length, WrittenNanos = nowNanos, Intent = intent };
        symbol.CopyTo(new Span<byte>(record.Symbol, SymbolBytes));
        record.Checksum = ChecksumOf(&record);
        *At(_count) = record;
        _count++;
    }

    private uint HeaderEpoch(int half)
    {
        Record* header = _records + (half * HalfRecords);
        return IsValid(header) && header->Kind == RecordKind.Header ? header->Epoch : 0;
    }

    private int CountValid()
    {
        int count = 0;
        while (count < HalfRecords && IsValid(At(count)) && At(count)->Epoch == _epoch) count++;
        return count;
    }

    private static bool IsValid(Record* record) => record->Magic == Magic && record->SymbolLength <= SymbolBytes && record->Checksum == ChecksumOf(record);

    /// <summary>CRC-32C of the record without its checksum field.</summary>
    private static uint ChecksumOf(Record* record)
    {
        uint crc = uint.MaxValue;
        ulong* words = (ulong*)record;
        crc = BitOperations.Crc32C(crc, (uint)words[0]);
        for (int i = 1; i < Record.SizeBytes / sizeof(ulong); i++) crc = BitOperations.Crc32C(crc, words[i]);
        return ~crc;
    }
}
