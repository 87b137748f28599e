using System.Text.Json;

using Peregrine.Inference;

namespace Peregrine.Benchmarks.Inference;

/// <summary>The same models in a child whose compiler has no SIMD, as on a RISC-V board, against this process.</summary>
internal sealed class WithoutSimd : IBenchmark
{
    private const string AloneName = "our kernels alone";

    private static readonly TimeSpan Within = TimeSpan.FromMinutes(5);

    public string Name => "without SIMD";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        Dictionary<string, double> scalar = [];
        string[] arguments = ["bench", "inference", "--only", AloneName, "--rounds", $"{Math.Min(context.Rounds, 15)}", "--json", .. context.ModelsFolder is { } models ? new[] { "--models", models } : []];
        using (ProgramUnderTest child = ProgramUnderTest.Start(context, [new("DOTNET_EnableHWIntrinsic", "0")], arguments))
        {
            using JsonDocument report = JsonDocument.Parse(child.ReadToEnd());
            if (!child.WaitAtMost(Within)) throw new InvalidOperationException("The program without SIMD does not end.");
            foreach (JsonElement row in report.RootElement.GetProperty("rows").EnumerateArray())
                if (row.TryGetProperty("median", out JsonElement median)) scalar[row.GetProperty("name").GetString()!] = median.GetDouble();
        }
        List<BenchRow> rows = [];
        foreach (BenchRow own in new Alone().Measure(context))
        {
            if (own.Skipped is not null || !scalar.TryGetValue(own.Name, out double nanos)) continue;
            double? goal = InferenceModel.All.Single(model => model.Title == own.Name).ScalarGoal;
            double ratio = nanos / own.Median;
            rows.Add(new BenchRow($"{own.Name}: without SIMD ÷ with", "times", ratio, ratio, 0) { Goal = goal, Note = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{nanos:F0} ns against {own.Median:F0} ns") });
        }
        return rows;
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
