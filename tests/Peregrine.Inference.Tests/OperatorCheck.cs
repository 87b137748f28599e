using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>
/// Runs one operator in every way there is, and compares: on each kernel family; its inputs fed at run time; all but the first constant (weights are
/// packed); all constant (the compiler folds it).
/// </summary>
internal sealed class OperatorCheck(string op)
{
    public int Opset { get; init; } = 17;
    public (string, object)[] Attributes { get; init; } = [];

    /// <summary>Further inputs of whole numbers, always constant.</summary>
    public long[][] Integers { get; init; } = [];
    public float Tolerance { get; init; } = 3e-6f;

    public void Equal(Naive expected, params Naive?[] inputs)
    {
        int modes = inputs.Length > 1 ? 3 : 2;
        for (int mode = 0; mode < modes; mode++)
        {
            bool[] constant = [.. inputs.Select((_, i) => mode == modes - 1 || (mode == 1 && i > 0))];
            OnnxModel model = Build(expected, inputs, constant);
            foreach (KernelKind kind in ModelVectors.Kinds)
            {
                ModelSession session = model.Compile(new CompileOptions { Kernels = kind });
                for (int i = 0, next = 0; i < inputs.Length; i++)
                    if (inputs[i] is { } input && !constant[i]) input.Floats.CopyTo(session.Input(next++));
                if (mode == modes - 1) Assert.Equal(0, session.Steps); // Folded away.
                session.Run();
                session.Run(); // A second run over the memory the first one left.
                Compare(expected, session, $"{op} opset {Opset} {kind} mode {mode} {string.Join(" ", inputs.Select(i => i is null ? "-" : $"[{string.Join(',', i.Shape)}]"))}");
            }
        }
    }

    private OnnxModel Build(Naive expected, Naive?[] inputs, bool[] constant)
    {
        var graph = new GraphWriter { Opset = Opset };
        var names = new List<string>();
        for (int i = 0; i < inputs.Length; i++)
        {
            names.Add(inputs[i] is null ? "" : $"in{i}");
            if (inputs[i] is not { } input) continue;
            if (constant[i]) graph.Constant($"in{i}", input.Floats, input.Dimensions);
            else graph.Input($"in{i}", [.. input.Shape.Cast<object>()]);
        }
        for (int i = 0; i < Integers.Length; i++)
        {
            names.Add($"n{i}");
            graph.Constant($"n{i}", Integers[i], Integers[i].Length);
        }
        return graph.Node(op, [.. names], ["y"], Attributes).Output("y", [.. expected.Shape.Cast<object>()]).Load();
    }

    private void Compare(Naive expected, ModelSession session, string where)
    {
        Assert.Equal(expected.Shape, session.Outputs[0].Shape.Select(d => d.Size!.Value));
        ReadOnlySpan<float> actual = session.Output(0);
        for (int i = 0; i < actual.Length; i++)
        {
            double want = expected.Data[i];
            bool close = double.IsNaN(want) ? float.IsNaN(actual[i]) : actual[i] == want || Math.Abs(actual[i] - want) <= Tolerance * (1 + Math.Abs(want));
            Assert.True(close, $"{where}: element {i} is {actual[i]:R}, expected {want:R}");
        }
    }
}
