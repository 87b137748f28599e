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
