using Peregrine.Inference.Inspection;

using Xunit;

namespace Peregrine.Inference.Tests.Inspection;

/// <summary>What counts as the same result.</summary>
public sealed class GateTests
{
    [Theory]
    [InlineData(1f, 1.00002f, true)]
    [InlineData(1f, 1.00003f, false)]
    [InlineData(0f, 4.9e-6f, true)]
    [InlineData(0f, 5.1e-6f, false)]
    [InlineData(-1000f, -1000.019f, true)]
    [InlineData(-1000f, -1000.021f, false)]
    [InlineData(float.NaN, float.NaN, true)]
    [InlineData(float.NaN, 1f, false)]
    [InlineData(1f, float.NaN, false)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity, true)]
    [InlineData(float.PositiveInfinity, float.NegativeInfinity, false)]
    [InlineData(1f, float.PositiveInfinity, false)]
    public void A_float_may_be_off_by_the_order_of_summation(float expected, float actual, bool passes) =>
        Assert.Equal(passes, Compare(ElementType.Float32, FixedTensor.Of([actual], 1), FixedTensor.Of([expected], 1)).Passes);

    [Fact]
    public void The_worst_number_is_the_one_worst_against_what_it_is_allowed()
    {
        OutputCheck check = Compare(ElementType.Float32, FixedTensor.Of([1000.01f, 0.0001f, 3f], 3), FixedTensor.Of([1000f, 0f, 3f], 3));
        Assert.Equal((1, 1, 3, false), (check.Misses, check.WorstIndex, check.Elements, check.Passes));
        Assert.Equal(0.0001, check.Difference, 1e-9);
        Assert.Equal(5e-6, check.Allowed, 1e-12);
        Assert.Equal((0.0001, 0.0), ((double)(float)check.Actual, check.Expected), (one, other) => Math.Abs(one.Item1 - other.Item1) < 1e-9 && one.Item2 == other.Item2);
    }

    [Fact]
    public void Whole_numbers_are_equal_or_not()
    {
        Assert.True(Compare(ElementType.Int64, FixedTensor.Of([1L, 2], 2), FixedTensor.Of([1L, 2], 2)).Passes);
        Assert.False(Compare(ElementType.Int64, FixedTensor.Of([1L, 2], 2), FixedTensor.Of([1L, 3], 2)).Passes);
        Assert.False(Compare(ElementType.Int64, FixedTensor.Of([(1L << 53) + 1], 1), FixedTensor.Of([1L << 53], 1)).Passes); // A double cannot tell them apart.
        Assert.False(Compare(ElementType.UInt64, FixedTensor.Of([ulong.MaxValue], 1), FixedTensor.Of([ulong.MaxValue - 1], 1)).Passes);
    }

    [Fact]
    public void A_model_that_quantises_may_be_one_step_off()
    {
        FixedTensor expected = FixedTensor.Of([(sbyte)5], 1);
        Assert.False(Compare(ElementType.Int8, FixedTensor.Of([(sbyte)6], 1), expected).Passes);
        Assert.True(Gate.Default.Compare(Info(ElementType.Int8), FixedTensor.Of([(sbyte)6], 1), expected, step: 0.1).Passes);
        Assert.False(Gate.Default.Compare(Info(ElementType.Int8), FixedTensor.Of([(sbyte)7], 1), expected, step: 0.1).Passes);
        Assert.False(Gate.Default.Compare(Info(ElementType.Int64), FixedTensor.Of([6L], 1), FixedTensor.Of([5L], 1), step: 0.1).Passes);
        Assert.True(Gate.Default.Compare(Info(ElementType.Float32), FixedTensor.Of([1.09f], 1), FixedTensor.Of([1f], 1), step: 0.1).Passes);
        Assert.False(Gate.Default.Compare(Info(ElementType.Float32), FixedTensor.Of([1.11f], 1), FixedTensor.Of([1f], 1), step: 0.1).Passes);
    }

    [Fact]
    public void Another_shape_or_type_is_said_and_not_compared()
    {
        Assert.Equal("is Float32[2], expected Float32[2, 1]", Compare(ElementType.Float32, FixedTensor.Of([1f, 2], 2), FixedTensor.Of([1f, 2], 2, 1)).Mismatch);
        Assert.Equal("is Float32[1], expected Int64[1]", Compare(ElementType.Float32, FixedTensor.Of([1f], 1), FixedTensor.Of([1L], 1)).Mismatch);
    }

    private static OutputCheck Compare(ElementType type, FixedTensor actual, FixedTensor expected) => Gate.Default.Compare(Info(type), actual, expected);

    private static TensorInfo Info(ElementType type) => new("y", type, [new Dimension(1, null)]);
}
