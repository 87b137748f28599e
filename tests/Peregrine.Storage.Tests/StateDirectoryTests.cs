using System.Diagnostics;

using Peregrine.Storage.Disk;
using Peregrine.Storage.Files;
using Peregrine.Storage.Recovery;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Tests;

/// <summary>Who may use a state directory, and what may lie in it.</summary>
public sealed class StateDirectoryTests(ITestOutputHelper output)
{
    [Fact]
    public void Row_11_A_second_writer_is_refused_whoever_it_is_and_the_version_is_told()
    {
        int attempts = 0;
        int accepted = 0;
        using TestFolder folder = new();
        using TestFolder links = new();
        ManualTime time = Rig.Clock();
        using (Rig rig = new(folder, time))
        {
            Assert.Equal(SqliteVersion.HasWalResetBug, rig.Reports.Any(report => report.Contains(SqliteVersion.Text, StringComparison.Ordinal)));
            rig.PublishTrade(time.Nanos, 1);
            rig.Recorder.Drain();
            string linked = links.File("linked.db");
            File.CreateSymbolicLink(linked, rig.Pool.CurrentPath);
            Directory.CreateSymbolicLink(links.File("folder"), folder.Path);
            // Within the process, by every name that the file has.
            foreach (string name in (string[])[rig.Pool.CurrentPath, linked, Path.Combine(links.File("folder"), "crypto_2026_47.db"), Path.Combine(folder.Path, ".", "crypto_2026_47.db")])
            {
                attempts++;
                try
                {
                    Database.OpenReadWrite(name).Dispose();
                    accepted++;
                }
                catch (StorageException error) when (error.Message.Contains("one read-write connection", StringComparison.Ordinal))
                {
                }
            }
        }
        // Another program that has the file open for writing: it is left to that one, and recording goes on beside.
        using (Process other = ChildRecorder.StartHolder(folder.File("crypto_2026_47.db")))
        {
            try
            {
                Assert.Equal("open", other.StandardOutput.ReadLine());
                attempts++;
                using Rig rig = new(folder, time);
                if (rig.Pool.CurrentPath == folder.File("crypto_2026_47.db")) accepted++;
                Assert.Contains(rig.Reports, report => report.Contains($"process {other.Id}", StringComparison.Ordinal));
                rig.PublishTrade(time.Nanos, 2);
                rig.Recorder.Drain();
                Assert.False(SegmentFile.IsSealed(folder.File("crypto_2026_47.db")));
            }
            finally
            {
                other.Kill();
                other.WaitForExit();
            }
        }
        using (Rig rig = new(folder, time)) Assert.True(SegmentFile.IsSealed(folder.File("crypto_2026_47.db")));
        Assert.Equal([1, 2], States.Events(folder.Path).Select(each => each.Sequence));
        output.WriteLine($"row 11: SQLite {SqliteVersion.Text} ({(SqliteVersion.HasWalResetBug ? "affected" : "not affected")}), {attempts} second writers, {accepted} accepted");
        Assert.Equal((5, 0), (attempts, accepted));
    }

