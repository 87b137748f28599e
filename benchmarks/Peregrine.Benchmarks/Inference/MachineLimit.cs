using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

using Peregrine.Inference;
using Peregrine.Inference.Kernels;

namespace Peregrine.Benchmarks.Inference;

/// <summary>What one core of this machine can do at most, with whichever width of vectors does most: two loops that do nothing else. The roofline of Williams, Waterman and Patterson (2009) in two numbers.</summary>
internal static unsafe class MachineLimit
{
    private const int Chains = 12; // Independent ones: more than two units with a latency of four to five cycles keep busy.
    private const int Trials = 15;
    private const double TrialMillis = 1.5;
    private const int BytesMin = 4096;

    private static IEnumerable<KernelKind> Kinds => Enum.GetValues<KernelKind>().Where(static kind => kind != KernelKind.Auto && KernelKinds.IsAvailable(kind));

    /// <summary>float32 multiply-adds a nanosecond.</summary>
    public static double MultiplyAddsPerNano() => Kinds.Max(MultiplyAddsPerNano);

    /// <summary>Bytes a nanosecond that are read, again and again, from memory of a given size: from the nearest cache that holds it.</summary>
    public static double BytesPerNano(long bytes) => Kinds.Max(kind => BytesPerNano(kind, bytes));

    private static double MultiplyAddsPerNano(KernelKind kind)
    {
        const int rounds = 20_000;
        int lanes = kind switch { KernelKind.Vector512 => 16, KernelKind.Vector256 => 8, KernelKind.Vector128 => 4, _ => 1 };
        float* numbers = stackalloc float[3 * 16];
        for (int i = 0; i < 16; i++) (numbers[i], numbers[16 + i], numbers[32 + i]) = (0.5f, 0.999f, 0.001f);
        return Best((double)rounds * Chains * lanes, kind switch
        {
            KernelKind.Vector512 => () => Multiply<Simd512, Vector512<float>>(numbers, rounds),
            KernelKind.Vector256 => () => Multiply<Simd256, Vector256<float>>(numbers, rounds),
            KernelKind.Vector128 => () => Multiply<Simd128, Vector128<float>>(numbers, rounds),
            _ => () => Multiply(numbers, rounds),
        });
    }

    private static double BytesPerNano(KernelKind kind, long bytes)
    {
        int count = (int)(Math.Clamp(bytes, BytesMin, 1 << 30) / (sizeof(float) * 128) * 128);
        float* memory = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
        try
        {
            new Span<float>(memory, count).Fill(0.5f);
            return Best((double)count * sizeof(float), kind switch
            {
                KernelKind.Vector512 => () => Sum<Simd512, Vector512<float>>(memory, count),
                KernelKind.Vector256 => () => Sum<Simd256, Vector256<float>>(memory, count),
                KernelKind.Vector128 => () => Sum<Simd128, Vector128<float>>(memory, count),
                _ => () => Sum(memory, count),
            });
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    /// <summary>The best of several trials: whatever disturbs one makes it slower, never faster.</summary>
    private static double Best(double work, Func<float> loop)
    {
        float sink = loop();
        long once = Stopwatch.GetTimestamp();
        sink += loop();
        int repeats = (int)Math.Clamp(TrialMillis / Math.Max(Stopwatch.GetElapsedTime(once).TotalMilliseconds, 1e-6), 1, 100_000);
        double best = 0;
        for (int trial = 0; trial < Trials; trial++)
        {
            long began = Stopwatch.GetTimestamp();
            for (int i = 0; i < repeats; i++) sink += loop();
            best = Math.Max(best, work * repeats / Stopwatch.GetElapsedTime(began).TotalNanoseconds);
        }
        GC.KeepAlive(sink);
        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Multiply<TSimd, T>(float* numbers, int rounds)
        where TSimd : struct, ISimd<T>
        where T : struct
    {
        T a0 = TSimd.Load(numbers), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0, a9 = a0, a10 = a0, a11 = a0;
        T m = TSimd.Load(numbers + 16), c = TSimd.Load(numbers + 32);
        for (int i = 0; i < rounds; i++)
        {
            a0 = TSimd.Fma(a0, m, c);
            a1 = TSimd.Fma(a1, m, c);
            a2 = TSimd.Fma(a2, m, c);
            a3 = TSimd.Fma(a3, m, c);
            a4 = TSimd.Fma(a4, m, c);
            a5 = TSimd.Fma(a5, m, c);
            a6 = TSimd.Fma(a6, m, c);
            a7 = TSimd.Fma(a7, m, c);
            a8 = TSimd.Fma(a8, m, c);
            a9 = TSimd.Fma(a9, m, c);
            a10 = TSimd.Fma(a10, m, c);
            a11 = TSimd.Fma(a11, m, c);
        }
        a0 = TSimd.Add(TSimd.Add(TSimd.Add(a0, a1), TSimd.Add(a2, a3)), TSimd.Add(TSimd.Add(a4, a5), TSimd.Add(a6, a7)));
        a0 = TSimd.Add(a0, TSimd.Add(TSimd.Add(a8, a9), TSimd.Add(a10, a11)));
        float* result = stackalloc float[16];
        TSimd.Store(a0, result);
        return *result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Multiply(float* numbers, int rounds)
    {
        float a0 = numbers[0], a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0, a8 = a0, a9 = a0, a10 = a0, a11 = a0;
        float m = numbers[16], c = numbers[32];
        for (int i = 0; i < rounds; i++)
        {
            a0 = (a0 * m) + c;
            a1 = (a1 * m) + c;
            a2 = (a2 * m) + c;
            a3 = (a3 * m) + c;
            a4 = (a4 * m) + c;
            a5 = (a5 * m) + c;
            a6 = (a6 * m) + c;
            a7 = (a7 * m) + c;
            a8 = (a8 * m) + c;
            a9 = (a9 * m) + c;
            a10 = (a10 * m) + c;
            a11 = (a11 * m) + c;
        }
        return a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum<TSimd, T>(float* memory, int count)
        where TSimd : struct, ISimd<T>
        where T : struct
    {
        int l = TSimd.Width;
        T a0 = TSimd.All(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
        for (float* end = memory + count; memory < end; memory += 8 * l)
        {
            a0 = TSimd.Add(a0, TSimd.Load(memory));
            a1 = TSimd.Add(a1, TSimd.Load(memory + l));
            a2 = TSimd.Add(a2, TSimd.Load(memory + (2 * l)));
            a3 = TSimd.Add(a3, TSimd.Load(memory + (3 * l)));
            a4 = TSimd.Add(a4, TSimd.Load(memory + (4 * l)));
            a5 = TSimd.Add(a5, TSimd.Load(memory + (5 * l)));
            a6 = TSimd.Add(a6, TSimd.Load(memory + (6 * l)));
            a7 = TSimd.Add(a7, TSimd.Load(memory + (7 * l)));
        }
        a0 = TSimd.Add(TSimd.Add(TSimd.Add(a0, a1), TSimd.Add(a2, a3)), TSimd.Add(TSimd.Add(a4, a5), TSimd.Add(a6, a7)));
        float* result = stackalloc float[16];
        TSimd.Store(a0, result);
        return *result;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(float* memory, int count)
    {
        float a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0, a6 = 0, a7 = 0;
        for (float* end = memory + count; memory < end; memory += 8)
        {
            a0 += memory[0];
            a1 += memory[1];
            a2 += memory[2];
            a3 += memory[3];
            a4 += memory[4];
            a5 += memory[5];
            a6 += memory[6];
            a7 += memory[7];
        }
        return a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7;
    }
}
