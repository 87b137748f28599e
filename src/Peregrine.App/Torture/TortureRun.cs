using System.Globalization;
using System.Text.Json;

using Peregrine.App.Commands;
using Peregrine.Storage;
using Peregrine.Storage.Recovery;

namespace Peregrine.App.Torture;

/// <summary>
/// The real recorder, killed at random with SIGKILL and started again on the same folder, over and over, while the built-in exchange sends. What the
/// recorder had confirmed at its death stands in <c>recorder.mark</c>, which outlives it; what is on record is read back from the files.
/// </summary>
internal sealed class TortureRun(string folder, int kills, double rate, ulong seed, TimeProvider time, Action<string> say)
{
    private const string Symbols = "BTCUSDT,ETHUSDT,SOLUSDT";
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(30);

    private readonly Random _random = new(unchecked((int)seed));
    private readonly List<(long First, long Last)> _confirmed = [];
    private int _corrupt;
    private int _withoutLoss;
    private long _acknowledgedLost;
    private long _lostMax;
    private double _millisMax;
    private double _resumeMax;
    private long _published;
    private double _recordingSeconds;
    private long _publishedWhileTimed;

    public async Task<TortureResult> RunAsync(CancellationToken cancel)
    {
        using ChildProgram exchange = ChildProgram.Start(
            ["exchange", "--synthetic", "--seed", seed.ToString(CultureInfo.InvariantCulture), "--rate", rate.ToString(CultureInfo.InvariantCulture), "--symbols", Symbols, "--port", "0"], [], static _ => { });
        string line = await exchange.ReadLineAsync(cancel).ConfigureAwait(false) ?? throw new StopException(ExitCode.Failed, "the built-in exchange did not start");
        using JsonDocument document = JsonDocument.Parse(line);
        string url = document.RootElement.GetProperty("url").GetString()!;
        for (int kill = 1; kill <= kills; kill++)
        {
            RecorderMark mark = await LiveAndDieAsync(url, cancel).ConfigureAwait(false);
            Judge(mark);
            if (kill % 10 == 0 || kill == kills) say(string.Create(CultureInfo.InvariantCulture, $"{kill} of {kills} kills; {_published:N0} events, most lost by one kill {_lostMax} ({_millisMax:F0} ms)"));
        }
        await ResumeOnceAsync(url, cancel).ConfigureAwait(false);
        RecordingAudit audit = RecordingAudit.Of(folder, _confirmed, cancel);
        _corrupt += DatabaseVerify.Run(folder, cancellation: cancel).Count(static file => !file.Ok) + Directory.GetFiles(folder, "*.corrupt-*").Length;
        return new TortureResult
        {
            Kills = kills,
            Events = _published,
            EventsPerSecond = Math.Round(_publishedWhileTimed / Math.Max(0.001, _recordingSeconds)),
            Corrupt = _corrupt,
            AcknowledgedLost = Math.Max(_acknowledgedLost, audit.Missing),
            UnacknowledgedLostMax = _lostMax,
            BatchMillisMax = Math.Round(_millisMax, 1),
            Duplicates = audit.Duplicates,
            LossesOnRecord = audit.KilledGaps,
            KillsWithoutLoss = _withoutLoss,
            ResumeMillisMax = Math.Round(_resumeMax),
            Seed = seed,
        };
    }

    /// <summary>One life: started, seen recording, killed at a random moment. Returns its last mark.</summary>
    private async Task<RecorderMark> LiveAndDieAsync(string url, CancellationToken cancel)
    {
        List<string> errors = [];
        using ChildProgram run = Start(url, errors);
        RecorderMark first = await RecordingAsync(run, errors, cancel).ConfigureAwait(false);
        long seen = time.GetTimestamp();
        await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(0, 1_000)), time, cancel).ConfigureAwait(false);
        run.Kill();
        double seconds = time.GetElapsedTime(seen).TotalSeconds;
        await run.WaitAsync(cancel).ConfigureAwait(false);
        RecorderMark last = MarkFile.TryRead(folder) ?? throw new StopException(ExitCode.Failed, $"{MarkFile.Name} is gone after a kill");
        _recordingSeconds += seconds;
        _publishedWhileTimed += last.PublishedSequence - first.PublishedSequence;
        return last;
    }

    private void Judge(RecorderMark mark)
    {
        // Read only: nothing is mended before it was seen.
        Recording recording = Recording.Open(folder);
        _corrupt += DatabaseStatus.Read(folder, verifyIntegrity: true).Files.Count(static file => file.Integrity != "ok");
        long onRecord = recording.LastSequence;
        _acknowledgedLost += Math.Max(0, mark.CommittedSequence - onRecord);
        long first = _confirmed.Count == 0 ? 1 : _published + 1;
        _published = mark.PublishedSequence;
        _confirmed.Add((first, mark.CommittedSequence));
        long lost = mark.PublishedSequence - Math.Max(onRecord, mark.CommittedSequence);
        if (lost <= 0) _withoutLoss++;
        _lostMax = Math.Max(_lostMax, lost);
        if (lost > 0 && mark.CommittedTimeNanos > 0) _millisMax = Math.Max(_millisMax, (mark.PublishedTimeNanos - mark.CommittedTimeNanos) / 1e6);
    }

    /// <summary>A last life that ends in peace: it writes down what the last kill took.</summary>
    private async Task ResumeOnceAsync(string url, CancellationToken cancel)
    {
        List<string> errors = [];
        using ChildProgram run = Start(url, errors);
        await RecordingAsync(run, errors, cancel).ConfigureAwait(false);
        run.Terminate();
        await run.WaitAsync(cancel).ConfigureAwait(false);
        if (run.ExitCode != ExitCode.Done) throw new StopException(ExitCode.Failed, $"the recorder did not stop cleanly:\n{string.Join('\n', errors)}");
    }

    private ChildProgram Start(string url, List<string> errors) =>
        ChildProgram.Start(["run", "--mode", "record", "--exchange", url, "--symbols", Symbols, "--state", folder, "--json"], [new("PEREGRINE__RESTARTS__OBSERVEAFTER", "0"), new("PEREGRINE__RESTARTS__PAUSEMAXSECONDS", "0")], line =>
        {
            lock (errors) errors.Add(line);
        });

    /// <summary>Waits until this process has recorded events.</summary>
    private async Task<RecorderMark> RecordingAsync(ChildProgram run, List<string> errors, CancellationToken cancel)
    {
        long began = time.GetTimestamp();
        RecorderMark? start = null;
        while (time.GetElapsedTime(began) < StartWithin && !run.HasExited)
        {
            if (MarkFile.TryRead(folder) is { } mark && mark.ProcessId == run.Id)
            {
                start ??= mark;
                if (mark.CommittedSequence > start.Value.CommittedSequence && mark.CommittedTimeNanos > 0)
                {
                    _resumeMax = Math.Max(_resumeMax, time.GetElapsedTime(began).TotalMilliseconds);
                    return mark;
                }
            }
            await Task.Delay(TimeSpan.FromMilliseconds(5), time, cancel).ConfigureAwait(false);
        }
        lock (errors) throw new StopException(ExitCode.Failed, $"the recorder {(run.HasExited ? $"ended with exit code {run.ExitCode}" : "recorded nothing")}:\n{string.Join('\n', errors)}");
    }
}
