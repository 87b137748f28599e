using System.Numerics;

namespace Peregrine.Common;

/// <summary>
/// Whether a number is a whole multiple of a step, without the division, which is the slowest instruction of many processors: an exact multiple times the
/// inverse of the step modulo 2^64 is the small quotient, and nothing else is. T. Granlund and P. Montgomery, Division by Invariant Integers Using Multiplication, 1994.
/// </summary>
public readonly record struct StepGrid
{
    private readonly ulong _inverse;
    private readonly ulong _quotientMax;
    private readonly int _shift;

    /// <param name="step">1 and more; 0 and less make a grid on which everything lies.</param>
    public StepGrid(long step)
    {
        if (step <= 0) return;
        _shift = BitOperations.TrailingZeroCount(step);
        ulong odd = (ulong)step >> _shift;
        _inverse = odd; // Right in its three lowest bits; each round doubles them.
        for (int bits = 3; bits < 64; bits *= 2) _inverse *= 2 - (odd * _inverse);
        _quotientMax = ulong.MaxValue / (ulong)step;
    }

    /// <summary>Whether the value is a whole multiple of the step, and which one. A grid on which everything lies has no multiples.</summary>
    /// <param name="value">Not negative.</param>
    public bool TryDivide(long value, out long multiple)
    {
        ulong quotient = BitOperations.RotateRight((ulong)value * _inverse, _shift);
        multiple = (long)quotient;
        return quotient <= _quotientMax;
    }

    /// <param name="value">Not negative.</param>
    public bool Has(long value) => _quotientMax == 0 || BitOperations.RotateRight((ulong)value * _inverse, _shift) <= _quotientMax;
}
