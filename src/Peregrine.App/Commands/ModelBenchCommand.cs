using System.CommandLine;
using System.Globalization;

using Peregrine.Benchmarks.Inference;
using Peregrine.Inference;

namespace Peregrine.App.Commands;

/// <summary><c>model bench</c>: how long one run takes on this machine, how near that is to what the machine can do, and how long ONNX Runtime takes.</summary>
internal static class ModelBenchCommand
{
    private const int RoundsDefault = 31;

    public static Command Create()
    {
        Argument<string> file = ModelCommand.File();
        Option<string[]> dimensions = ModelCommand.Dimensions();
        Option<string[]> fixedInputs = ModelCommand.FixedInputs();
        Option<bool> versus = new("--versus-ort") { Description = "also measure ONNX Runtime in this process, in turns with ours, where npm's onnxruntime-node is installed" };
        Option<int> rounds = new("--rounds") { Description = "how often samples of about two milliseconds are taken", DefaultValueFactory = _ => RoundsDefault, HelpName = "N" };
        Option<bool> json = Shared.Json();
        Command command = new("bench", "Measures a model on one thread: the first start, one run (min, median, p99), nanoseconds per floating point operation, the share of what this "
            + "machine can do at most, and bytes allocated.") { file, dimensions, fixedInputs, versus, rounds, json };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(rounds) is not (>= 1 and <= 10_000)) throw new StopException(ExitCode.WrongUsage, $"--rounds: '{parsed.GetValue(rounds)}' is not allowed; allowed is a whole number from 1 to 10000.");
            ModelBenchResult result;
            try
            {
                result = ModelBench.Measure(parsed.GetValue(file)!, model => ModelCommand.ReadOptions(model, parsed.GetValue(dimensions), parsed.GetValue(fixedInputs)), parsed.GetValue(rounds), parsed.GetValue(versus));
            }
            catch (ModelException e)
            {
                throw new StopException(ExitCode.BadConfiguration, e.Message);
            }
            if (parsed.GetValue(json)) ModelJson.Print(result);
            else Print(result);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Print(ModelBenchResult r)
    {
        static void Line(string what, FormattableString text) => Console.WriteLine($"{what,-12} {text.ToString(CultureInfo.InvariantCulture)}");
        Line("machine", $"{r.Machine}");
        Line("plan", $"{r.Steps} steps, {r.Kernels} kernels");
        Line("cold", $"{r.ColdLoadMillis + r.ColdCompileMillis + r.ColdRunMillis:F1} ms: load {r.ColdLoadMillis:F1}, compile {r.ColdCompileMillis:F1}, first run {r.ColdRunMillis:F1}; once more {r.WarmStartMillis:F2} ms");
        Line("one run", $"min {Time(r.Min)}, median {Time(r.Median)}, p99 {Time(r.P99)} ({r.Samples:N0} samples{(r.RunsPerSample > 1 ? $", each the mean of {r.RunsPerSample} runs" : "")})");
        Line("allocated", $"{r.AllocatedPerRun:0.##} bytes a run");
        if (r.NanosPerFlop is { } nanos)
        {
            Line("arithmetic", $"{r.Flops:N0} floating point operations, {nanos:G3} ns each ({1 / nanos:F1} GFLOP/s)");
            Line("limit", $"multiply-adds: {Time(r.ArithmeticFloor)} at {2 * r.PeakMultiplyAddsPerNano:F0} GFLOP/s; weights: {Time(r.MemoryFloor)} for {r.WeightTrafficBytes:N0} bytes at {r.BytesPerNano:F0} GB/s");
            Line("", $"{(r.Limit == "memory" ? "reading the weights" : "multiplying")} binds; one run reaches {r.ShareOfLimit:P0} of that limit");
        }
        else
        {
            Line("arithmetic", $"no matrix products, so no share of the machine's limit");
        }
        if (r.Ratio is { } ratio) Line("versus", $"ONNX Runtime {r.OnnxRuntime}: median {Time(r.OnnxRuntimeMedian ?? 0)}, {ratio:F2} times ours; {r.OnnxRuntimeNote}");
        else if (r.OnnxRuntimeNote is not null) Line("versus", $"{r.OnnxRuntimeNote}");
    }

    /// <summary>A time in the unit that a person would choose.</summary>
    private static string Time(double nanos) => nanos switch
    {
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{nanos:F0} ns"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nanos / 1_000:F2} µs"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{nanos / 1_000_000:F2} ms"),
    };
}
