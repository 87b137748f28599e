using System.Buffers.Binary;
using System.Globalization;
using System.Text;

using Peregrine.Storage.Backups;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Tests;

public sealed class RestoreHostileTests(ITestOutputHelper output)
{
    /// <summary>Scorecard row 55: each is refused with a sentence, writes no more than it may, and leaves nothing.</summary>
    [Fact]
    public void Hostile_archives_are_refused_and_leave_nothing()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        string file = BackupFiles.Sealed(folder);
        BackupOutcome outcome = BackupJob.Attempt(file, cold.Path, Rig.Clock(), BackupFiles.Quick);
        byte[] archive = File.ReadAllBytes(outcome.Archive);
        BackupManifest manifest = outcome.Manifest!;
        List<string> failures = [];
        int trials = 0;

        void Refused(string what, string expected, byte[] bytes, string? json, bool withoutManifest = false)
        {
            trials++;
            using TestFolder stage = new();
            string path = stage.File("hostile.db.zst");
            File.WriteAllBytes(path, bytes);
            if (json is not null) File.WriteAllText(BackupManifest.PathOf(path), json);
            long most = 0;
            try
            {
                Restore.Run(path, stage.File("restored"), new RestoreOptions { AllowMissingManifest = withoutManifest }, _ => most = Math.Max(most, LengthOf(stage.File("restored.partial"))));
                failures.Add($"{what}: it was restored");
            }
            catch (StorageException error)
            {
                if (!error.Message.Contains(expected, StringComparison.Ordinal)) failures.Add($"{what}: it says '{error.Message}'");
            }
            string[] left = BackupFiles.Names(stage.Path);
            if (left.Any(name => name.StartsWith("restored", StringComparison.Ordinal))) failures.Add($"{what}: left {string.Join(", ", left)}");
            if (most > Math.Max(manifest.Bytes, Restore.RatioMaxWithoutManifest * bytes.Length)) failures.Add($"{what}: wrote {most} bytes");
            if (File.Exists(Path.Combine(stage.Path, "..", "escaped.db"))) failures.Add($"{what}: it escaped");
        }

