using System.Diagnostics;
using System.Globalization;

using Peregrine.Common.Events;
using Peregrine.Storage.Backups;

namespace Peregrine.Benchmarks.Storage;

/// <summary>The library's zstd through our stream, hashes included, beside the <c>zstd</c> program: the same level, the same file.</summary>
internal sealed class Compression : IBenchmark
{
    private const int Level = 3;
    private const int Rows = 500_000;
    private const int RoundsMax = 11;

    public string Name => "zstd";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        string folder = context.NewFolder("zstd");
        string source = Path.Combine(folder, "rows.db");
        RowTables.WriteOurs(source, TickerStream.AsRows(new TickerStream(seed: 3).Take(Rows)));
        string ours = Path.Combine(folder, "ours.zst");
        string theirs = Path.Combine(folder, "theirs.zst");
        bool hasProgram = HasProgram();
        Contest contest = new(context with { Rounds = Math.Min(context.Rounds, RoundsMax) });
        Entrant library = contest.Add("zstd through P/Invoke", () => Time(() => Compress(source, ours)));
        Entrant program = contest.Add("zstd CLI", hasProgram ? () => Time(() => YardstickProgram.Run("zstd", ["-q", "-f", "-k", $"-{Level}", "-o", theirs, source])) : null);
        contest.Run();
        double bytes = new FileInfo(ours).Length;
        double? bytesOfProgram = hasProgram ? new FileInfo(theirs).Length : null;
        string note = string.Create(CultureInfo.InvariantCulture, $"{new FileInfo(source).Length / 1e6:0.0} MB of rows at level {Level}; ours takes the SHA-256 of both sides meanwhile");
        return
        [
            Contest.Row("zstd, time", "ms", library, (program, 0.95)) with { Note = note },
            new BenchRow("zstd, bytes", "bytes", bytes, bytes, 0) { Versus = [new Versus("zstd CLI", bytesOfProgram, bytesOfProgram / bytes, 0.995)] },
        ];
    }

    private static Sample Time(Action action)
    {
        long began = Stopwatch.GetTimestamp();
        action();
        return new Sample(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }

    private static void Compress(string source, string target)
    {
        using FileStream input = new(source, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        using FileStream output = new(target, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        ZstdStream.Compress(input, output, Level, threads: 0, new Pace(0, TimeProvider.System, CancellationToken.None));
    }

    private static bool HasProgram()
    {
        try
        {
            return YardstickProgram.Run("zstd", ["--version"]).Length > 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
