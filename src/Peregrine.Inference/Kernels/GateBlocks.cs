using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>
/// Where a gate's column lies. For vectors the gates of sixteen units stand side by side, block after block; for scalar code a gate's units stand
/// together, rounded up to whole panels.
/// </summary>
internal readonly record struct GateBlocks(int Gates, int Hidden, bool IsScalar)
{
    /// <summary>Hidden units of a block: the lanes of the widest vector.</summary>
    public const int Units = 16;

    /// <summary>Hidden units rounded up.</summary>
    public int Padded => IsScalar ? (Hidden + Panels.ScalarWidth - 1) / Panels.ScalarWidth * Panels.ScalarWidth : (Hidden + Units - 1) / Units * Units;

    public int Columns => Gates * Padded;

    public int Column(int gate, int unit) => IsScalar ? (gate * Padded) + unit : (((unit / Units * Gates) + gate) * Units) + (unit % Units);

    /// <summary>Rows of ONNX (gate by gate, unit by unit) in the order of the columns, zeros between.</summary>
    public float[] Reorder(ReadOnlySpan<float> rows, int depth)
    {
        var reordered = new float[Columns * depth];
        for (int gate = 0; gate < Gates; gate++)
            for (int unit = 0; unit < Hidden; unit++) rows.Slice(((gate * Hidden) + unit) * depth, depth).CopyTo(reordered.AsSpan(Column(gate, unit) * depth));
        return reordered;
    }

    /// <summary>Recurrent weights as the kernels read them: <c>[block][K][columns of the block]</c>.</summary>
    public float[] PackRecurrent(ReadOnlySpan<float> rows)
    {
        float[] columns = Reorder(rows, Hidden);
        int width = IsScalar ? Panels.ScalarWidth : Gates * Units;
        var packed = new float[columns.Length];
        for (int column = 0; column < Columns; column++)
        {
            int block = column / width;
            for (int k = 0; k < Hidden; k++) packed[(((block * Hidden) + k) * width) + (column % width)] = columns[(column * Hidden) + k];
        }
        return packed;
    }
}

internal static unsafe class ScalarRecurrence
{
    /// <summary>y = start + x W, W in panels of eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Product(float* w, float* start, float* x, float* y, int depth, int columns)
    {
        float* end = x + depth;
        for (int n = 0; n < columns; n += Panels.ScalarWidth, start += Panels.ScalarWidth, y += Panels.ScalarWidth)
        {
            float s0 = start[0], s1 = start[1], s2 = start[2], s3 = start[3], s4 = start[4], s5 = start[5], s6 = start[6], s7 = start[7];
            for (float* k = x; k < end; k++, w += Panels.ScalarWidth)
            {
                float v = *k;
                s0 += w[0] * v;
                s1 += w[1] * v;
                s2 += w[2] * v;
                s3 += w[3] * v;
                s4 += w[4] * v;
                s5 += w[5] * v;
                s6 += w[6] * v;
                s7 += w[7] * v;
            }
            y[0] = s0;
            y[1] = s1;
            y[2] = s2;
            y[3] = s3;
            y[4] = s4;
            y[5] = s5;
            y[6] = s6;
            y[7] = s7;
        }
    }
}
