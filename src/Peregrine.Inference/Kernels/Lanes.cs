using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Peregrine.Inference.Kernels;

/// <summary>
/// Sums of a row in 16 lanes (lane j takes the elements j, j+16, …) that are then added pairwise. Plain additions in a fixed order: bitwise the same in
/// every kernel family, scalar included.
/// </summary>
internal static unsafe class Lanes
{
    public const int Count = 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Combine(float* lanes)
    {
        for (int half = Count / 2; half > 0; half >>= 1)
            for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
        return lanes[0];
    }

    /// <summary>The sum of the row, or of the squares of its distances to a mean.</summary>
    public static float Sum(float* x, int count)
    {
        if (count <= 4) return SumFew(x, count);
        float* lanes = stackalloc float[Count];
        for (int j = 0; j < Count; j++) lanes[j] = 0;
        int i = 0;
        for (; i + Count <= count; i += Count)
            for (int j = 0; j < Count; j++) lanes[j] += x[i + j];
        for (int j = 0; i + j < count; j++) lanes[j] += x[i + j];
        return Combine(lanes);
    }

    /// <summary>The same order where most lanes stay empty.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumFew(float* x, int count)
    {
        float a = 0, b = 0, c = 0, d = 0; // Added to and not replaced: the sum of negative zeros is a positive one.
        if (count > 0) a += x[0];
        if (count > 1) b += x[1];
        if (count > 2) c += x[2];
        if (count > 3) d += x[3];
        return a + c + (b + d);
    }

    public static float Sum<TSimd, T>(float* x, int count)
        where TSimd : struct, ISimd<T>
        where T : struct
    {
        float* lanes = stackalloc float[Count];
        int whole = count - (count % Count);
        for (int j = 0; j < Count; j += TSimd.Width)
        {
            T sum = TSimd.All(0);
            for (int i = j; i < whole; i += Count) sum = TSimd.Add(sum, TSimd.Load(x + i));
            TSimd.Store(sum, lanes + j);
        }
        for (int j = 0; whole + j < count; j++) lanes[j] += x[whole + j];
        Vector128<float> low = Vector128.Load(lanes) + Vector128.Load(lanes + 8), high = Vector128.Load(lanes + 4) + Vector128.Load(lanes + 12);
        Vector128<float> four = low + high;
        Vector128<float> pairs = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)); // Halves first, as Combine adds them.
        return (pairs + Vector128.Shuffle(pairs, Vector128.Create(1, 0, 3, 2))).ToScalar();
    }
}