    [Fact]
    public void Row_63_Whatever_lies_in_the_directory_the_start_is_quick_and_nothing_is_deleted()
    {
        string[] names = ["crypto_2026_47.db", "crypto_2026_46.db", "crypto_2026_47_2.db", "crypto_2026_47.db-wal", "crypto_2026_47.db-shm", MarkFile.Name, Ballast.Name, "crypto_2026_47.db.zst.partial"];
        Dictionary<string, Action<string>> things = new()
        {
            ["foreign text"] = static path => File.WriteAllText(path, string.Concat(Enumerable.Repeat("someone else's file\n", 500))),
            ["empty file"] = static path => File.WriteAllBytes(path, []),
            ["huge file"] = static path =>
            {
                using FileStream file = File.Create(path);
                file.SetLength(40L << 30);
            },
            ["folder"] = static path => Directory.CreateDirectory(Path.Combine(path, "inside")),
            ["noise"] = static path =>
            {
                byte[] noise = new byte[100_000];
                new Random(63).NextBytes(noise);
                File.WriteAllBytes(path, noise);
            },
            ["foreign database"] = static path =>
            {
                using Database database = Database.OpenReadWrite(path, create: true);
                database.Execute("CREATE TABLE other(a); INSERT INTO other VALUES (1)");
            },
        };
        int trials = 0;
        int refused = 0;
        double slowest = 0;
        foreach ((string thing, Action<string> lay) in things)
        {
            foreach (string name in names)
            {
                foreach (bool beside in (bool[])[false, true])
                {
                    using TestFolder folder = new();
                    ManualTime time = Rig.Clock();
                    if (beside && !name.Contains("_2.db", StringComparison.Ordinal) && name != "crypto_2026_46.db") continue; // Beside a recording: what is not part of it.
                    if (beside) Record(folder, time);
                    lay(folder.File(name));
                    File.WriteAllText(folder.File("notes.txt"), "mine");
                    trials++;
                    long began = Stopwatch.GetTimestamp();
                    try
                    {
                        using Rig rig = new(folder, time);
                        slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(began).TotalSeconds);
                        rig.PublishTrade(time.Nanos, 1);
                        rig.Recorder.Drain();
                    }
                    catch (Exception error) when (error is not Xunit.Sdk.XunitException)
                    {
                        output.WriteLine($"{thing} as {name}: {error.Message}");
                        refused++;
                        continue;
                    }
                    Assert.Equal(beside ? 2 : 1, States.Events(folder.Path).Count(each => each.Entry.Kind == Common.Events.EventKind.Trade));
                    Assert.Equal("mine", File.ReadAllText(folder.File("notes.txt")));
                    if (name.StartsWith("crypto_", StringComparison.Ordinal) && name.EndsWith(".db", StringComparison.Ordinal))
                        Assert.True(Directory.GetFileSystemEntries(folder.Path, name + ".*").Length == 1, $"{thing} as {name}: {string.Join(' ', Directory.GetFileSystemEntries(folder.Path))}");
                    Record(folder, time); // And once more over what is left.
                }
            }
        }
        output.WriteLine($"row 63: {trials} directories with something else in them, {refused} refused, the slowest start took {slowest:0.00} s");
        Assert.Equal(0, refused);
        Assert.InRange(slowest, 0, 5);
    }

    [Fact]
    public void Row_64_A_second_instance_on_the_directory_is_refused_by_every_name()
    {
        using TestFolder folder = new();
        using TestFolder links = new();
        Directory.CreateSymbolicLink(links.File("state"), folder.Path);
        int accepted = 0;
        int attempts = 0;
        string[] names = [folder.Path, links.File("state"), folder.Path + "/.", folder.Path + "/"];
        using (Rig rig = new(folder, Rig.Clock()))
        {
            foreach (string name in names)
            {
                attempts += 2;
                StorageException error = Assert.Throws<StorageException>(() => RotatingPool.Open(name, Rig.Clock()));
                Assert.Contains("in use by another instance", error.Message, StringComparison.Ordinal);
                using Process other = ChildRecorder.StartOpener(name);
                string said = other.StandardOutput.ReadToEnd();
                other.WaitForExit();
                if (!said.Contains("in use by another instance", StringComparison.Ordinal)) accepted++;
            }
            rig.PublishTrade(rig.Time.Nanos, 1);
            rig.Recorder.Drain();
        }
        using (Process after = ChildRecorder.StartOpener(links.File("state")))
        {
            Assert.StartsWith("opened", after.StandardOutput.ReadToEnd(), StringComparison.Ordinal);
            after.WaitForExit();
        }
        output.WriteLine($"row 64: {attempts} second instances, {accepted} accepted");
        Assert.Equal(0, accepted);
    }

    [Fact]
    public void A_recording_of_another_format_is_refused_and_left_as_it_is()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        Record(folder, time);
        string file = folder.File("crypto_2026_47.db");
        using (Database other = Database.OpenReadWrite(file)) other.Execute("PRAGMA user_version = 1");
        StorageException error = Assert.Throws<StorageException>(() => RotatingPool.Open(folder.Path, time));
        Assert.Contains("format 1, this program knows format 2", error.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(file));
        Assert.DoesNotContain(Directory.GetFiles(folder.Path), static path => path.Contains(".corrupt-", StringComparison.Ordinal));
    }

    private static void Record(TestFolder folder, ManualTime time)
    {
        using Rig rig = new(folder, time);
        rig.PublishTrade(time.Nanos, 1);
        rig.Recorder.Drain();
    }
}
