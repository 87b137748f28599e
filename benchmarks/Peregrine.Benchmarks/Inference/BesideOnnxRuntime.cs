using Peregrine.Benchmarks.Feed;
using Peregrine.Inference;

namespace Peregrine.Benchmarks.Inference;

/// <summary>One run of each model, ours and ONNX Runtime's in turn in this process: one thread, memory bound ahead, an input that changes from run to run.</summary>
internal sealed class BesideOnnxRuntime : IBenchmark
{
    private const double TurnMicros = 2_000;

    public string Name => "models beside ONNX Runtime";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        OrtLibrary library = OrtLibrary.Find(context.Progress);
        string folder = context.NewFolder("models");
        List<BenchRow> rows = [];
        foreach (InferenceModel model in InferenceModel.All) rows.Add(Measure(context, model, model.Path(context.ModelsFolder, folder), library));
        return rows;
    }

    /// <summary>Runs for about two milliseconds a turn.</summary>
    internal static Func<Sample> Turn(ModelSession session)
    {
        Random random = new(1);
        Fill(session, random);
        int runs = Runs(() => Run(session, 100)) ;
        return () => Timed(runs, count => Run(session, count));
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
        return Contest.Row(row, "ns/run", ours, (theirs, model.Goal)) with { Note = ort is null ? library.WhyNot : Difference(session, ort) };
    }

    private static Func<Sample> Turn(ModelSession session, OrtSession ort)
    {
        for (int i = 0; i < session.Inputs.Count; i++) session.Input(i).CopyTo(ort.Input<float>(i, session.Input(i).Length));
        int count = session.Input(0).Length;
        int runs = Runs(() => Run(ort, count, 100));
        return () => Timed(runs, many => Run(ort, count, many));
    }

    private static void Run(ModelSession session, int count)
    {
        Span<float> input = session.Input(0);
        for (int i = 0; i < count; i++)
        {
            input[i % input.Length] = Next(i);
            session.Run();
        }
    }

    private static void Run(OrtSession session, int length, int count)
    {
        Span<float> input = session.Input<float>(0, length);
        for (int i = 0; i < count; i++)
        {
            input[i % input.Length] = Next(i);
            session.Run();
        }
    }

    /// <summary>Numbers from -2 to 2 in no order that a branch predictor would learn.</summary>
    private static float Next(int i) => ((uint)(i * 2_654_435_761u) >> 8) / (float)(1 << 22) - 2;

    private static void Fill(ModelSession session, Random random)
    {
        for (int i = 0; i < session.Inputs.Count; i++)
            foreach (ref float value in session.Input(i)) value = (float)((random.NextDouble() * 2) - 1);
    }

    private static int Runs(Action hundred)
    {
        for (int i = 0; i < 30; i++) hundred(); // Until everything is compiled.
        long began = Processor.ThreadNanos;
        hundred();
        return (int)Math.Clamp(TurnMicros * 1_000 * 100 / Math.Max(Processor.ThreadNanos - began, 1), 20, 100_000);
    }

    private static Sample Timed(int runs, Action<int> run)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        long began = Processor.ThreadNanos;
        run(runs);
        double nanos = Processor.ThreadNanos - began;
        return new Sample(nanos / runs, (double)(GC.GetAllocatedBytesForCurrentThread() - before) / runs);
    }

    /// <summary>How far both are apart on the same input.</summary>
    private static string Difference(ModelSession session, OrtSession ort)
    {
        double worst = 0;
        for (int i = 0; i < session.Inputs.Count; i++) session.Input(i).CopyTo(ort.Input<float>(i, session.Input(i).Length));
        session.Run();
        ort.Run();
        for (int output = 0; output < session.Outputs.Count; output++)
        {
            if (session.Outputs[output].Type != ElementType.Float32) continue;
            ReadOnlySpan<float> own = session.Output(output), other = ort.Output<float>(output, own.Length);
            for (int i = 0; i < own.Length; i++) worst = Math.Max(worst, Math.Abs(own[i] - other[i]));
        }
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"outputs at most {worst:E1} apart");
    }
}
