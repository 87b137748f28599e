using System.Globalization;
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
public sealed unsafe class IntentJournal : IIntentJournal, IDisposable
{
    /// <summary>Records of one half, its header included.</summary>
    private const int HalfRecords = 8_192;
    private const uint Magic = 0x4A475250; // "PRGJ"
    private const int SymbolBytes = 24;

    private const long FileBytes = 2L * HalfRecords * Record.SizeBytes;

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

    /// <summary>
    /// Opens or creates the journal. A record that is damaged is passed over, and a file that is no journal at all is set aside under another name, never
    /// overwritten; either way <see cref="Damage"/> says so, and intents may be missing.
    /// </summary>
    /// <param name="time">For the name of a file that is set aside.</param>
    /// <exception cref="IOException">Another process has it open, or the disk is full.</exception>
    public IntentJournal(string path, TimeProvider? time = null)
    {
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
        if (_file.Length != 0 && !IsJournal(_file))
        {
            string aside = AsideName(path, time ?? TimeProvider.System);
            File.Move(path, aside);
            _file.Dispose();
            _file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
            Damage = $"the order journal was no journal and was set aside as {aside}";
        }
        if (_file.Length == 0)
        {
            _file.Write(new byte[FileBytes]); // Real blocks now: a full disk must not surprise an order later.
            _file.Flush(flushToDisk: true);
        }
        _map = MemoryMappedFile.CreateFromFile(_file, null, FileBytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, FileBytes);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _records = (Record*)start;

        uint first = EpochOf(0), second = EpochOf(1);
        _half = second > first ? 1 : 0;
        _epoch = Math.Max(first, second);
        if (_epoch == 0) Begin(half: 0, epoch: 1, []);
        else _count = FindEnd();
        MendIfDamaged(path, time ?? TimeProvider.System);
    }

    /// <summary>A copy of the damaged file is kept, and what is sound moves to the other half: damage is told of once.</summary>
    private void MendIfDamaged(string path, TimeProvider time)
    {
        if (Damage.Length == 0 || Damage.Contains("set aside", StringComparison.Ordinal)) return;
        string copy = AsideName(path, time);
        File.Copy(path, copy);
        Damage += $"; a copy of it is {copy}";
        Compact();
        FlushToDisk();
        *(_records + ((1 - _half) * HalfRecords)) = default; // The other half has all; a header that is still damaged would be told of for ever.
    }

    private static string AsideName(string path, TimeProvider time) => string.Create(CultureInfo.InvariantCulture, $"{path}.corrupt-{time.GetUtcNow():yyyyMMddTHHmmssfff}");

    /// <summary>What was found damaged when it was opened, and that intents may be missing therefore; empty when all was well.</summary>
    public string Damage { get; private set; } = "";

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
    public void End(ClientOrderId clientId, long nowNanos)
    {
        if (_count >= HalfRecords) return; // Then it is merely asked about once more.
        OrderIntent ended = new() { ClientId = clientId };
        Write(RecordKind.End, default, in ended, nowNanos);
    }

    /// <summary>Moves the open intents to the other half. For quiet moments: it searches the whole half.</summary>
    public void Compact()
    {
        Begin(1 - _half, _epoch + 1, ReadOpen());
    }

    /// <summary>Intents without an end, oldest first.</summary>
    public IReadOnlyList<OpenIntent> ReadOpen()
    {
        Dictionary<ClientOrderId, OpenIntent> open = [];
        for (int i = 1; i < _count; i++)
        {
            Record* record = At(i);
            if (!IsCurrent(record)) continue; // Damaged, and reported as such when the file was opened.
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

    private void Begin(int half, uint epoch, IReadOnlyList<OpenIntent> open)
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

    /// <summary>
    /// The epoch of a half, 0 where it was never used. A compaction that was cut short leaves records under an older, sound header: they do not count.
    /// Records under a damaged header do, for nothing else is left to say what they are.
    /// </summary>
    private uint EpochOf(int half)
    {
        Record* records = _records + (half * HalfRecords);
        if (IsValid(records) && records->Kind == RecordKind.Header) return records->Epoch;
        if (IsBlank(records)) return 0;
        uint epoch = 0;
        for (int i = 1; i < HalfRecords; i++)
            if (IsValid(records + i)) epoch = Math.Max(epoch, records[i].Epoch);
        Damage = "the header of the order journal was damaged";
        return epoch;
    }

    /// <summary>One past the last sound record. Anything unsound before it is damage, for records are written one after the other.</summary>
    private int FindEnd()
    {
        int end = HalfRecords;
        while (end > 1 && !IsCurrent(At(end - 1))) end--;
        int damaged = 0;
        for (int i = 1; i < end; i++)
            if (!IsCurrent(At(i))) damaged++;
        // A record beyond the end that is neither blank nor of an earlier use was cut short or damaged: what it said is lost.
        if (end < HalfRecords && !IsBlank(At(end)) && !IsValid(At(end))) damaged++;
        if (damaged > 0) Damage = string.Create(CultureInfo.InvariantCulture, $"{damaged} records of the order journal were damaged");
        return end;
    }

    private bool IsCurrent(Record* record) => IsValid(record) && record->Epoch == _epoch;

    private static bool IsBlank(Record* record) => new ReadOnlySpan<byte>(record, Record.SizeBytes).IndexOfAnyExcept((byte)0) < 0;

    /// <summary>It has our length, and our magic number begins some record.</summary>
    private static bool IsJournal(FileStream file)
    {
        if (file.Length != FileBytes) return false;
        byte[] all = new byte[FileBytes];
        file.ReadExactly(all);
        file.Position = 0;
        if (all.AsSpan().IndexOfAnyExcept((byte)0) < 0) return true; // Made, and cut off before its first record.
        for (int at = 0; at < all.Length; at += Record.SizeBytes)
            if (MemoryMarshal.Read<uint>(all.AsSpan(at)) == Magic) return true;
        return false;
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
