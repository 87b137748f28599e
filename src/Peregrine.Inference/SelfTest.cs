using System.Globalization;

namespace Peregrine.Inference;

/// <summary>
/// Replays the rows that the trainer put into the model's metadata (<c>selftest_input</c>, <c>selftest_output</c>: numbers with commas between them, row by
/// row) and compares with what the training framework computed. It finds a wrong export, a damaged file and a broken engine alike.
/// </summary>
public static class SelfTest
{
    public const string InputKey = "selftest_input";
    public const string OutputKey = "selftest_output";

    /// <summary>The difference allowed between two frameworks that sum in another order.</summary>
    public const float DefaultTolerance = 1e-5f;

    /// <summary>Whether the model carries self-test rows.</summary>
    public static bool IsPresent(OnnxModel model) => model.Metadata.ContainsKey(InputKey) || model.Metadata.ContainsKey(OutputKey);

    /// <summary>Runs every row; returns how many there are.</summary>
    /// <param name="tolerance">The largest absolute difference of one output number.</param>
    /// <exception cref="ModelException">The rows are missing or malformed, or an output differs by more than the tolerance.</exception>
    public static int Verify(OnnxModel model, float tolerance = DefaultTolerance, KernelKind kernels = KernelKind.Auto)
    {
        ModelSession session = model.Compile(new CompileOptions { Kernels = kernels });
        if (session.Inputs is not [{ Type: ElementType.Float32 }] || session.Outputs is not [{ Type: ElementType.Float32 }])
            throw new ModelException("A self-test needs a model with one float32 input and one float32 output.");
        float[] inputs = Numbers(model, InputKey), outputs = Numbers(model, OutputKey);
        Span<float> input = session.Input(0);
        ReadOnlySpan<float> output = session.Output(0);
        int rows = inputs.Length / Math.Max(input.Length, 1);
        if (rows == 0 || inputs.Length != rows * input.Length || outputs.Length != rows * output.Length)
        {
            throw new ModelException($"The self-test has {inputs.Length} inputs and {outputs.Length} outputs; " +
                $"whole rows of {input.Length} and {output.Length}, the same number of each, are allowed.");
        }

        for (int row = 0; row < rows; row++)
        {
            inputs.AsSpan(row * input.Length, input.Length).CopyTo(input);
            session.Run();
            for (int i = 0; i < output.Length; i++)
            {
                float expected = outputs[(row * output.Length) + i];
                if (!(MathF.Abs(output[i] - expected) <= tolerance)) // So written, a NaN fails.
                {
                    throw new ModelException(string.Create(CultureInfo.InvariantCulture,
                        $"The model's self-test fails: row {row}, output {i} is {output[i]:R}, the trainer computed {expected:R}; a difference of {tolerance:R} is allowed."));
                }
            }
        }
        return rows;
    }

    private static float[] Numbers(OnnxModel model, string key)
    {
        if (!model.Metadata.TryGetValue(key, out string? text)) throw new ModelException($"The model's metadata lacks {key}: it has no self-test.");
        string[] parts = text.Split(',');
        var numbers = new float[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!float.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i]) || !float.IsFinite(numbers[i]))
                throw new ModelException($"Number {i} of the model's {key} is '{(parts[i].Length > 40 ? parts[i][..40] + "…" : parts[i])}'; a finite decimal is allowed.");
        }
        return numbers;
    }
}
