using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>Sessions of one model keep its weights once. Alone, because the memory of the whole process is measured.</summary>
[Collection(nameof(SharedWeightsTests))]
[CollectionDefinition(nameof(SharedWeightsTests), DisableParallelization = true)]
public sealed class SharedWeightsTests
{
    private const int Size = 512;
    private const long WeightBytes = 3L * Size * Size * sizeof(float);

    [Fact]
    public void A_second_session_takes_memory_for_its_activations_only()
    {
        OnnxModel model = Layers(Size).Load();
        ModelSession first = model.Compile();
        Assert.InRange(first.SharedBytes, WeightBytes, WeightBytes + (WeightBytes / 8));
        Assert.InRange(first.MemoryBytes - first.SharedBytes, Size * sizeof(float), WeightBytes / 8);

        long before = GC.GetTotalMemory(forceFullCollection: true);
        ModelSession[] more = [.. Enumerable.Range(0, 4).Select(_ => model.Compile())];
        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / more.Length;
        Assert.InRange(each, 0, WeightBytes / 4);
        Assert.All(more, session => Assert.Equal((first.MemoryBytes, first.SharedBytes), (session.MemoryBytes, session.SharedBytes)));
        Assert.Equal(Run(first), Run(more[^1]));
        GC.KeepAlive(more);
    }

    [Fact]
    public void Weights_that_no_session_uses_any_more_are_forgotten()
    {
        OnnxModel model = Layers(Size).Load();
        long before = GC.GetTotalMemory(forceFullCollection: true);
        CompileAndDrop();
        GC.Collect();
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, WeightBytes / 4);
        GC.KeepAlive(model);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        void CompileAndDrop() => Assert.True(Run(model.Compile()).Length > 0);
    }

    [Fact]
    public void Sessions_of_other_kernels_pack_weights_of_their_own()
    {
        OnnxModel model = Layers(Size).Load();
        float[][] results = [.. ModelVectors.Kinds.Select(kind => Run(model.Compile(new CompileOptions { Kernels = kind })))];
        foreach (float[] result in results)
            for (int i = 0; i < Size; i++) Assert.Equal(results[0][i], result[i], 1e-4f);
    }

    [Fact]
    public void Sessions_that_are_compiled_and_run_at_once_agree()
    {
        OnnxModel model = Layers(Size / 4).Load();
        float[] expected = Run(model.Compile());
        var results = new float[8][];
        Thread[] threads = [.. Enumerable.Range(0, results.Length).Select(t => new Thread(() =>
        {
            for (int i = 0; i < 20; i++) results[t] = Run(model.Compile());
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.All(results, result => Assert.Equal(expected, result));
    }

    private static GraphWriter Layers(int size)
    {
        var random = new Random(81);
        GraphWriter graph = new GraphWriter().Input("m", 1, size).Output("y", 1, size);
        for (int i = 0; i < 3; i++)
            graph.Constant($"w{i}", Naive.Random(random, [size * size], -0.05, 0.05).Floats, size, size).Node("MatMul", [i == 0 ? "m" : $"t{i}", $"w{i}"], [i == 2 ? "y" : $"t{i + 1}"]);
        return graph;
    }

    private static float[] Run(ModelSession session)
    {
        int index = session.InputIndex("m");
        for (int i = 0; i < session.Input(index).Length; i++) session.Input(index)[i] = (i % 7) - 3;
        session.Run();
        return session.Output(0).ToArray();
    }
}
