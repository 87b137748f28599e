using System.Diagnostics;

using Peregrine.Inference;
using Peregrine.Inference.Inspection;

namespace Peregrine.Benchmarks.Inference;

/// <summary>What was measured of one model on this machine. Times in nanoseconds unless the name says otherwise.</summary>
public sealed record ModelBenchResult
{
    public required string Machine { get; init; }
    public required string Kernels { get; init; }
    public required int Steps { get; init; }

    /// <summary>From the file to the first answer in a program that has run no model yet, its compiler's work included; milliseconds.</summary>
    public required double ColdLoadMillis { get; init; }
    public required double ColdCompileMillis { get; init; }
    public required double ColdRunMillis { get; init; }

    /// <summary>The same three together once more; milliseconds.</summary>
    public required double WarmStartMillis { get; init; }

    public required double Min { get; init; }
    public required double Median { get; init; }
    public required double P99 { get; init; }

    /// <summary>Samples taken, and runs whose mean is one sample: a run that is shorter than the clock's own cost cannot be timed alone.</summary>
    public required int Samples { get; init; }
    public required int RunsPerSample { get; init; }

    /// <summary>Managed bytes allocated for each run.</summary>
    public required double AllocatedPerRun { get; init; }

    /// <summary>See <see cref="FlopCount"/>.</summary>
    public required long Flops { get; init; }
    public double? NanosPerFlop => Flops > 0 ? Median / Flops : null;

    /// <summary>Multiply-adds a nanosecond that one core does at most, with the width of vectors that does most.</summary>
    public required double PeakMultiplyAddsPerNano { get; init; }

    /// <summary>Bytes a nanosecond that one core reads from as much memory as the weights take.</summary>
    public required double BytesPerNano { get; init; }
    public required long WeightBytes { get; init; }
    public required long WeightTrafficBytes { get; init; }

    /// <summary>The least time that the multiply-adds take, and that reading the weights takes.</summary>
    public double ArithmeticFloor => Flops / 2.0 / PeakMultiplyAddsPerNano;
    public double MemoryFloor => WeightTrafficBytes / BytesPerNano;

    /// <summary>Which of both binds; null where the model has no matrix products.</summary>
    public string? Limit => Flops == 0 ? null : ArithmeticFloor >= MemoryFloor ? "multiply-adds" : "memory";

    /// <summary>The binding floor ÷ the median: 1 would be the machine's limit.</summary>
    public double? ShareOfLimit => Flops == 0 ? null : Math.Max(ArithmeticFloor, MemoryFloor) / Median;

    /// <summary>ONNX Runtime's version, its median and the median of the rounds' ratios (theirs ÷ ours); null where it was not measured.</summary>
    public string? OnnxRuntime { get; init; }
    public double? OnnxRuntimeMedian { get; init; }
    public double? Ratio { get; init; }

    /// <summary>Why it was not measured, or how far both outputs are apart.</summary>
    public string? OnnxRuntimeNote { get; init; }
}

/// <summary>Measures one model on one thread.</summary>
public static class ModelBench
{
    private const double SampleNanosMin = 1_000, RoundNanos = 2_000_000, WarmUpNanos = 100_000_000;
    private const int WarmStarts = 5, SamplesPerRoundMax = 5_000, WarmUpRunsMin = 50;

    /// <param name="path">The .onnx file.</param>
    /// <param name="options">What to compile it for.</param>
    /// <param name="rounds">How often samples are taken, and how often the alternatives take turns.</param>
    /// <param name="versusOnnxRuntime">Whether to measure ONNX Runtime too, where it is installed.</param>
    /// <exception cref="ModelException">The model cannot be loaded or compiled.</exception>
    public static ModelBenchResult Measure(string path, Func<OnnxModel, CompileOptions> options, int rounds, bool versusOnnxRuntime)
    {
        long began = Stopwatch.GetTimestamp();
        OnnxModel model = OnnxModel.Load(path);
        double load = Millis(ref began);
        CompileOptions compile = options(model);
        began = Stopwatch.GetTimestamp();
        ModelSession session = model.Compile(compile);
        double compiled = Millis(ref began);
        session.Run();
        double first = Millis(ref began);
        double warm = Statistics.Median(Enumerable.Range(0, WarmStarts).Select(_ =>
        {
            long start = Stopwatch.GetTimestamp();
            OnnxModel.Load(path).Compile(compile).Run();
            return Millis(ref start);
        }).ToArray());

        BenchInput input = BenchInput.Fill(session);
        Samples samples = Take(session, input, rounds);
        ModelDescription description = ModelDescription.Of(model, compile);
        long weights = Math.Max(description.SessionBytes - description.ArenaBytes, 0);
        ModelBenchResult result = new()
        {
            Machine = Benchmarks.Machine.Describe(), Kernels = session.Kernels.ToString(), Steps = session.Steps,
            ColdLoadMillis = load, ColdCompileMillis = compiled, ColdRunMillis = first, WarmStartMillis = warm,
            Min = samples.Nanos.Min(), Median = Statistics.Median(samples.Nanos), P99 = Statistics.Percentile(samples.Nanos, 0.99), Samples = samples.Nanos.Length, RunsPerSample = samples.Runs,
            AllocatedPerRun = samples.Allocated, Flops = description.Flops, WeightBytes = weights, WeightTrafficBytes = description.WeightTrafficBytes,
            PeakMultiplyAddsPerNano = MachineLimit.MultiplyAddsPerNano(), BytesPerNano = MachineLimit.BytesPerNano(weights),
        };
        return versusOnnxRuntime ? Versus(result, path, session, input, compile, rounds) : result;
    }

