using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>LSTM, GRU and RNN of random shapes and forms against ONNX's formulas in doubles, step by step.</summary>
public sealed class RecurrentTests
{
    [Theory]
    [InlineData("LSTM", 201)]
    [InlineData("GRU", 202)]
    [InlineData("RNN", 203)]
    public void Follows_the_formulas(string op, int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 60; round++)
        {
            RecurrentCase c = RecurrentCase.Random(op, random, unusual: round % 2 == 1);
            double[][] expected = c.Expected();
            foreach (bool constant in new[] { true, false })
            {
                OnnxModel model = c.Graph(constant).Load();
                foreach (KernelKind kind in ModelVectors.Kinds)
                {
                    ModelSession session = c.Fill(model.Compile(new CompileOptions { Kernels = kind }));
                    session.Run();
                    session.Run();
                    for (int output = 0; output < expected.Length; output++)
                    {
                        ReadOnlySpan<float> actual = session.Output(output);
                        for (int i = 0; i < actual.Length; i++)
                            Assert.True(Math.Abs(actual[i] - expected[output][i]) < 5e-6 * (1 + Math.Abs(expected[output][i])), $"seed {seed} round {round} {kind} constant {constant} output {output}[{i}]: {actual[i]}, expected {expected[output][i]}; {c}");
                    }
                }
            }
        }
    }

    [Fact]
    public void A_carried_state_continues_where_the_window_would()
    {
        var random = new Random(205);
        const int steps = 12, inputs = 5, hidden = 20;
        GraphWriter Graph(int length) => new GraphWriter().Input("x", length, 1, inputs).Input("h", 1, 1, hidden).Input("c", 1, 1, hidden)
            .Constant("w", Naive.Random(new Random(1), [4 * hidden * inputs], -0.5, 0.5).Floats, 1, 4 * hidden, inputs).Constant("r", Naive.Random(new Random(2), [4 * hidden * hidden], -0.5, 0.5).Floats, 1, 4 * hidden, hidden)
            .Node("LSTM", ["x", "w", "r", "", "", "h", "c"], ["y", "hn", "cn"], ("hidden_size", hidden)).Output("hn", 1, 1, hidden).Output("cn", 1, 1, hidden);
        float[] x = Naive.Random(random, [steps * inputs]).Floats;
        foreach (KernelKind kind in ModelVectors.Kinds)
        {
            ModelSession window = Graph(steps).Load().Compile(new CompileOptions { Kernels = kind }), step = Graph(1).Load().Compile(new CompileOptions { Kernels = kind });
            x.CopyTo(window.Input(0));
            window.Run();
            for (int t = 0; t < steps; t++)
            {
                x.AsSpan(t * inputs, inputs).CopyTo(step.Input(0));
                step.Run();
                step.Output(0).CopyTo(step.Input(1));
                step.Output(1).CopyTo(step.Input(2));
            }
            Assert.Equal(window.Output(0).ToArray(), step.Output(0).ToArray());
            Assert.Equal(window.Output(1).ToArray(), step.Output(1).ToArray());
        }
    }

    [Fact]
    public void Runs_without_allocating()
    {
        foreach (string op in new[] { "LSTM", "GRU", "RNN" })
        {
            RecurrentCase c = RecurrentCase.Random(op, new Random(206), unusual: op == "RNN");
            ModelSession session = c.Fill(c.Graph(constantWeights: true).Load().Compile());
            for (int i = 0; i < 50; i++) session.Run();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1_000; i++) session.Run();
            Peregrine.Testing.Allocation.AssertNone(GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Fact]
    public void Refuses_what_does_not_fit()
    {
        void Refused(string part, int gates, params (string, object)[] attributes)
        {
            GraphWriter graph = new GraphWriter().Input("x", 3, 1, 2).Constant("w", new float[gates * 4 * 2], 1, gates * 4, 2).Constant("r", new float[16 * 4], 1, 16, 4).Node("LSTM", ["x", "w", "r"], ["y"], attributes).Output("y");
            var e = Assert.Throws<ModelException>(() => graph.Load().Compile());
            Assert.Contains(part, e.Message, StringComparison.Ordinal);
        }
        Refused("W 'w'", 3);
        Refused("direction 'sideways'", 4, ("direction", "sideways"));
        Refused("[2, 16, 2]", 4, ("direction", "bidirectional"));
        Refused("activation 'Cube'", 4, ("activations", new[] { "Sigmoid", "Cube", "Tanh" }));
        Refused("activations has 1 names", 4, ("activations", new[] { "Sigmoid" }));
        Refused("hidden_size 5", 4, ("hidden_size", 5));
    }
}
