namespace Peregrine.Inference.Kernels;

/// <summary>
/// How weights lie in memory. For vectors: panels of 64 columns, then one of 32 and one of 16 for the rest, each <c>[K][columns]</c>, so that a row of
/// the product needs no tail. For scalar code: panels of 8. The shape depends on the number of columns alone, never on the vector's width: that fixes
/// the order in which a column is summed.
/// </summary>
internal static class Panels
{
    public const int Wide = 64;
    public const int Half = 32;
    public const int Narrow = 16;
    public const int ScalarWidth = 8;

    /// <summary>Columns rounded up to whole panels.</summary>
    public static int PaddedColumns(int columns, bool scalar) => scalar
        ? (columns + ScalarWidth - 1) / ScalarWidth * ScalarWidth
        : (columns + Narrow - 1) / Narrow * Narrow;

    public static (int Wide, bool Half, bool Narrow) Split(int columns)
    {
        int units = (columns + Narrow - 1) / Narrow;
        return (units / 4, (units & 2) != 0, (units & 1) != 0);
    }

    /// <summary>Copies <c>B[k, n] = source[k * kStride + n * nStride]</c>, times <paramref name="scale"/>, into panels.</summary>
    public static unsafe void Pack(float* source, int kStride, int nStride, int depth, int columns, float scale, bool scalar, float* packed)
    {
        int padded = PaddedColumns(columns, scalar);
        for (int first = 0; first < padded;)
        {
            int width = scalar ? ScalarWidth : padded - first >= Wide ? Wide : padded - first >= Half ? Half : Narrow;
            int real = Math.Min(width, columns - first);
            for (int k = 0; k < depth; k++, packed += width)
            {
                float* row = source + ((long)k * kStride) + ((long)first * nStride);
                for (int n = 0; n < real; n++) packed[n] = scale == 1 ? row[(long)n * nStride] : row[(long)n * nStride] * scale;
                for (int n = real; n < width; n++) packed[n] = 0;
            }
            first += width;
        }
    }
}
