using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>Values share memory when they never meet, and a step writes over what dies in it; nobody can tell from the results.</summary>
public sealed class MemoryPlanTests(ITestOutputHelper output)
{
    private const int Count = 10_000;
    private const long Place = 40_100; // Bytes of so many numbers, with their slack.

    [Fact]
    public void Functions_of_one_number_work_in_one_place()
    {
        GraphWriter graph = new GraphWriter().Input("x", Count).Output("y", Count);
        for (int i = 0; i < 50; i++) graph.Node("Tanh", [i == 0 ? "x" : $"t{i}"], [i == 49 ? "y" : $"t{i + 1}"]);
        Assert.InRange(graph.Load().Compile().MemoryBytes, 0, 2 * Place); // What comes in, and what is written over until it goes out.
    }

    [Fact]
    public void A_sum_takes_the_place_of_the_operand_that_dies()
    {
        GraphWriter graph = new GraphWriter().Input("x", Count).Output("y", Count).Node("Exp", ["x"], ["a"]);
        for (int i = 0; i < 20; i++) graph.Node("Sin", [$"a{(i == 0 ? "" : i)}"], [$"b{i}"]).Node("Add", [$"a{(i == 0 ? "" : i)}", $"b{i}"], [$"a{i + 1}"]);
        Assert.InRange(graph.Node("Neg", ["a20"], ["y"]).Load().Compile().MemoryBytes, 0, 3 * Place);
    }

    [Fact]
    public void Results_do_not_depend_on_who_writes_over_whom()
    {
        const int Seed = 91;
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        long shared = 0, apart = 0;
        for (int round = 0; round < 120; round++)
        {
            int rows = random.Next(1, 5), columns = random.Next(2) == 0 ? 16 * random.Next(1, 5) : random.Next(1, 70), nodes = random.Next(3, 14);
            if (random.Next(10) == 0) columns += 3000; // Too long for chains.
            float[] row = Naive.Random(random, [columns]).Floats, column = Naive.Random(random, [rows]).Floats;
            var parts = new List<(string Op, string[] From)>();
            for (int i = 0; i < nodes; i++)
            {
                string recent = i == 0 ? "x" : $"v{i - 1}", any = random.Next(i + 1) is var at && at == i ? "x" : $"v{at}";
                parts.Add(random.Next(6) switch
                {
                    0 => ("Tanh", [recent]),
                    1 => ("Relu", [recent]),
                    2 => ("Mul", random.Next(2) == 0 ? [recent, "row"] : ["row", recent]),
                    3 => ("Sub", random.Next(2) == 0 ? [recent, "column"] : ["number", recent]),
                    4 => ("Softmax", [recent]), // One that may not work in place.
                    _ => ("Add", random.Next(2) == 0 ? [recent, any] : [any, recent]),
                });
            }
            GraphWriter Graph(bool all)
            {
                GraphWriter graph = new GraphWriter().Input("x", rows, columns).Constant("row", row, columns).Constant("column", column, rows, 1).Constant("number", [0.7f]);
                for (int i = 0; i < nodes; i++) graph.Node(parts[i].Op, parts[i].From, [$"v{i}"]);
                for (int i = nodes - 1; i >= (all ? 0 : nodes - 1); i--) graph.Output($"v{i}", rows, columns);
                return graph;
            }
            float[] input = Naive.Random(random, [rows * columns]).Floats;
            foreach (KernelKind kind in ModelVectors.Kinds)
            {
                ModelSession planned = Graph(all: false).Load().Compile(new CompileOptions { Kernels = kind }), every = Graph(all: true).Load().Compile(new CompileOptions { Kernels = kind }); // An output keeps its place.
                for (int run = 0; run < 2; run++)
                {
                    foreach (ModelSession session in new[] { planned, every })
                    {
                        input.CopyTo(session.Input(0));
                        session.Run();
                    }
                    Assert.True(planned.Output(0).SequenceEqual(every.Output(0)), $"round {round}, {kind}, [{rows}, {columns}]: {string.Join("; ", parts.Select(p => $"{p.Op}({string.Join(", ", p.From)})"))}");
                }
                shared += planned.MemoryBytes;
                apart += every.MemoryBytes;
            }
        }
        output.WriteLine($"{shared} bytes instead of {apart}");
        Assert.True(shared < apart / 2);
    }
}
