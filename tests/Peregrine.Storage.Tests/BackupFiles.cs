using System.Security.Cryptography;

using Peregrine.Common.Events;
using Peregrine.Storage.Backups;

namespace Peregrine.Storage.Tests;

/// <summary>Sealed weekly files with events of every kind, and looks at what a backup left.</summary>
internal static class BackupFiles
{
    public const string Name = "crypto_2026_47.db";
    public const string ArchiveName = Name + BackupJob.Extension;

    /// <summary>For tests whose clock stands still and that share their machine: the lowest priority could take for ever.</summary>
    public static BackupOptions Quick { get; } = new() { Background = false, WaitForOthers = TimeSpan.Zero };

    /// <summary>Records so many events, lets the week end, and returns the file of week 47 of 2026.</summary>
    public static string Sealed(TestFolder folder, int events = 4_000, int seed = 1)
    {
        ManualTime time = Rig.Clock();
        using Rig rig = new(folder, time);
        EventSourceOfChance chance = new(seed, symbols: 3);
        for (int i = 0; i < events; i++)
        {
            (MarketEvent entry, long[] payload) = chance.Next(i % 3 == 0 ? EventKind.Trade : chance.Kind(), wild: false);
            entry.ReceiveTimeNanos = time.Nanos;
            rig.Publish(in entry, payload);
            time.Advance(TimeSpan.FromMilliseconds(1));
            rig.Recorder.Turn();
        }
        rig.Recorder.Drain();
        time.Advance(TimeSpan.FromDays(7));
        rig.PublishTrade(time.Nanos, events);
        rig.Recorder.Drain();
        return Assert.Single(rig.Sealed);
    }

    /// <summary>Sealed files of so many weeks, oldest first, and the running one; a few events in each.</summary>
    public static IReadOnlyList<string> Weeks(TestFolder folder, int weeks, out ManualTime time)
    {
        time = Rig.Clock();
        using Rig rig = new(folder, time);
        for (int week = 0; week <= weeks; week++)
        {
            for (int i = 0; i < 20; i++) rig.PublishTrade(time.Nanos, (week * 100) + i);
            rig.Recorder.Drain();
            if (week < weeks) time.Advance(TimeSpan.FromDays(7));
        }
        return [.. rig.Sealed];
    }

    public static string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    /// <summary>What lies in a folder, without the empty file that backups lock.</summary>
    public static string[] Names(string folder) =>
        [.. Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Where(name => !name.EndsWith(".lock", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
