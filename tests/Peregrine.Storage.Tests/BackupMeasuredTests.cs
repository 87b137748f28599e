using System.Diagnostics;
using System.Globalization;

using Peregrine.Storage.Backups;

namespace Peregrine.Storage.Tests;

/// <summary>Figures, not promises: run with <c>-explicit only</c>.</summary>
public sealed class BackupMeasuredTests(ITestOutputHelper output)
{
    /// <summary>Both read the same file and write one beside it, in turns; the best of each counts. Ours hashes the source as well.</summary>
    [Theory(Explicit = true)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(9)]
    public void Compresses_as_fast_as_the_command_line(int level)
    {
        using TestFolder folder = new();
        string file = BackupFiles.Sealed(folder, events: 400_000);
        double bytes = new FileInfo(file).Length;
        double ours = double.MaxValue, theirs = double.MaxValue;
        long ourBytes = 0;
        for (int round = 0; round < 7; round++)
        {
            string target = folder.File("ours.zst");
            long began = Stopwatch.GetTimestamp();
            using (FileStream source = BackupJob.OpenForReading(file))
            using (FileStream to = new(target, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
                ourBytes = ZstdStream.Compress(source, to, level, null, CancellationToken.None).WrittenBytes;
            ours = Math.Min(ours, Stopwatch.GetElapsedTime(began).TotalSeconds);
            began = Stopwatch.GetTimestamp();
            using (Process zstd = Process.Start("zstd", ["-q", "-f", $"-{level}", "-T1", "--check", file, "-o", folder.File("theirs.zst")])) zstd.WaitForExit();
            theirs = Math.Min(theirs, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
        long theirBytes = new FileInfo(folder.File("theirs.zst")).Length;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"level {level}: {bytes / 1e6:F0} MB, ours {bytes / 1e6 / ours:F0} MB/s to {ourBytes:N0} bytes, zstd {bytes / 1e6 / theirs:F0} MB/s to {theirBytes:N0} bytes, speed ratio {theirs / ours:F2}"));
        Assert.InRange(ourBytes, theirBytes * 0.99, theirBytes * 1.01);
    }
}
