using System.Diagnostics;

using Peregrine.Common.Events;
using Peregrine.Storage.Files;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Tests;

public sealed class RotatingPoolTests
{
    private static readonly DateTimeOffset Sunday = new(2026, 11, 22, 23, 59, 59, TimeSpan.Zero);

    [Fact]
    public void At_the_weeks_edge_a_new_file_begins_and_the_old_one_stands_alone()
    {
        using TestFolder folder = new();
        ManualTime time = new(Sunday);
        using Rig rig = new(folder, time);
        rig.PublishTrade(time.Nanos, 1);
        rig.PublishTrade(time.Nanos + 999_999_999, 2); // The week's last nanosecond.
        rig.PublishTrade(time.Nanos + 1_000_000_000, 3);
        rig.Recorder.Drain();

        Assert.Equal("2026-W48", rig.Pool.Week.ToString());
        Assert.Equal([folder.File("crypto_2026_47.db")], rig.Sealed);
        Assert.Equal([folder.File("crypto_2026_47.db")], rig.Pool.SealedFiles());
        Assert.False(File.Exists(folder.File("crypto_2026_47.db-wal")));
        Assert.Equal(2, TradesIn(folder.File("crypto_2026_47.db")));
        Assert.Equal(1, TradesIn(folder.File("crypto_2026_48.db")));
        Collector played = new();
        Recording.Open(folder.Path).Play(played);
        Assert.Equal([1, 2, 3], played.Events.Select(each => each.Entry.Trade.Id));
        Assert.Equal([1, 2, 3], played.Events.Select(each => each.Sequence));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3_600)]
    [InlineData(8 * 86_400)]
    public void A_clock_that_steps_back_never_reopens_an_older_file(int secondsBack)
    {
        using TestFolder folder = new();
        ManualTime time = new(Sunday.AddSeconds(2));
        using (Rig rig = new(folder, time))
        {
            rig.PublishTrade(time.Nanos, 1);
            time.Set(time.GetUtcNow().AddSeconds(-secondsBack));
            rig.PublishTrade(time.Nanos, 2);
            rig.Recorder.Drain();
            Assert.Equal("2026-W48", rig.Pool.Week.ToString());
        }
        using (Rig again = new(folder, time)) // And not by starting anew either.
        {
            Assert.Equal("2026-W48", again.Pool.Week.ToString());
            again.PublishTrade(time.Nanos, 3);
            again.Recorder.Drain();
        }
        Assert.Equal(["crypto_2026_48.db"], SegmentFile.List(folder.Path).Select(file => Path.GetFileName(file.Path)));
        Assert.Equal(3, TradesIn(folder.File("crypto_2026_48.db")));
    }

    [Fact]
    public void A_week_that_ended_while_nothing_ran_is_sealed_at_start()
    {
        using TestFolder folder = new();
        ManualTime time = new(Sunday);
        using (Rig rig = new(folder, time))
        {
            rig.PublishTrade(time.Nanos, 1);
            rig.Recorder.Drain();
        }
        Assert.False(SegmentFile.IsSealed(folder.File("crypto_2026_47.db")));
        time.Advance(TimeSpan.FromDays(1));
        using Rig next = new(folder, time);
        Assert.Equal([folder.File("crypto_2026_47.db")], next.Sealed);
        Assert.True(SegmentFile.IsSealed(folder.File("crypto_2026_47.db")));
        Assert.Equal(1, next.Pool.LastSequence);
    }

    [Fact]
    public void A_file_that_someone_reads_at_the_edge_is_sealed_later()
    {
        using TestFolder folder = new();
        ManualTime time = new(Sunday);
        using Rig rig = new(folder, time);
        rig.PublishTrade(time.Nanos, 1);
        rig.Recorder.Drain();
        using (Database reader = Database.OpenReadOnly(folder.File("crypto_2026_47.db")))
        {
            reader.Execute("BEGIN");
            Assert.Equal(1, reader.QueryInt64("SELECT count(*) FROM trade"));
            time.Advance(TimeSpan.FromSeconds(5));
            rig.PublishTrade(time.Nanos, 2);
            rig.Recorder.Drain();
            Assert.Empty(rig.Sealed);
            Assert.Contains(rig.Reports, report => report.Contains("unsealed", StringComparison.Ordinal));
        }
        time.Advance(TimeSpan.FromMinutes(2));
        rig.Recorder.Turn();
        Assert.Equal([folder.File("crypto_2026_47.db")], rig.Sealed);
        Assert.Equal(1, TradesIn(folder.File("crypto_2026_47.db")));
    }

    [Fact]
    public void Sequences_go_on_where_the_last_run_ended()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        for (int run = 0; run < 3; run++)
        {
            using Rig rig = new(folder, time);
            Assert.Equal(run * 10, rig.Pool.LastSequence);
            for (int i = 0; i < 10; i++) rig.PublishTrade(time.Nanos, i);
            rig.Recorder.Drain();
            time.Advance(TimeSpan.FromDays(5));
        }
        Collector played = new();
        Recording recording = Recording.Open(folder.Path);
        recording.Play(played);
        Assert.Equal(Enumerable.Range(1, 30).Select(each => (long)each), played.Events.Select(each => each.Sequence));
        Assert.Equal(30, recording.LastSequence);
        Assert.True(recording.Files.Count > 1);
    }

    [Fact]
    public void A_ring_that_begins_at_recorded_sequences_is_refused()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using (Rig rig = new(folder, time))
        {
            rig.PublishTrade(time.Nanos, 1);
            rig.Recorder.Drain();
        }
        using RotatingPool pool = RotatingPool.Open(folder.Path, time);
        Assert.Throws<InvalidOperationException>(() => new Recorder(new MarketData.EventRing(1024, 131_072).Subscribe(), pool, Rig.Table(), time));
    }

    [Fact]
    public void A_second_instance_on_the_directory_is_refused()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        StorageException error = Assert.Throws<StorageException>(() => RotatingPool.Open(folder.Path, Rig.Clock()));
        Assert.Contains("in use by another instance", error.Message, StringComparison.Ordinal);
        rig.Stop();
        RotatingPool.Open(folder.Path, Rig.Clock()).Dispose();
    }

    [Fact]
    public void A_second_connection_that_writes_is_refused()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        StorageException error = Assert.Throws<StorageException>(() => Database.OpenReadWrite(rig.Pool.CurrentPath));
        Assert.Contains("one read-write connection", error.Message, StringComparison.Ordinal);
        using Database reader = Database.OpenReadOnly(rig.Pool.CurrentPath);
        Assert.Throws<StorageException>(() => reader.Execute("DELETE FROM trade"));
    }

    [Theory]
    [InlineData(3_006_023, false)]
    [InlineData(3_007_000, true)]
    [InlineData(3_050_004, true)]
    [InlineData(3_050_006, true)]
    [InlineData(3_050_007, false)]
    [InlineData(3_051_000, true)]
    [InlineData(3_051_002, true)]
    [InlineData(3_051_003, false)]
    public void The_affected_versions_are_known(int version, bool affected) => Assert.Equal(affected, SqliteVersion.IsAffected(version));

    [Fact]
    public void An_affected_version_is_reported()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        Assert.Equal(SqliteVersion.HasWalResetBug, rig.Reports.Any(report => report.Contains(SqliteVersion.Text, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("scrambled")]
    [InlineData("noise")]
    [InlineData("foreign")]
    [InlineData("empty")]
    public void A_file_that_is_no_recording_is_set_aside_whole_and_recording_goes_on(string damage)
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        string path = folder.File("crypto_2026_47.db");
        using (Rig rig = new(folder, time))
        {
            for (int i = 0; i < 20_000; i++)
            {
                rig.PublishTrade(time.Nanos, i);
                if (i % 500 == 0) rig.Recorder.Turn();
                while (rig.Recorder.Turn())
                {
                }
            }
            rig.Recorder.Drain();
        }
        if (damage == "foreign")
        {
            File.Delete(path);
            using Database foreign = Database.OpenReadWrite(path, create: true);
            foreign.Execute("CREATE TABLE other(a)");
        }
        else if (damage == "empty")
        {
            File.WriteAllBytes(path, []);
        }
        else
        {
            byte[] bytes = File.ReadAllBytes(path);
            new Random(5).NextBytes(damage == "noise" ? bytes : bytes.AsSpan(40 * 4096, 40 * 4096));
            File.WriteAllBytes(path, bytes);
        }
        byte[] damaged = File.ReadAllBytes(path);

        using Rig next = new(folder, time);
        next.PublishTrade(time.Nanos, 7);
        next.Recorder.Drain();
        string aside = Assert.Single(Directory.GetFiles(folder.Path, "*.corrupt-*Z"));
        Assert.Equal(damaged, File.ReadAllBytes(aside));
        Assert.Contains(next.Reports, report => report.Contains(aside, StringComparison.Ordinal));
        Assert.Equal(1, TradesIn(folder.File("crypto_2026_47_2.db"))); // The name stays free for what is salvaged.
        Assert.Equal("ok", Assert.Single(DatabaseStatus.Read(folder.Path, verifyIntegrity: true).Files).Integrity);
    }

    [Fact]
    public void A_file_of_a_newer_program_is_refused_and_left_alone()
    {
        using TestFolder folder = new();
        RotatingPool.Open(folder.Path, Rig.Clock()).Dispose();
        using (Database database = Database.OpenReadWrite(folder.File("crypto_2026_47.db"))) database.Execute("PRAGMA user_version = 99");
        StorageException error = Assert.Throws<StorageException>(() => RotatingPool.Open(folder.Path, Rig.Clock()));
        Assert.Contains("format 99", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path, "*.corrupt-*"));
    }

    [Fact]
    public void A_file_that_was_only_half_made_is_made_again()
    {
        using TestFolder folder = new();
        File.WriteAllText(folder.File("crypto_2026_47.db.new"), "half");
        File.WriteAllText(folder.File("crypto_2026_47.db.new-wal"), "half");
        using Rig rig = new(folder, Rig.Clock());
        Assert.Empty(Directory.GetFiles(folder.Path, "*.new*"));
        Assert.True(File.Exists(folder.File("crypto_2026_47.db")));
    }

    [Fact]
    public void The_settings_are_those_that_the_promise_needs()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        Assert.Equal("wal", rig.Pool.Database.QueryText("PRAGMA journal_mode"));
        Assert.Equal(1, rig.Pool.Database.QueryInt64("PRAGMA synchronous"));
        Assert.Equal(4096, rig.Pool.Database.QueryInt64("PRAGMA page_size"));
        Assert.Equal(0, rig.Pool.Database.QueryInt64("PRAGMA trusted_schema"));
        Assert.Equal(1, rig.Pool.Database.QueryInt64("PRAGMA cell_size_check"));
        Assert.Equal(64 << 20, rig.Pool.Database.QueryInt64("PRAGMA journal_size_limit"));
        Assert.Equal(40, rig.Pool.Database.QueryInt64("PRAGMA busy_timeout")); // No step of the writer waits longer for a reader.
        Assert.Equal(Schema.ApplicationId, rig.Pool.Database.QueryInt64("PRAGMA application_id"));
    }

    [Fact]
    public void The_sqlite3_shell_reads_a_live_file_and_its_views()
    {
        using TestFolder folder = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time);
        MarketEvent trade = new() { Kind = EventKind.AggTrade, Symbol = new Common.SymbolId(1), ReceiveTimeNanos = time.Nanos, ExchangeTimeMicros = time.Nanos / 1000, Flags = EventFlags.BuyerIsMaker };
        trade.Trade = new TradeFields { Id = 42, Price = new Common.Price(6_432_110_000_000), Quantity = new Common.Quantity(1_500_000), FirstTradeId = 1, LastTradeId = 3 };
        rig.Publish(in trade, []);
        rig.Recorder.Drain();
        ProcessStartInfo start = new("sqlite3") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-readonly");
        start.ArgumentList.Add(rig.Pool.CurrentPath);
        start.ArgumentList.Add("PRAGMA integrity_check; SELECT symbol, price, quantity, taker, receive_utc FROM v_agg_trade;");
        Process? shell = null;
        try
        {
            shell = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("The sqlite3 shell is not installed.");
        }
        using (shell!)
        {
            string output = shell!.StandardOutput.ReadToEnd();
            shell.WaitForExit();
            Assert.Equal("ok\nBTCUSDT|64321.1|0.015|SELL|2026-11-18 12:00:00.000\n", output);
        }
    }

    [Fact]
    public void Every_view_can_be_read()
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        using Database reader = Database.OpenReadOnly(rig.Pool.CurrentPath);
        using Statement views = reader.Prepare("SELECT name FROM sqlite_schema WHERE type = 'view'");
        int count = 0;
        while (views.Step())
        {
            Assert.Equal(0, reader.QueryInt64($"SELECT count(*) FROM (SELECT * FROM {views.Text(0)})"));
            count++;
        }
        Assert.Equal(7, count);
    }

    private static long TradesIn(string path)
    {
        using Database database = Database.OpenReadOnly(path);
        return database.QueryInt64("SELECT count(*) FROM trade");
    }
}
