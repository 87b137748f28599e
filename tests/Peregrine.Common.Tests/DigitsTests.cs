using System.Globalization;
using System.Text;

using Xunit;

namespace Peregrine.Common.Tests;

public sealed class DigitsTests
{
    [Fact]
    public void Every_number_is_written_as_NET_writes_it()
    {
        var random = new Random(31);
        for (int i = 0; i < 200_000; i++) Check((ulong)random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64));
        for (ulong power = 1; power < 10_000_000_000_000_000_000; power *= 10)
            foreach (ulong near in (ulong[])[power - 1, power, power + 1]) Check(near);
        foreach (ulong number in (ulong[])[0, ulong.MaxValue, long.MaxValue, uint.MaxValue, 99_999_999, 100_000_000, 9_999_999_999_999_999]) Check(number);
    }

    [Fact]
    public void A_destination_that_is_too_short_is_refused()
    {
        foreach (ulong number in (ulong[])[0, 12, 1_234_567, 123_456_789, ulong.MaxValue])
        {
            byte[] exact = new byte[number.ToString(CultureInfo.InvariantCulture).Length];
            Assert.Equal(exact.Length, Digits.Write(number, exact));
            Assert.Equal(number.ToString(CultureInfo.InvariantCulture), Encoding.ASCII.GetString(exact));
            Assert.Throws<ArgumentException>(() => Digits.Write(number, exact.AsSpan(1)));
        }
    }

    [Fact]
    public void A_whole_multiple_of_a_step_is_told_from_all_other_numbers()
    {
        var random = new Random(32);
        for (int i = 0; i < 200_000; i++)
        {
            long step = Math.Max(1, random.NextInt64() >> random.Next(63)), value = random.NextInt64() >> random.Next(63);
            if (random.Next(2) == 0) value -= value % step;
            Assert.True(new StepGrid(step).Has(value) == (value % step == 0), $"{value} on steps of {step}");
            Assert.True(new StepGrid(step).TryDivide(value, out long multiple) == (value % step == 0), $"{value} on steps of {step}");
            Assert.True(value % step != 0 || multiple == value / step, $"{value} / {step} is not {multiple}");
        }
        Assert.True(new StepGrid(0).Has(17));
        Assert.True(default(StepGrid).Has(17));
        Assert.True(new StepGrid(1).Has(long.MaxValue));
    }

    private static void Check(ulong number)
    {
        byte[] text = new byte[Digits.LengthMax];
        int length = Digits.Write(number, text);
        Assert.Equal(number.ToString(CultureInfo.InvariantCulture), Encoding.ASCII.GetString(text, 0, length));
    }
}
