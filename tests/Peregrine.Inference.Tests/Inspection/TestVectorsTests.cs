using System.Runtime.InteropServices;

using Peregrine.Inference.Inspection;

using Xunit;

namespace Peregrine.Inference.Tests.Inspection;

/// <summary>Test sets in folders, as the ONNX backend suite lays them out.</summary>
public sealed class TestVectorsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine-vectors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_set_passes_and_fails_where_a_number_was_altered()
    {
        OnnxModel model = new GraphWriter().Input("x", "batch", 2).Output("y", "batch", 2).Constant("one", [1f]).Node("Add", ["x", "one"], ["y"]).Load();
        Write("test_data_set_0", "input_0", [1, 2], 1, 2);
        Write("test_data_set_0", "output_0", [2, 3], 1, 2);
        Write("test_data_set_10", "input_0", [1, 2, 3, 4], 2, 2); // Another batch: the dimension follows.
        Write("test_data_set_10", "output_0", [2, 3, 4, 5.5f], 2, 2);
        Write("test_data_set_9", "input_0", [1, 2, 3, 4], 2, 2);
        Write("test_data_set_9", "output_0", [2, 3, 4, 5], 2, 2);
        IReadOnlyList<TestVectors> sets = TestVectors.Find(_folder);
        Assert.Equal(["test_data_set_0", "test_data_set_9", "test_data_set_10"], sets.Select(set => set.Name));
        Assert.True(Assert.Single(sets[0].Check(model, Gate.Default)).Passes);
        Assert.True(Assert.Single(sets[1].Check(model, Gate.Default)).Passes);
        OutputCheck wrong = Assert.Single(sets[2].Check(model, Gate.Default));
        Assert.Equal(("y", false, 1, 3, 5.0, 5.5, 0.5), (wrong.Name, wrong.Passes, wrong.Misses, wrong.WorstIndex, wrong.Actual, wrong.Expected, wrong.Difference));
        Assert.Equal("test_data_set_0", Assert.Single(TestVectors.Find(Path.Combine(_folder, "test_data_set_0"))).Name); // A set's own folder.
        Assert.Empty(TestVectors.Find(Path.Combine(_folder, "nothing")));
    }

    [Fact]
    public void Inputs_that_decide_shapes_are_fixed()
    {
        OnnxModel model = new GraphWriter().Input("x", 2, 3).IntegerInput("shape", 2).Output("y", "a", "b").Node("Reshape", ["x", "shape"], ["y"]).Load();
        Write("test_data_set_0", "input_0", [1, 2, 3, 4, 5, 6], 2, 3);
        WriteTensor("test_data_set_0", "input_1", 7, [2], MemoryMarshal.AsBytes<long>([3, 2]).ToArray());
        Write("test_data_set_0", "output_0", [1, 2, 3, 4, 5, 6], 3, 2);
        Assert.True(Assert.Single(Assert.Single(TestVectors.Find(_folder)).Check(model, Gate.Default)).Passes);
    }

    [Fact]
    public void What_does_not_belong_to_the_model_is_refused_in_words()
    {
        OnnxModel model = new GraphWriter().Input("x", "batch", 2).Input("z", "batch", 2).Output("y", "batch", 2).Node("Add", ["x", "z"], ["y"]).Load();
        Write("test_data_set_0", "input_0", [1, 2], 1, 2);
        Write("test_data_set_0", "output_0", [2, 3], 1, 2);
        TestVectors set = Assert.Single(TestVectors.Find(_folder));
        Assert.Contains("has 1 inputs; the model has 2: x Float32[batch, 2], z Float32[batch, 2]", Message(), StringComparison.Ordinal);
        Write("test_data_set_0", "input_1", [1, 2, 3, 4], 2, 2);
        Assert.Contains("Dimension 'batch' is 1 in input 'x' and 2 in input 'z'", Message(), StringComparison.Ordinal);
        Write("test_data_set_0", "input_1", [1], 1);
        Assert.Contains("Input z Float32[batch, 2] has 2 dimensions; Float32[1] was given", Message(), StringComparison.Ordinal);
        File.WriteAllBytes(Path.Combine(_folder, "test_data_set_0", "input_1.pb"), [0xff, 0xff]);
        Assert.Contains("is not an ONNX tensor", Message(), StringComparison.Ordinal);
        File.Delete(Path.Combine(_folder, "test_data_set_0", "output_0.pb"));
        Assert.Contains("has 0 outputs; 1 to 1 are allowed", Message(), StringComparison.Ordinal);

        string Message() => Assert.Throws<ModelException>(() => set.Check(model, Gate.Default)).Message;
    }

    private void Write(string set, string name, float[] values, params long[] shape) => WriteTensor(set, name, 1, shape, MemoryMarshal.AsBytes<float>(values).ToArray());

    private void WriteTensor(string set, string name, int type, long[] shape, byte[] raw)
    {
        Directory.CreateDirectory(Path.Combine(_folder, set));
        File.WriteAllBytes(Path.Combine(_folder, set, name + ".pb"), GraphWriter.Tensor(name, type, shape, data => data.WriteRaw(9, raw)));
    }
}
