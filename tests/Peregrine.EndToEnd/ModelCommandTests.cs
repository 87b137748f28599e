using System.Runtime.InteropServices;
using System.Text.Json;
using System.Xml.Linq;

using Peregrine.Inference.Tests;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary><c>model inspect | check | run | bench</c> as a user starts them.</summary>
public sealed class ModelCommandTests
{
    private static readonly string _demo = Path.Combine(Repository.Root, "models", "demo.onnx");

    [Fact]
    public async Task Inspect_tells_what_a_model_is_and_draws_it()
    {
        using TemporaryFolder folder = new();
        Task<(int, string, string)> asText = PeregrineProgram.RunAsync(["model", "inspect", _demo]);
        (int code, string json, string errors) = await PeregrineProgram.RunAsync(["model", "inspect", _demo, "--json", "--svg", folder["demo.svg"]]);
        Assert.True(code == 0, errors);
        JsonElement d = JsonDocument.Parse(json).RootElement;
        Assert.Equal((17, 272, 176), (d.GetProperty("opset").GetInt32(), d.GetProperty("flops").GetInt32(), d.GetProperty("parameters").GetInt32()));
        Assert.Contains(d.GetProperty("steps").EnumerateArray(), step => step.GetProperty("operators").EnumerateArray().Select(one => one.GetString()).SequenceEqual(["Gemm", "Relu"]));
        Assert.Contains(XElement.Load(folder["demo.svg"]).Elements(), element => element.Value == "Softmax");
        (code, string text, _) = await asText;
        Assert.Equal(0, code);
        foreach (string expected in new[] { "input        features Float32[1, 14]", "Gemm + Relu", "272 floating point operations", "metadata     labels = down,flat,up", "●  Clip", "bytes a session" }) Assert.Contains(expected, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_says_where_and_how_far_a_number_is_off()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["model.onnx"], new GraphWriter().Input("x", "batch", 2).Output("y", "batch", 2).Constant("one", [1f]).Node("Add", ["x", "one"], ["y"]).Bytes());
        Directory.CreateDirectory(folder["test_data_set_0"]);
        Write(folder["test_data_set_0/input_0.pb"], [1, 2, 3, 4]);
        Write(folder["test_data_set_0/output_0.pb"], [2, 3, 4, 5]);
        string[] check = ["model", "check", folder["model.onnx"], "--vectors", folder["test_data_set_0/.."]];
        (int code, string output, string errors) = await PeregrineProgram.RunAsync(check);
        Assert.True(code == 0, errors);
        Assert.Contains("test_data_set_0 y: ok, 4 numbers, all equal", output, StringComparison.Ordinal);

        Write(folder["test_data_set_0/output_0.pb"], [2, 3, 4.25f, 5]);
        (code, output, _) = await PeregrineProgram.RunAsync(check);
        Assert.Equal(1, code);
        Assert.Contains("WRONG: 1 of 4 numbers; worst at [2]: 4, expected 4.25, difference 2.50E-001", output, StringComparison.Ordinal);

        static void Write(string path, float[] values) => File.WriteAllBytes(path, GraphWriter.Tensor("t", 1, [2, 2], data => data.WriteRaw(9, MemoryMarshal.AsBytes<float>(values).ToArray())));
    }

    [Fact]
    public async Task Check_runs_the_exported_models()
    {
        string? folder = Repository.Shared("models/lstm_dyn_op11");
        Assert.SkipWhen(folder is null, "The exported models do not lie beside the project.");
        (int code, string output, _) = await PeregrineProgram.RunAsync(["model", "check", Path.Combine(folder!, "model.onnx"), "--vectors", folder!, "--json"]);
        Assert.Equal(0, code);
        JsonElement result = JsonDocument.Parse(output).RootElement;
        Assert.True(result.GetProperty("ok").GetBoolean());
        Assert.Equal(4, result.GetProperty("sets").GetArrayLength());
    }

    [Fact]
    public async Task Run_answers_with_what_the_trainer_computed()
    {
        using TemporaryFolder folder = new();
        Peregrine.Inference.OnnxModel model = Peregrine.Inference.OnnxModel.Load(_demo);
        string row = string.Join(',', model.Metadata["selftest_input"].Split(',')[..14]);
        (int code, string output, string errors) = await PeregrineProgram.RunAsync(["model", "run", _demo, "--input", $"features={row}", "--json", "--output", folder["out.npy"]]);
        Assert.True(code == 0, errors);
        double[] values = [.. JsonDocument.Parse(output).RootElement.GetProperty("outputs")[0].GetProperty("values")[0].EnumerateArray().Select(one => one.GetDouble())];
        double[] expected = [.. model.Metadata["selftest_output"].Split(',')[..3].Select(one => double.Parse(one, System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(expected, values, (one, other) => Math.Abs(one - other) < 1e-5);
        Assert.Equal(128 + 12, new FileInfo(folder["out.npy"]).Length);
    }

    [Fact]
    public async Task Bench_measures_without_allocating()
    {
        (int code, string output, string errors) = await PeregrineProgram.RunAsync(["model", "bench", _demo, "--json", "--rounds", "3"]);
        Assert.True(code == 0, errors);
        JsonElement result = JsonDocument.Parse(output).RootElement;
        Assert.Equal(0, result.GetProperty("allocatedPerRun").GetDouble());
        Assert.True(result.GetProperty("median").GetDouble() > 0);
        Assert.True(result.GetProperty("peakMultiplyAddsPerNano").GetDouble() > 0);
        Assert.InRange(result.GetProperty("min").GetDouble(), 0, result.GetProperty("median").GetDouble());
    }

    [Theory]
    [InlineData(3, "is not a whole ONNX file", "inspect", "NONE")]
    [InlineData(3, "cannot be read", "check", "/no/such/model.onnx")]
    [InlineData(2, "has no test sets; allowed is a folder with test_data_set_K folders", "check", "DEMO", "--vectors", "/no/such/folder")]
    [InlineData(2, "the model wants features Float32[1, 14]; give each as NAME=VALUE", "run", "DEMO")]
    [InlineData(2, "Input features Float32[1, 14] takes 14 numbers; 2 were given", "run", "DEMO", "--input", "features=1,2")]
    [InlineData(2, "'feature' is not allowed; the model's inputs are features Float32[1, 14]", "run", "DEMO", "--input", "feature=1")]
    [InlineData(2, "the file 'nothing.npy' does not exist", "run", "DEMO", "--input", "features=nothing.npy")]
    [InlineData(2, "the model has no symbolic dimensions", "bench", "DEMO", "--dimension", "batch=2")]
    public async Task Wrong_input_is_refused_with_what_is_allowed(int expected, string message, params string[] arguments)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["none.onnx"], "this is no model");
        (int code, string output, string errors) = await PeregrineProgram.RunAsync(["model", .. arguments.Select(one => one switch { "DEMO" => _demo, "NONE" => folder["none.onnx"], _ => one })]);
        Assert.Equal((expected, ""), (code, output));
        Assert.StartsWith("peregrine: ", errors, StringComparison.Ordinal);
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }
}
