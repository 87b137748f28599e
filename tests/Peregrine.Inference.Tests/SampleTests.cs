using Peregrine.Inference.Inspection;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>The model of samples/inference is made here; PEREGRINE_REWRITE_DOCS=1 writes it anew.</summary>
public sealed class SampleTests
{
    private static readonly string _path = Path.Combine(Repository.Root, "samples", "inference", "running-mean.onnx");

    [Fact]
    public void The_streaming_sample_is_a_running_mean()
    {
        byte[] bytes = new GraphWriter().Input("price", 1).Input("state", 1).Output("mean", 1).Constant("weight", [0.2f], 1)
            .Node("Sub", ["price", "state"], ["difference"]).Node("Mul", ["difference", "weight"], ["part"]).Node("Add", ["state", "part"], ["mean"]).Bytes();
        if (Environment.GetEnvironmentVariable("PEREGRINE_REWRITE_DOCS") == "1") File.WriteAllBytes(_path, bytes);
        Assert.Equal(bytes, File.ReadAllBytes(_path));

        ModelSession session = ModelInputs.Compile(OnnxModel.Load(_path), new Dictionary<string, FixedTensor> { ["price"] = FixedTensor.Of([102f], 1), ["state"] = FixedTensor.Of([100f], 1) });
        session.Run();
        Assert.Equal(100.4f, session.Output(0)[0], 1e-5f);
    }
}
