using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>to[i] = from[base[i] + index[i] * stride]: one index for each element along one axis. An index out of range takes the nearest.</summary>
internal sealed unsafe class GatherElementsKernel<T>(nint from, long* indices, nint to, int[] bases, int stride, int size) : Kernel
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        for (int i = 0; i < bases.Length; i++)
        {
            long index = indices[i] < 0 ? indices[i] + size : indices[i];
            ((T*)to)[i] = ((T*)from)[bases[i] + (Math.Clamp(index, 0, size - 1) * stride)];
        }
    }
}

/// <summary>Slices named by tuples of indices. A tuple out of range takes the nearest slice.</summary>
internal sealed unsafe class GatherTuplesKernel(nint from, long* indices, nint to, int batches, int tuples, int width, int[] sizes, long[] strides, long batchBytes, long blockBytes) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        var target = (byte*)to;
        long* tuple = indices;
        for (int b = 0; b < batches; b++)
        {
            for (int t = 0; t < tuples; t++, tuple += width, target += blockBytes)
                Buffer.MemoryCopy((byte*)from + (b * batchBytes) + Offset(tuple, width, sizes, strides), target, blockBytes, blockBytes);
        }
    }

    public static long Offset(long* tuple, int width, int[] sizes, long[] strides)
    {
        long offset = 0;
        for (int d = 0; d < width; d++)
        {
            long index = tuple[d] < 0 ? tuple[d] + sizes[d] : tuple[d];
            offset += Math.Clamp(index, 0, sizes[d] - 1) * strides[d];
        }
        return offset;
    }
}

/// <summary>How a scattered element meets the one that is there.</summary>
internal enum Meeting
{
    Replace,
    Add,
    Multiply,
    Max,
    Min,
}

/// <summary>A copy of the data in which single elements along an axis are changed.</summary>
internal sealed unsafe class ScatterElementsKernel<T>(nint data, long* indices, nint updates, nint to, int count, int[] bases, int stride, int size, Meeting meeting) : Kernel
    where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        Buffer.MemoryCopy((void*)data, (void*)to, (long)count * sizeof(T), (long)count * sizeof(T));
        for (int i = 0; i < bases.Length; i++)
        {
            long index = indices[i] < 0 ? indices[i] + size : indices[i];
            T* place = (T*)to + bases[i] + (Math.Clamp(index, 0, size - 1) * stride);
            *place = Meet(*place, ((T*)updates)[i], meeting);
        }
    }

    public static T Meet(T old, T with, Meeting meeting) => meeting switch
    {
        Meeting.Add => unchecked(old + with),
        Meeting.Multiply => unchecked(old * with),
        Meeting.Max => MaxNumbers.Apply(old, with),
        Meeting.Min => MinNumbers.Apply(old, with),
        _ => with,
    };
}

internal sealed unsafe class ScatterElementsCall(nint data, long* indices, nint updates, nint to, int count, int[] bases, int stride, int size, Meeting meeting) : ITypedCall<Kernel>
{
    public Kernel Call<T>()
        where T : unmanaged, INumber<T>, IMinMaxValue<T> => new ScatterElementsKernel<T>(data, indices, updates, to, count, bases, stride, size, meeting);
}

/// <summary>A copy of the data in which slices named by tuples of indices are changed.</summary>
internal sealed unsafe class ScatterTuplesKernel<T>(nint data, long* indices, nint updates, nint to, int count, int tuples, int width, int[] sizes, long[] strides, int block, Meeting meeting) : Kernel
    where T : unmanaged, INumber<T>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        Buffer.MemoryCopy((void*)data, (void*)to, (long)count * sizeof(T), (long)count * sizeof(T));
        for (int t = 0; t < tuples; t++)
        {
            T* place = (T*)to + GatherTuplesKernel.Offset(indices + ((long)t * width), width, sizes, strides);
            for (int i = 0; i < block; i++) place[i] = ScatterElementsKernel<T>.Meet(place[i], ((T*)updates)[((long)t * block) + i], meeting);
        }
    }
}

internal sealed unsafe class ScatterTuplesCall(nint data, long* indices, nint updates, nint to, int count, int tuples, int width, int[] sizes, long[] strides, int block, Meeting meeting) : ITypedCall<Kernel>
{
    public Kernel Call<T>()
        where T : unmanaged, INumber<T>, IMinMaxValue<T> => new ScatterTuplesKernel<T>(data, indices, updates, to, count, tuples, width, sizes, strides, block, meeting);
}

/// <summary>A row of "off" with one "on" for each index; one out of range has none.</summary>
internal sealed unsafe class OneHotKernel<T>(long* indices, nint values, nint to, int outer, int depth, int inner) : Kernel
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        T off = ((T*)values)[0], on = ((T*)values)[1];
        for (int o = 0; o < outer; o++)
        {
            for (int d = 0; d < depth; d++)
            {
                for (int i = 0; i < inner; i++)
                {
                    long index = indices[((long)o * inner) + i];
                    ((T*)to)[((((long)o * depth) + d) * inner) + i] = (index < 0 ? index + depth : index) == d ? on : off;
                }
            }
        }
    }
}

internal sealed unsafe class OneHotCall(long* indices, nint values, nint to, int outer, int depth, int inner) : ITypedCall<Kernel>
{
    public Kernel Call<T>()
        where T : unmanaged, INumber<T>, IMinMaxValue<T> => new OneHotKernel<T>(indices, values, to, outer, depth, inner);
}
