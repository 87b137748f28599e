using System.Globalization;

using Peregrine.Inference;

namespace Peregrine.Benchmarks.Inference;

/// <summary>What models are shown while they are measured: random numbers of which one changes from run to run. Whole numbers are 0, which every index may be.</summary>
internal sealed class BenchInput
{
    private readonly int _varied; // The first float32 input; -1 where there is none.

    private BenchInput(int varied) => _varied = varied;

    /// <summary>Fills a session's inputs, the same each time.</summary>
    public static BenchInput Fill(ModelSession session)
    {
        Random random = new(1);
        int varied = -1;
        for (int i = 0; i < session.Inputs.Count; i++)
        {
            switch (session.Inputs[i].Type)
            {
                case ElementType.Float32:
                    if (varied < 0 && session.Input(i).Length > 0) varied = i;
                    foreach (ref float value in session.Input(i)) value = (float)((random.NextDouble() * 2) - 1);
                    break;
                case ElementType.Float64:
                    foreach (ref double value in session.Input<double>(i)) value = (random.NextDouble() * 2) - 1;
                    break;
                case ElementType.Float16:
                    foreach (ref Half value in session.Input<Half>(i)) value = (Half)((random.NextDouble() * 2) - 1);
                    break;
            }
        }
        return new BenchInput(varied);
    }

    public void Run(ModelSession session, int count)
    {
        Span<float> input = _varied < 0 ? [] : session.Input(_varied);
        for (int i = 0; i < count; i++)
        {
            if (input.Length > 0) input[i % input.Length] = Next(i);
            session.Run();
        }
    }

    public void Run(ModelSession shape, OrtSession session, int count)
    {
        Span<float> input = _varied < 0 ? [] : session.Input<float>(_varied, shape.Input(_varied).Length);
        for (int i = 0; i < count; i++)
        {
            if (input.Length > 0) input[i % input.Length] = Next(i);
            session.Run();
        }
    }

    /// <summary>Shows the other side what our session is shown.</summary>
    public static void Copy(ModelSession session, OrtSession to)
    {
        for (int i = 0; i < session.Inputs.Count; i++)
        {
            switch (session.Inputs[i].Type)
            {
                case ElementType.Float32:
                    session.Input(i).CopyTo(to.Input<float>(i, session.Input(i).Length));
                    break;
                case ElementType.Float64:
                    session.Input<double>(i).CopyTo(to.Input<double>(i, session.Input<double>(i).Length));
                    break;
                case ElementType.Float16:
                    session.Input<Half>(i).CopyTo(to.Input<Half>(i, session.Input<Half>(i).Length));
                    break;
            }
        }
    }

    /// <summary>How far both are apart on the same input.</summary>
    public static string Difference(ModelSession session, OrtSession ort)
    {
        double worst = 0;
        Copy(session, ort);
        session.Run();
        ort.Run();
        for (int output = 0; output < session.Outputs.Count; output++)
        {
            if (session.Outputs[output].Type != ElementType.Float32) continue;
            ReadOnlySpan<float> own = session.Output(output), other = ort.Output<float>(output, own.Length);
            for (int i = 0; i < own.Length; i++) worst = Math.Max(worst, Math.Abs(own[i] - other[i]));
        }
        return string.Create(CultureInfo.InvariantCulture, $"outputs at most {worst:E1} apart");
    }

    /// <summary>Numbers from -2 to 2 in no order that a branch predictor would learn.</summary>
    private static float Next(int i) => ((uint)(i * 2_654_435_761u) >> 8) / (float)(1 << 22) - 2;
}
