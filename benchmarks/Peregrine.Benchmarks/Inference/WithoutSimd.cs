using System.Text.Json;

using Peregrine.Inference;

namespace Peregrine.Benchmarks.Inference;

/// <summary>The same models in a child whose compiler has no SIMD, as on a RISC-V board, against this process.</summary>
internal sealed class WithoutSimd : IBenchmark
{
    private const string AloneName = "our kernels alone";

    /// <summary>Of each side before the other has its turn: a machine that others use too changes its speed within seconds.</summary>
    private const int RoundsOfTurn = 3;

    private const int TurnsMax = 9;

    private static readonly TimeSpan Within = TimeSpan.FromMinutes(5);

    public string Name => "without SIMD";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        BenchContext turn = context with { Rounds = RoundsOfTurn };
        List<Dictionary<string, double>> with = [], without = [];
        for (int i = 0; i < Math.Min(context.Rounds, TurnsMax); i++)
        {
            without.Add(InChild(turn));
            with.Add(new Alone().Measure(turn).Where(static row => row.Skipped is null).ToDictionary(static row => row.Name, static row => row.Median));
        }
        List<BenchRow> rows = [];
        foreach (InferenceModel model in InferenceModel.All)
        {
            if (!with.Concat(without).All(side => side.ContainsKey(model.Title))) continue;
            double[] ratios = [.. with.Zip(without, (own, scalar) => scalar[model.Title] / own[model.Title])];
            double own = Statistics.Median(with.Select(side => side[model.Title])), scalar = Statistics.Median(without.Select(side => side[model.Title]));
            rows.Add(new BenchRow($"{model.Title}: without SIMD ÷ with", "times", Statistics.Median(ratios), Statistics.Percentile(ratios, 0.99), 0)
            {
                Goal = model.ScalarGoal, Note = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{scalar:F0} ns against {own:F0} ns"),
            });
        }
        return rows;
    }

    private static Dictionary<string, double> InChild(BenchContext context)
    {
        string[] arguments = ["bench", "inference", "--only", AloneName, "--rounds", $"{context.Rounds}", "--json", .. context.ModelsFolder is { } models ? new[] { "--models", models } : []];
        using ProgramUnderTest child = ProgramUnderTest.Start(context, [new("DOTNET_EnableHWIntrinsic", "0")], arguments);
        using JsonDocument report = JsonDocument.Parse(child.ReadToEnd());
        if (!child.WaitAtMost(Within)) throw new InvalidOperationException("The program without SIMD does not end.");
        return report.RootElement.GetProperty("rows").EnumerateArray().Where(static row => row.TryGetProperty("median", out _))
            .ToDictionary(static row => row.GetProperty("name").GetString()!, static row => row.GetProperty("median").GetDouble());
    }

    /// <summary>Our side alone, in whatever process it is asked.</summary>
    internal sealed class Alone : IBenchmark
    {
        public string Name => AloneName;

        public IReadOnlyList<BenchRow> Measure(BenchContext context)
        {
            string folder = context.NewFolder("alone");
            List<BenchRow> rows = [];
            foreach (InferenceModel model in InferenceModel.All)
            {
                ModelSession session;
                try
                {
                    session = OnnxModel.Load(model.Path(context.ModelsFolder, folder)).Compile();
                }
                catch (ModelException error)
                {
                    rows.Add(BenchRow.Skip(model.Title, "ns/run", error.Message));
                    continue;
                }
                Contest contest = new(context);
                Entrant ours = contest.Add(session.Kernels.ToString(), BesideOnnxRuntime.Turn(session));
                contest.Run();
                rows.Add(Contest.Row(model.Title, "ns/run", ours) with { Note = $"{session.Kernels} kernels, {session.Steps} steps" });
            }
            return rows;
        }
    }
}
