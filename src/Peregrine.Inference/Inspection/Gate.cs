namespace Peregrine.Inference.Inspection;

/// <summary>How far a number may lie from what was expected: <c>|d| ≤ Absolute + Relative·|expected| + step</c>; whole numbers must be equal.</summary>
/// <param name="Absolute">Allowed whatever the size.</param>
/// <param name="Relative">Allowed for each unit of the expected number.</param>
/// <param name="LastPlaces">Units in the last place that an output declared as float16 or bfloat16 may be off besides.</param>
/// <remarks>
/// The step is that of a quantiser: where a model rounds to eight bits inside, another order of summation may fall on the other side of a rounding, so
/// one step more is allowed (a float by the largest constant scale of the model's <c>QuantizeLinear</c> nodes, an eight-bit number by 1).
/// </remarks>
public readonly record struct Gate(double Absolute, double Relative, int LastPlaces = 0)
{
    /// <summary>Room for another order of summation in float32, and no more.</summary>
    public static Gate Default { get; } = new(5e-6, 2e-5, LastPlaces: 1);

    private const double Float16Unit = 1.0 / (1 << 10), BFloat16Unit = 1.0 / (1 << 7);

    /// <summary>Compares one output with what was expected and finds the element that is worst against what it is allowed.</summary>
    /// <param name="declared">The output as the session declares it.</param>
    /// <param name="actual">What was computed.</param>
    /// <param name="expected">What should have been.</param>
    /// <param name="step">The quantisation step of the model; 0 where it has none.</param>
    public OutputCheck Compare(TensorInfo declared, FixedTensor actual, FixedTensor expected, double step = 0)
    {
        if (declared.Type == ElementType.BFloat16 && expected.Type == ElementType.UInt16) // The official suite stores a bfloat16 as its bits.
            expected = FixedTensor.Of<float>([.. expected.Values<ushort>().ToArray().Select(Kernels.CastKernels.FromBits)], [.. expected.Shape]);
        OutputCheck check = new(declared.Name, actual.Count);
        if (actual.Type != expected.Type || !actual.Shape.SequenceEqual(expected.Shape)) return check with { Mismatch = $"is {actual}, expected {expected}" };

        bool isFloat = declared.Type.IsFloat();
        double unit = declared.Type switch { ElementType.Float16 => Float16Unit * LastPlaces, ElementType.BFloat16 => BFloat16Unit * LastPlaces, _ => 0 };
        double worst = -1;
        for (int i = 0; i < actual.Count; i++)
        {
            double want = expected.Number(i), got = actual.Number(i);
            bool same = want == got || (double.IsNaN(want) && double.IsNaN(got));
            double difference = same ? 0 : Math.Abs(want - got);
            double allowed = isFloat ? Absolute + (Relative * Math.Abs(want)) + (unit * Math.Abs(want)) + step
                : step > 0 && declared.Type is ElementType.Int8 or ElementType.UInt8 ? 1 : 0;
            if (!isFloat && same && !SameWhole(actual, expected, i)) (same, difference) = (false, 1); // Beyond 2^53 a double hides it.
            bool misses = !same && !(difference <= allowed); // So written, a NaN misses.
            double severity = same ? 0 : double.IsFinite(difference) ? difference / Math.Max(allowed, double.Epsilon) : double.PositiveInfinity;
            if (misses) check = check with { Misses = check.Misses + 1 };
            if (severity <= worst) continue;
            worst = severity;
            check = check with { WorstIndex = i, Actual = got, Expected = want, Difference = difference, Allowed = allowed };
        }
        return check;
    }

    private static bool SameWhole(FixedTensor a, FixedTensor b, int index) => a.Type switch
    {
        ElementType.Int64 => a.Values<long>()[index] == b.Values<long>()[index],
        ElementType.UInt64 => a.Values<ulong>()[index] == b.Values<ulong>()[index],
        _ => true,
    };
}

/// <summary>How one output compares with what was expected.</summary>
/// <param name="Name">The output.</param>
/// <param name="Elements">How many numbers were compared.</param>
public sealed record OutputCheck(string Name, int Elements)
{
    /// <summary>What keeps them from being compared at all (another type or shape); null where they were.</summary>
    public string? Mismatch { get; init; }

    /// <summary>Numbers that differ by more than is allowed.</summary>
    public int Misses { get; init; }

    /// <summary>The row-major place of the number that is worst against what it is allowed; -1 in an empty tensor.</summary>
    public int WorstIndex { get; init; } = -1;
    public double Actual { get; init; }
    public double Expected { get; init; }

    /// <summary>|actual - expected| there; NaN where one of them is.</summary>
    public double Difference { get; init; }
    public double Allowed { get; init; }

    public bool Passes => Mismatch is null && Misses == 0;
}