        string Json(BackupManifest changed) => changed.ToJson();
        string Of(byte[] bytes, Func<BackupManifest, BackupManifest>? change = null)
        {
            BackupManifest of = manifest with { ArchiveBytes = bytes.Length, ArchiveSha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)) };
            return Json(change is null ? of : change(of));
        }

        // Archives that are not what they say.
        byte[] bomb = Compress(new byte[64 << 20], file);
        Refused("a bomb that claims a small size", "says itself that it holds", bomb, Of(bomb));
        byte[] silent = WithoutContentSize(bomb);
        Refused("a bomb that claims nothing", "holds more than", silent, Of(silent));
        Refused("a bomb whose manifest promises as much", "times as many", bomb, Of(bomb, of => of with { Bytes = 64L << 20 }));
        Refused("a bomb without a manifest", "says itself that it holds", bomb, null, withoutManifest: true);
        Refused("a silent bomb without a manifest", "holds more than", silent, null, withoutManifest: true);
        byte[] lying = [.. archive];
        BinaryPrimitives.WriteUInt32LittleEndian(lying.AsSpan(5), (uint)(manifest.Bytes - 4096));
        Refused("a size in the header below the truth", "zstd", lying, Of(lying));
        byte[] wide = Frame(windowLog: 27);
        Refused("a window of 128 MiB", "too much memory", wide, Of(wide, of => of with { Bytes = 4096 }));
        foreach (int length in (ReadOnlySpan<int>)[0, 1, 5, 12, archive.Length / 2, archive.Length - 1])
        {
            byte[] cut = archive[..length];
            Refused($"truncated to {length} bytes", length < 6 ? "" : "", cut, length == 0 ? Json(manifest) : Of(cut));
            Refused($"truncated to {length} bytes, without a manifest", "", cut, null, withoutManifest: true);
        }
        byte[] trailing = [.. archive, 0];
        Refused("a byte behind the end", "after its end", trailing, Of(trailing));
        byte[] twice = [.. archive, .. archive];
        Refused("a second frame", "after its end", twice, Of(twice));
        byte[] skippable = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4, .. archive];
        Refused("a skippable frame before", "does not begin with a zstd frame", skippable, Of(skippable));
        byte[] skippableAfter = [.. archive, 0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0];
        Refused("a skippable frame behind", "after its end", skippableAfter, Of(skippableAfter));
        byte[] bare = [.. archive];
        bare[4] &= 0xFB;
        Refused("no checksum", "has no checksum", bare, Of(bare));
        Refused("another hash than the manifest's", "not the archive that its manifest describes", archive, Json(manifest with { ArchiveSha256 = new string('0', 64) }));
        Refused("another content hash", "does not hold the database", archive, Json(manifest with { Sha256 = new string('0', 64) }));
        Refused("other counts", "other counts", archive, Json(manifest with { Events = new Dictionary<string, long> { ["trade"] = 1 } }));
        Refused("another schema version", "another schema", archive, Json(manifest with { SchemaVersion = 999 }));

        // Databases that are no recordings, or more than that.
        void Altered(string what, string expected, Action<Database> change)
        {
            using TestFolder made = new();
            string copy = made.File("copy");
            File.Copy(file, copy);
            using (Database database = Database.OpenReadWrite(copy)) change(database);
            byte[] bytes = Compress(File.ReadAllBytes(copy), file);
            string json = Of(bytes, of => of with { Bytes = new FileInfo(copy).Length, Sha256 = BackupFiles.HashOf(copy) });
            Refused(what, expected, bytes, json);
            Refused(what + ", without a manifest", expected, bytes, null, withoutManifest: true);
        }

        Altered("a trigger", "other tables or views", database => database.Execute("CREATE TRIGGER t AFTER INSERT ON trade BEGIN DELETE FROM gap; END"));
        Altered("a foreign view", "other tables or views", database => database.Execute("CREATE VIEW evil AS SELECT * FROM trade"));
        Altered("a foreign table", "other tables or views", database => database.Execute("CREATE TABLE evil(a)"));
        Altered("a virtual table", "other tables or views", database => database.Execute("CREATE VIRTUAL TABLE evil USING fts5(a)"));
        Altered("an index", "other tables or views", database => database.Execute("CREATE INDEX evil ON trade(id)"));
        Altered("a table less", "other tables or views", database => database.Execute("DROP VIEW v_trade"));
        Altered("one of ours rewritten", "other tables or views", database => database.Execute("DROP VIEW v_trade; CREATE VIEW v_trade AS SELECT * FROM gap"));
        Altered("another application's number", "not a recording", database => database.Execute("PRAGMA application_id = 1"));
        Altered("a version of the future", "has format", database => database.Execute("PRAGMA user_version = 77"));
        Altered("one that wants a log beside it", "another journal mode", database => Assert.Equal("wal", database.QueryText("PRAGMA journal_mode = WAL")));
        byte[] text = Compress(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 500).Select(i => $"This is no database, line {i * i}. "))), file);
        Refused("no database at all", "", text, Of(text));
        Refused("no database at all, without a manifest", "does not hold a SQLite database", text, null, withoutManifest: true);
        byte[] damaged = File.ReadAllBytes(file);
        new Random(55).NextBytes(damaged.AsSpan(damaged.Length / 2, 8192));
        byte[] damagedArchive = Compress(damaged, file);
        Refused("a damaged database", "damaged", damagedArchive, Of(damagedArchive, of => of with { Sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(damaged)) }));
        Refused("a damaged database, without a manifest", "damaged", damagedArchive, null, withoutManifest: true);

        // Manifests.
        string good = Json(manifest);
        Refused("no manifest", "has no manifest", archive, null);
        foreach (string name in (ReadOnlySpan<string>)["../../escaped.db", "/etc/passwd", "..", "crypto_2026_47.db/../../x", "crypto_2026_99.db", ""])
            Refused($"the file name '{name}'", "not the name of a weekly file", archive, Json(manifest with { File = name }));
        foreach (string name in (ReadOnlySpan<string>)["../escaped.db.zst", "a/b", "a\\b", "", ".hidden", "a\nb"])
            Refused($"the archive name '{name}'", "not a plain file name", archive, Json(manifest with { Archive = name }));
        Refused("another week", "'week'", archive, Json(manifest with { Week = "2026-W48" }));
        Refused("a negative size", "'bytes'", archive, Json(manifest with { Bytes = -1 }));
        Refused("a size of nothing", "'archiveBytes'", archive, Json(manifest with { ArchiveBytes = 0 }));
        Refused("the largest size", "times as many", archive, Json(manifest with { Bytes = long.MaxValue }));
        Refused("a hash in capitals", "'sha256'", archive, Json(manifest with { Sha256 = manifest.Sha256.ToUpperInvariant() }));
        Refused("a short hash", "'archiveSha256'", archive, Json(manifest with { ArchiveSha256 = "" }));
        Refused("a negative count", "negative count", archive, Json(manifest with { Events = new Dictionary<string, long> { ["trade"] = -1 } }));
        Refused("too many kinds", "more than 256", archive, Json(manifest with { Events = Enumerable.Range(0, 300).ToDictionary(i => i.ToString(CultureInfo.InvariantCulture), _ => 1L) }));
        Refused("another format", "format 2", archive, Json(manifest with { Format = 2 }));
        Refused("a manifest that is too big", "more than 65536 bytes", archive, good[..^1] + new string(' ', 70_000) + "}");
        Refused("a manifest that is too deep", "is no manifest", archive, good[..^1] + ",\"x\":" + new string('[', 200) + new string(']', 200) + "}");
        Refused("a key that stands twice", "is no manifest", archive, good[..^1] + ",\"bytes\": 1}");
        Refused("a kind that stands twice", "is no manifest", archive, good.Replace("\"trade\":", "\"trade\": 0, \"trade\":", StringComparison.Ordinal));
        Refused("a name that is null", "is no manifest", archive, good.Replace($"\"{BackupFiles.Name}\"", "null", StringComparison.Ordinal));
        Refused("no maker", "'madeWith'", archive, good.Replace("\"madeWith\"", "\"nadeWith\"", StringComparison.Ordinal));
        Refused("a number that is text", "is no manifest", archive, good.Replace($"\"bytes\": {manifest.Bytes}", "\"bytes\": \"many\"", StringComparison.Ordinal));
        Refused("a number beyond 64 bits", "is no manifest", archive, good.Replace($"\"bytes\": {manifest.Bytes}", "\"bytes\": 99999999999999999999999", StringComparison.Ordinal));
        foreach (string json in (ReadOnlySpan<string>)["", "null", "[]", "{}", "{", "\u0000", "true"]) Refused($"the manifest '{json}'", "is no manifest", archive, json);

        output.WriteLine($"row 55: {trials} hostile archives and manifests, {trials - failures.Count(failure => failure.EndsWith("restored", StringComparison.Ordinal))} refused, {failures.Count} failures");
        foreach (string failure in failures) output.WriteLine(failure);
        Assert.Empty(failures);
        using TestFolder fine = new();
        Restore.Run(outcome.Archive, fine.File("restored")); // And the one they were made from is taken.
    }

    [Fact]
    public void A_restore_takes_a_weekly_name_only_when_asked_and_only_its_own()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        using TestFolder state = new();
        string archive = BackupJob.Attempt(BackupFiles.Sealed(folder), cold.Path, Rig.Clock(), BackupFiles.Quick).Archive;
        RestoreOptions asWeek = new() { AsWeek = true };
        Assert.Contains("--as-week", Refusal(() => Restore.Run(archive, state.File(BackupFiles.Name))), StringComparison.Ordinal);
        Assert.Contains("2026-W47", Refusal(() => Restore.Run(archive, state.File("crypto_2026_48.db"), asWeek)), StringComparison.Ordinal);
        Assert.Contains("not the name of a weekly file", Refusal(() => Restore.Run(archive, state.File("other.db"), asWeek)), StringComparison.Ordinal);
        foreach (string part in (ReadOnlySpan<string>)["-wal", "-shm", "-journal"])
        {
            File.WriteAllText(state.File(BackupFiles.Name + part), "stale");
            Assert.Contains(part, Refusal(() => Restore.Run(archive, state.File(BackupFiles.Name), asWeek)), StringComparison.Ordinal);
            File.Delete(state.File(BackupFiles.Name + part));
        }
        Assert.Contains("does not exist", Refusal(() => Restore.Run(archive, state.File("none/back.db"))), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(state.Path));
        Restore.Run(archive, state.File(BackupFiles.Name), asWeek);
        Assert.Contains("exists", Refusal(() => Restore.Run(archive, state.File(BackupFiles.Name), asWeek)), StringComparison.Ordinal);
        Assert.Equal([BackupFiles.Name], BackupFiles.Names(state.Path));
    }

    [Fact]
    public void A_restore_without_a_manifest_must_be_asked_for()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        string file = BackupFiles.Sealed(folder);
        string archive = BackupJob.Attempt(file, cold.Path, Rig.Clock(), BackupFiles.Quick).Archive;
        File.Delete(BackupManifest.PathOf(archive));
        Assert.Contains("has no manifest", Refusal(() => Restore.Run(archive, cold.File("back"))), StringComparison.Ordinal);
        RestoreResult result = Restore.Run(archive, cold.File("back"), new RestoreOptions { AllowMissingManifest = true });
        Assert.Null(result.Manifest);
        Assert.Equal(BackupFiles.HashOf(file), BackupFiles.HashOf(result.File));
    }

    [Fact]
    public void A_restore_that_is_cancelled_leaves_nothing()
    {
        using TestFolder folder = new();
        using TestFolder cold = new();
        string archive = BackupJob.Attempt(BackupFiles.Sealed(folder), cold.Path, Rig.Clock(), BackupFiles.Quick).Archive;
        foreach (BackupStage stage in (ReadOnlySpan<BackupStage>)[BackupStage.Checking, BackupStage.Decompressing, BackupStage.Verifying])
        {
            using CancellationTokenSource cancel = new();
            Assert.ThrowsAny<OperationCanceledException>(() => Restore.Run(archive, folder.File("back"), null, at =>
            {
                if (at.Stage == stage) cancel.Cancel();
            }, cancel.Token));
            Assert.DoesNotContain(BackupFiles.Names(folder.Path), name => name.StartsWith("back", StringComparison.Ordinal));
        }
    }

    private static string Refusal(Action restore) => Assert.Throws<StorageException>(restore).Message;

    private static long LengthOf(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>Through the same zstd as a real archive.</summary>
    private static byte[] Compress(byte[] content, string like)
    {
        string folder = Directory.CreateTempSubdirectory("peregrine-storage-").FullName;
        try
        {
            string path = Path.Combine(folder, Path.GetFileName(like));
            File.WriteAllBytes(path, content);
            using FileStream source = File.OpenRead(path);
            using MemoryStream target = new();
            ZstdStream.Compress(source, target, 3, null, CancellationToken.None);
            return target.ToArray();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The same frame without the size of its content: the window it had becomes explicit.</summary>
    private static byte[] WithoutContentSize(byte[] frame)
    {
        int descriptor = frame[4];
        bool isSingle = (descriptor & 0x20) != 0;
        int sizeBytes = (descriptor >> 6) switch { 0 => isSingle ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        int window = isSingle ? 0 : 1;
        Assert.False(isSingle);
        return [.. frame[..4], (byte)(descriptor & 0x3F), .. frame[5..(5 + window)], .. frame[(5 + window + sizeBytes)..]];
    }

    /// <summary>A frame that asks for a window of so many bits, with one empty last block.</summary>
    private static byte[] Frame(int windowLog) => [0x28, 0xB5, 0x2F, 0xFD, 0x04, (byte)((windowLog - 10) << 3), 0x01, 0x00, 0x00, 0x99, 0xE9, 0xD8, 0x51];
}
