using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

using Peregrine.Inference;

namespace Peregrine.App.Commands;

/// <summary><c>model</c>: looks into an ONNX file and tries it.</summary>
internal static class ModelCommand
{
    public static Command Create() => new("model", "Looks into an ONNX model and tries it: inspect, check, bench.") { Inspect(), Check(), Bench() };

    private static Command Inspect()
    {
        Argument<string> file = new("file") { Description = "the .onnx file" };
        Command command = new("inspect", "Shows inputs, outputs, operators and metadata.") { file };
        command.SetAction(parsed =>
        {
            OnnxModel model = Load(parsed.GetValue(file)!);
            Console.WriteLine($"opset {model.Opset}, IR {model.IrVersion}, by {model.Producer}; {model.Parameters.ToString("N0", CultureInfo.InvariantCulture)} parameters");
            foreach (TensorInfo input in model.Inputs) Console.WriteLine($"  in   {input}");
            foreach (TensorInfo output in model.Outputs) Console.WriteLine($"  out  {output}");
            Console.WriteLine("  operators " + string.Join(", ", model.Operators.Select(one => $"{one.Key}×{one.Value}")));
            foreach ((string key, string value) in model.Metadata) Console.WriteLine($"  {key} = {(value.Length > 120 ? value[..117] + "…" : value)}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Check()
    {
        Argument<string> file = new("file") { Description = "the .onnx file" };
        Command command = new("check", "Loads, compiles and runs the model's own test rows.") { file };
        command.SetAction(parsed =>
        {
            OnnxModel model = Load(parsed.GetValue(file)!);
            try
            {
                ModelSession session = model.Compile();
                string rows = SelfTest.IsPresent(model) ? $"{SelfTest.Verify(model)} test rows reproduce" : "it carries no test rows";
                Console.WriteLine($"ok: {session.Steps} steps, {session.MemoryBytes.ToString("N0", CultureInfo.InvariantCulture)} bytes, {session.Kernels} kernels; {rows}");
                return ExitCode.Done;
            }
            catch (ModelException e)
            {
                throw new StopException(ExitCode.Failed, e.Message);
            }
        });
        return command;
    }

    private static Command Bench()
    {
        Argument<string> file = new("file") { Description = "the .onnx file" };
        Command command = new("bench", "Measures the time of one run on this machine.") { file };
        command.SetAction(parsed =>
        {
            ModelSession session = Load(parsed.GetValue(file)!).Compile();
            const int runs = 200, each = 200;
            double[] micros = new double[runs];
            for (int i = -runs; i < runs; i++) // The first half warms it up.
            {
                long start = Stopwatch.GetTimestamp();
                for (int j = 0; j < each; j++) session.Run();
                if (i >= 0) micros[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / each;
            }
            Array.Sort(micros);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"min {micros[0]:F3} µs, median {micros[runs / 2]:F3} µs, p99 {micros[runs * 99 / 100]:F3} µs ({session.Kernels} kernels)"));
            return ExitCode.Done;
        });
        return command;
    }

    private static OnnxModel Load(string path)
    {
        try
        {
            return OnnxModel.Load(path);
        }
        catch (Exception e) when (e is ModelException or IOException or UnauthorizedAccessException)
        {
            throw new StopException(ExitCode.BadConfiguration, e.Message);
        }
    }
}