    private static Samples Take(ModelSession session, BenchInput input, int rounds)
    {
        double run = WarmUp(session, input);
        int runs = (int)Math.Ceiling(SampleNanosMin / Math.Max(run, 1));
        double clock = Statistics.Median(Enumerable.Range(0, 1_000).Select(static _ => { long start = Stopwatch.GetTimestamp(); return Stopwatch.GetElapsedTime(start).TotalNanoseconds; }).ToArray());
        int perRound = (int)Math.Clamp(RoundNanos / (run * runs), 5, SamplesPerRoundMax);
        double[] nanos = new double[rounds * perRound];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < nanos.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            input.Run(session, runs);
            nanos[i] = Math.Max(Stopwatch.GetElapsedTime(start).TotalNanoseconds - clock, 0) / runs;
        }
        double allocated = (double)(GC.GetAllocatedBytesForCurrentThread() - before) / ((double)nanos.Length * runs);
        return new Samples(nanos, runs, allocated);
    }

    /// <summary>Runs until everything is compiled and the clock of the core is up; returns the time of one run.</summary>
    private static double WarmUp(ModelSession session, BenchInput input)
    {
        long began = Stopwatch.GetTimestamp();
        double nanos = 0;
        for (int runs = WarmUpRunsMin; nanos < WarmUpNanos; runs = Math.Min(runs * 2, 1 << 20))
        {
            long start = Stopwatch.GetTimestamp();
            input.Run(session, runs);
            nanos = Stopwatch.GetElapsedTime(began).TotalNanoseconds;
            if (nanos >= WarmUpNanos) return Stopwatch.GetElapsedTime(start).TotalNanoseconds / runs;
        }
        return 1;
    }

    private static ModelBenchResult Versus(ModelBenchResult result, string path, ModelSession session, BenchInput input, CompileOptions options, int rounds)
    {
        OrtLibrary library = OrtLibrary.FindInstalled();
        if (library.Path is null) return result with { OnnxRuntimeNote = library.WhyNot };
        if (options.FixedInputs.Count > 0) return result with { OnnxRuntimeNote = "ONNX Runtime is not measured with inputs that are fixed when the model is compiled." };
        try
        {
            using OrtSession theirs = OrtSession.Load(library.Path, path, session.Inputs, session.Outputs);
            BenchInput.Copy(session, theirs);
            Contest contest = new(new BenchContext { Rounds = rounds, WorkFolder = "", DataFiles = [], Program = [], Time = TimeProvider.System });
            Entrant own = contest.Add("ours", BenchTurns.Of(count => input.Run(session, count)));
            Entrant other = contest.Add("ONNX Runtime", BenchTurns.Of(count => input.Run(session, theirs, count)));
            contest.Run();
            return result with
            {
                OnnxRuntime = OrtSession.Version,
                OnnxRuntimeMedian = other.Median,
                Ratio = Statistics.Median(other.Samples.Zip(own.Samples, static (a, b) => a.Value / b.Value)),
                OnnxRuntimeNote = BenchInput.Difference(session, theirs),
            };
        }
        catch (InvalidOperationException error)
        {
            return result with { OnnxRuntimeNote = error.Message };
        }
    }

    private static double Millis(ref long since)
    {
        long now = Stopwatch.GetTimestamp();
        double millis = Stopwatch.GetElapsedTime(since, now).TotalMilliseconds;
        since = now;
        return millis;
    }

    private sealed record Samples(double[] Nanos, int Runs, double Allocated);
}
