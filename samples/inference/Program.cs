using System.Diagnostics;
using System.Globalization;

using Peregrine.Inference;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
static string Beside(string file) => Path.Combine(AppContext.BaseDirectory, file);

// 1. Load once (it is read and checked), compile once (it is planned), run as often as you like (nothing is allocated).
OnnxModel model = OnnxModel.Load(Beside("demo.onnx"));
Console.WriteLine($"{model.Inputs[0]} -> {model.Outputs[0]}, {model.Parameters} parameters, opset {model.Opset}");
Console.WriteLine($"its own test: {SelfTest.Verify(model)} rows agree with the program that trained it");

ModelSession session = model.Compile();
Span<float> features = session.Input(0); // The session's own memory: fill it, run, read the output.
ReadOnlySpan<float> probabilities = session.Output(0);
features.Clear();
features[0] = 65; // The RSI of the last second.
session.Run();
Console.WriteLine($"down {probabilities[0]:P1}, flat {probabilities[1]:P1}, up {probabilities[2]:P1}");

const int runs = 1_000_000;
for (int i = 0; i < runs / 10; i++) session.Run(); // Until the processor is awake.
long allocated = GC.GetAllocatedBytesForCurrentThread(), began = Stopwatch.GetTimestamp();
for (int i = 0; i < runs; i++)
{
    features[1] = i % 7 * 0.1f;
    session.Run();
}
double nanos = Stopwatch.GetElapsedTime(began).TotalNanoseconds / runs;
allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
Console.WriteLine($"{nanos:F0} ns a run with {session.Kernels} kernels, {allocated} bytes allocated in {runs:N0} runs");

// 2. A model that streams: its state is an output of one run and an input of the next.
ModelSession stream = OnnxModel.Load(Beside("running-mean.onnx")).Compile();
Span<float> price = stream.Input(stream.InputIndex("price")), state = stream.Input(stream.InputIndex("state"));
ReadOnlySpan<float> mean = stream.Output(stream.OutputIndex("mean"));
state.Fill(100);
foreach (float next in (ReadOnlySpan<float>)[100, 101, 102, 101, 103])
{
    price[0] = next;
    stream.Run();
    mean.CopyTo(state);
    Console.WriteLine($"price {next:F0}: running mean {mean[0]:F3}");
}

// 3. What cannot be run says why, and what is allowed.
try
{
    model.Compile(new CompileOptions { Dimensions = new Dictionary<string, int> { ["batch"] = 8 } });
}
catch (ModelException e)
{
    Console.WriteLine(e.Message);
}
