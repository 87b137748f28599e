using Peregrine.Inference;

namespace Peregrine.Benchmarks.Inference;

/// <summary>One run of each model, ours and ONNX Runtime's in turn in this process: one thread, memory bound ahead, an input that changes from run to run.</summary>
internal sealed class BesideOnnxRuntime : IBenchmark
{
    public string Name => "models beside ONNX Runtime";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        OrtLibrary library = OrtLibrary.Find(context.Progress);
        string folder = context.NewFolder("models");
        List<BenchRow> rows = [];
        foreach (InferenceModel model in InferenceModel.All) rows.Add(Measure(context, model, model.Path(context.ModelsFolder, folder), library));
        return rows;
    }

    /// <summary>Our side's turns.</summary>
    internal static Func<Sample> Turn(ModelSession session)
    {
        BenchInput input = BenchInput.Fill(session);
        return BenchTurns.Of(count => input.Run(session, count));
    }

    private static BenchRow Measure(BenchContext context, InferenceModel model, string path, OrtLibrary library)
    {
        string row = model.Title;
        ModelSession session;
        try
        {
            session = OnnxModel.Load(path).Compile();
        }
        catch (ModelException error)
        {
            return BenchRow.Skip(row, "ns/run", error.Message);
        }
        Contest contest = new(context);
        Entrant ours = contest.Add(session.Kernels.ToString(), Turn(session));
        using OrtSession? ort = library.Path is null ? null : OrtSession.Load(library.Path, path, session.Inputs, session.Outputs);
        Entrant theirs = contest.Add("ONNX Runtime" + (ort is null ? "" : $" {OrtSession.Version}"), ort is null ? null : Turn(session, ort));
        contest.Run();
        return Contest.Row(row, "ns/run", ours, (theirs, model.Goal)) with { Note = ort is null ? library.WhyNot : BenchInput.Difference(session, ort) };
    }

    private static Func<Sample> Turn(ModelSession session, OrtSession ort)
    {
        BenchInput input = BenchInput.Fill(session);
        BenchInput.Copy(session, ort);
        return BenchTurns.Of(count => input.Run(session, ort, count));
    }
}
