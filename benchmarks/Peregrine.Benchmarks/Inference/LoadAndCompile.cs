using System.Diagnostics;

using Peregrine.Inference;

namespace Peregrine.Benchmarks.Inference;

/// <summary>From the file to a session that can run, once the program has done so before.</summary>
internal sealed class LoadAndCompile : IBenchmark
{
    private const double GoalMillis = 20;

    public string Name => "load and compile";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        InferenceModel model = InferenceModel.All.Single(static one => one.Folder == InferenceModel.MidMlp);
        string path = model.Path(context.ModelsFolder, context.NewFolder("models"));
        Contest contest = new(context);
        Entrant ours = contest.Add("ours", () =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long began = Stopwatch.GetTimestamp();
            ModelSession session = OnnxModel.Load(path).Compile();
            session.Run();
            return new Sample(Stopwatch.GetElapsedTime(began).TotalMilliseconds, GC.GetAllocatedBytesForCurrentThread() - before);
        });
        contest.Run();
        return [Contest.Row($"load, compile and first run of the {model.Title}", "ms", ours) with { Goal = GoalMillis }];
    }
}
