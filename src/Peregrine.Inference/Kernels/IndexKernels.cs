using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>
/// to[i] = from[map[i]] for elements of any type of that size: transposing, slicing, repeating. Where neighbours stay neighbours whole blocks are copied.
/// A map entry of -1 takes the filler.
/// </summary>
internal sealed unsafe class MoveKernel<T>(nint from, nint to, int[] map, T filler) : Kernel
    where T : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        var x = (T*)from;
        var y = (T*)to;
        for (int i = 0; i < map.Length; i++) y[i] = map[i] < 0 ? filler : x[map[i]];
    }
}

internal sealed unsafe class BlockMoveKernel(nint from, nint to, int[] starts, int blockBytes) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        var target = (byte*)to;
        for (int i = 0; i < starts.Length; i++, target += blockBytes) Buffer.MemoryCopy((byte*)from + ((long)starts[i] * blockBytes), target, blockBytes, blockBytes);
    }
}

internal static unsafe class MoveKernels
{
    /// <param name="map">Where each element of the result comes from; -1 for the filler.</param>
    /// <param name="filler">The bits of the filler.</param>
    public static Kernel Make(nint from, nint to, int[] map, int size, ulong filler = 0)
    {
        int block = Block(map);
        if (block > 1)
        {
            var starts = new int[map.Length / block];
            for (int i = 0; i < starts.Length; i++) starts[i] = map[i * block] / block;
            return new BlockMoveKernel(from, to, starts, block * size);
        }
        return size switch
        {
            1 => new MoveKernel<byte>(from, to, map, (byte)filler),
            2 => new MoveKernel<ushort>(from, to, map, (ushort)filler),
            4 => new MoveKernel<uint>(from, to, map, (uint)filler),
            _ => new MoveKernel<ulong>(from, to, map, filler),
        };
    }

    /// <summary>The largest block such that each block of the result is one of the source, both counted from multiples of its length.</summary>
    private static int Block(int[] map)
    {
        if (map.Length == 0) return 1;
        int run = 1;
        while (run < map.Length && map[run] == map[0] + run) run++;
        for (int block = run; block > 1; block--)
        {
            if (map.Length % block != 0) continue;
            bool fits = true;
            for (int i = 0; i < map.Length && fits; i++)
                fits = i % block == 0 ? map[i] >= 0 && map[i] % block == 0 : map[i] == map[i - 1] + 1;
            if (fits) return block;
        }
        return 1;
    }
}

/// <summary>Copies blocks: <c>rows</c> blocks of <c>block</c> bytes, each side with a stride of its own.</summary>
internal sealed unsafe class BlockCopyKernel(byte* from, long fromStride, byte* to, long toStride, int rows, long block) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        byte* source = from;
        byte* target = to;
        for (int row = 0; row < rows; row++, source += fromStride, target += toStride) Buffer.MemoryCopy(source, target, block, block);
    }
}

/// <summary>Gathers slices with indices known only at run time. One out of range takes the nearest slice that exists: a run throws nothing.</summary>
internal sealed unsafe class GatherKernel(byte* from, long* indices, byte* to, int outer, int axisSize, int indexCount, long block) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        byte* target = to;
        for (int o = 0; o < outer; o++)
        {
            byte* source = from + (o * axisSize * block);
            for (int i = 0; i < indexCount; i++, target += block)
            {
                long index = indices[i] < 0 ? indices[i] + axisSize : indices[i];
                Buffer.MemoryCopy(source + (Math.Clamp(index, 0, axisSize - 1) * block), target, block, block);
            }
        }
    }
}
