using System.Buffers;
using System.Text;
using System.Text.Json;

using Peregrine.Common.Events;
using Peregrine.Storage.Files;
using Peregrine.Storage.Rows;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage;

/// <summary>One weekly file.</summary>
/// <param name="Name">crypto_2026_47.db</param>
/// <param name="Week">2026-W47</param>
/// <param name="Bytes">The file and its log.</param>
/// <param name="Sealed">It will not change any more.</param>
/// <param name="Integrity">"ok", "unchecked", or what is wrong.</param>
public sealed record DatabaseFileStatus(string Name, string Week, long Bytes, bool Sealed, string Integrity);

/// <summary>What a state directory holds, counted exactly: rows, and events inside chunks. Works beside a running recorder.</summary>
public sealed class DatabaseStatus
{
    private DatabaseStatus(IReadOnlyList<DatabaseFileStatus> files, IReadOnlyDictionary<string, long> events, IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> symbols)
    {
        Files = files;
        Events = events;
        Symbols = symbols;
    }

    public IReadOnlyList<DatabaseFileStatus> Files { get; }

    /// <summary>Events by the name of their kind; kinds without any are left out.</summary>
    public IReadOnlyDictionary<string, long> Events { get; }

    /// <summary>
    /// Events by symbol and kind. A name that is traded on two markets stands twice, with the market behind it: <c>BTCUSDT (spot)</c>. Events without a symbol are
    /// in <see cref="Events"/> only.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> Symbols { get; }

    /// <summary>Counts a state directory. A file that cannot be read is listed with what is wrong, and the others still count.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such directory.</exception>
    public static DatabaseStatus Read(string stateDirectory, bool verifyIntegrity)
    {
        List<DatabaseFileStatus> files = [];
        SortedDictionary<EventKind, long> events = [];
        SortedDictionary<(string Name, string Market), SortedDictionary<EventKind, long>> symbols = [];
        foreach ((IsoWeek week, string path) in SegmentFile.List(stateDirectory))
        {
            string integrity;
            bool isSealed = false;
            try
            {
                isSealed = SegmentFile.IsSealed(path);
                (integrity, List<SymbolCount> counts) = ReadFile(path, verifyIntegrity);
                foreach ((string symbol, string market, EventKind kind, long count) in counts)
                {
                    events[kind] = events.GetValueOrDefault(kind) + count;
                    if (symbol.Length == 0) continue;
                    if (!symbols.TryGetValue((symbol, market), out SortedDictionary<EventKind, long>? kinds)) symbols.Add((symbol, market), kinds = []);
                    kinds[kind] = kinds.GetValueOrDefault(kind) + count;
                }
            }
            catch (StorageException error)
            {
                integrity = error.Message;
            }
            files.Add(new DatabaseFileStatus(Path.GetFileName(path), week.ToString(), SegmentFile.Bytes(path), isSealed, integrity));
        }
        HashSet<string> twice = [.. symbols.Keys.GroupBy(static key => key.Name, StringComparer.Ordinal).Where(static group => group.Count() > 1).Select(static group => group.Key)];
        return new DatabaseStatus(files, Named(events), symbols.ToDictionary(
            pair => twice.Contains(pair.Key.Name) ? $"{pair.Key.Name} ({pair.Key.Market})" : pair.Key.Name, static pair => Named(pair.Value), StringComparer.Ordinal));
    }

    private static (string Integrity, List<SymbolCount> Counts) ReadFile(string path, bool verifyIntegrity)
    {
        using Database database = Database.OpenReadOnly(path);
        SegmentFile.Recognise(database);
        string integrity = verifyIntegrity ? SegmentFile.Check(database, quick: false, TimeProvider.System, budget: null) : "unchecked";
        database.Execute("BEGIN"); // All counts are of one moment.
        return (integrity, Counts(database));
    }

    /// <summary>Events of a file that belong together; symbol and market are empty where there is none.</summary>
    internal readonly record struct SymbolCount(string Symbol, string Market, EventKind Kind, long Count);

    /// <summary>Events of one file by symbol, market and kind.</summary>
    internal static List<SymbolCount> Counts(Database database)
    {
        Dictionary<long, (string Name, string Market)> symbols = NamesOf(database);
        List<SymbolCount> counts = [];
        foreach (RowTable table in RowTable.All)
        {
            bool isGeneral = table.Kind == EventKind.None;
            using Statement select = database.Prepare(isGeneral
                ? $"SELECT symbol, count(*), kind FROM {table.Name} GROUP BY symbol, kind"
                : $"SELECT symbol, count(*) FROM {table.Name} GROUP BY symbol");
            while (select.Step()) Add(select.Int64(0), isGeneral ? (EventKind)select.Int64(2) : table.Kind, select.Int64(1));
        }
        using Statement chunks = database.Prepare("SELECT symbol, kind, sum(events) FROM chunk GROUP BY symbol, kind");
        while (chunks.Step()) Add(chunks.Int64(0), (EventKind)chunks.Int64(1), chunks.Int64(2));
        return counts;

        void Add(long id, EventKind kind, long count)
        {
            (string name, string market) = symbols.GetValueOrDefault(id, ("", ""));
            counts.Add(new SymbolCount(name, market, kind, count));
        }
    }

    /// <summary>What the file's numbers of symbols stand for: one name may be there for each of two markets.</summary>
    internal static Dictionary<long, (string Name, string Market)> NamesOf(Database database)
    {
        Dictionary<long, (string Name, string Market)> symbols = [];
        using Statement select = database.Prepare("SELECT id, name, market FROM symbol");
        while (select.Step()) symbols[select.Int64(0)] = (select.Text(1), select.Text(2));
        return symbols;
    }

    /// <summary>As <c>db status --json</c> prints it.</summary>
    public string ToJson(bool indented = false)
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text, new JsonWriterOptions { Indented = indented }))
        {
            json.WriteStartObject();
            json.WriteStartArray("files");
            foreach (DatabaseFileStatus file in Files)
            {
                json.WriteStartObject();
                json.WriteString("name", file.Name);
                json.WriteString("week", file.Week);
                json.WriteNumber("bytes", file.Bytes);
                json.WriteBoolean("sealed", file.Sealed);
                json.WriteString("integrity", file.Integrity);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            WriteCounts(json, "events", Events);
            json.WriteStartObject("symbols");
            foreach ((string symbol, IReadOnlyDictionary<string, long> kinds) in Symbols) WriteCounts(json, symbol, kinds);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private static void WriteCounts(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, long> counts)
    {
        json.WriteStartObject(name);
        foreach ((string kind, long count) in counts) json.WriteNumber(kind, count);
        json.WriteEndObject();
    }

    private static IReadOnlyDictionary<string, long> Named(SortedDictionary<EventKind, long> counts)
    {
        Dictionary<string, long> named = new(StringComparer.Ordinal);
        foreach ((EventKind kind, long count) in counts)
            named[kind.Text()] = named.GetValueOrDefault(kind.Text()) + count; // Kinds of a newer program all read "none".
        return named;
    }
}
