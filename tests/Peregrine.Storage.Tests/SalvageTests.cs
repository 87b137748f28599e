using Peregrine.Storage.Recovery;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Tests;

public sealed class SalvageTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_can_be_read_of_a_damaged_file_comes_back_to_its_place(int seed)
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        Dictionary<long, string> recorded;
        string path = folder.File("crypto_2026_47.db");
        using (Rig rig = new(folder, time))
        {
            EventSourceOfChance chance = new(seed, symbols: 3);
            for (int batch = 0; batch < 30; batch++)
            {
                States.Publish(rig, chance, 200);
                rig.Recorder.Drain();
            }
            recorded = States.Events(folder.Path).ToDictionary(each => each.Sequence, each => each.Fingerprint);
        }
        int broken = Scramble(path, pages: 5, new Random(seed));

        SalvageResult result;
        using (Rig rig = new(folder, time))
        {
            string aside = Assert.Single(rig.SetAside);
            byte[] before = File.ReadAllBytes(aside);
            rig.PublishTrade(time.Nanos, 1);
            rig.Recorder.Drain();
            result = Salvage.Run(aside, time, TestContext.Current.CancellationToken); // Beside a recorder.
            Assert.Equal(before, File.ReadAllBytes(aside));
            Assert.Empty(rig.Pool.DamagedFiles());
            Assert.Equal(result, Salvage.Run(aside, time, TestContext.Current.CancellationToken)); // Once is enough.
        }
        Assert.Equal(path, result.Target);
        Assert.True(broken > 0 && result.Lost > 0, $"{result}");
        Assert.Equal(recorded.Count, result.Events + result.Lost);
        Assert.True(result.Events > recorded.Count / 2, $"{result}");
        Assert.All(DatabaseVerify.Run(folder.Path), file => Assert.True(file.Ok, file.Problem));
        List<Recorded> events = States.Events(folder.Path);
        Assert.Equal(result.Events + 1, events.Count);
        Assert.All(events.Where(each => each.Sequence <= recorded.Keys.Max()), each => Assert.Equal(recorded[each.Sequence], each.Fingerprint));
        Assert.Equal(events.Select(each => each.Sequence).Order().Distinct(), events.Select(each => each.Sequence));
        using Rig again = new(folder, time); // The next start takes it for what it is: an older, sealed file.
        Assert.EndsWith("crypto_2026_47_2.db", again.Pool.CurrentPath, StringComparison.Ordinal);
    }

    [Fact]
    public void Sequences_go_on_beyond_those_of_a_damaged_file()
    {
        foreach (bool withMark in (bool[])[true, false])
        {
            using TestFolder folder = new();
            ManualTime time = Rig.Clock();
            using (Rig rig = new(folder, time))
            {
                for (int i = 0; i < 1_000; i++) rig.PublishTrade(time.Nanos, i);
                rig.Recorder.Drain();
            }
            File.WriteAllBytes(folder.File("crypto_2026_47.db"), new byte[8_192]);
            if (!withMark) File.Delete(folder.File(MarkFile.Name));
            using Rig next = new(folder, time);
            Assert.Equal(withMark ? 1_000 : Continuation.SequencesOfLostFile, next.Pool.LastSequence);
        }
    }

    [Fact]
    public void A_file_that_was_not_checked_at_start_is_checked_whole_afterwards()
    {
        using TestFolder folder = new();
        using TestFolder killed = new();
        ManualTime time = Rig.Clock();
        using (Rig rig = new(folder, time))
        {
            for (int i = 0; i < 2_000; i++) rig.PublishTrade(time.Nanos, i);
            rig.Recorder.Drain();
            States.Copy(folder.Path, killed.Path, withMark: true);
        }
        List<string> uncheckedFiles = [];
        PoolOptions options = new() { CheckMax = TimeSpan.FromTicks(-1), Unchecked = uncheckedFiles.Add };
        using (Rig rig = new(killed, time, options: options))
        {
            string old = Assert.Single(uncheckedFiles);
            Assert.Equal(killed.File("crypto_2026_47.db"), old);
            Assert.EndsWith("crypto_2026_47_2.db", rig.Pool.CurrentPath, StringComparison.Ordinal);
            Assert.Null(SealedCheck.Run(old, time, cancellation: TestContext.Current.CancellationToken));
            using (Database database = Database.OpenReadWrite(old)) database.Execute("UPDATE trade SET price = price + 1 WHERE seq = 700");
            string? aside = SealedCheck.Run(old, time, cancellation: TestContext.Current.CancellationToken);
            Assert.NotNull(aside);
            SalvageResult result = Salvage.Run(aside, time, TestContext.Current.CancellationToken);
            Assert.Equal((2_000L, 0L), (result.Events, result.Lost));
            Assert.True(result.Doubtful > 0);
        }
        using Rig clean = new(folder, time, options: options); // After a process that ended in peace there is nothing to suspect.
        Assert.EndsWith("crypto_2026_47.db", clean.Pool.CurrentPath, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_comes_of_a_file_that_is_no_database()
    {
        using TestFolder folder = new();
        File.WriteAllText(folder.File("crypto_2026_47.db"), "not a database");
        using Rig rig = new(folder, Rig.Clock());
        SalvageResult result = Salvage.Run(Assert.Single(rig.SetAside), rig.Time, TestContext.Current.CancellationToken);
        Assert.Equal(("", 0L), (result.Target, result.Events));
        Assert.Empty(rig.Pool.DamagedFiles());
    }

    /// <summary>Overwrites leaf pages of the event tables; returns how many.</summary>
    private static int Scramble(string path, int pages, Random random)
    {
        byte[] bytes = File.ReadAllBytes(path);
        List<int> leaves = States.EventLeaves(bytes);
        int broken = 0;
        for (; broken < pages && leaves.Count > 0; broken++)
        {
            int pick = random.Next(leaves.Count);
            random.NextBytes(bytes.AsSpan(leaves[pick] * 4096, 4096));
            bytes[leaves[pick] * 4096] = 0x77; // No kind of page begins so.
            leaves.RemoveAt(pick);
        }
        File.WriteAllBytes(path, bytes);
        return broken;
    }
}
