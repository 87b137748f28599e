namespace Peregrine.Inference.Kernels;

/// <summary>to[i] = from[map[i]]: transposing, and gathering with constant indices.</summary>
internal sealed unsafe class FloatMoveKernel(float* from, float* to, int[] map) : Kernel
{
    public override void Run()
    {
        for (int i = 0; i < map.Length; i++) to[i] = from[map[i]];
    }
}

internal sealed unsafe class IntegerMoveKernel(long* from, long* to, int[] map) : Kernel
{
    public override void Run()
    {
        for (int i = 0; i < map.Length; i++) to[i] = from[map[i]];
    }
}

/// <summary>Copies blocks of 4-byte or 8-byte elements: <c>rows</c> blocks of <c>block</c> bytes, each side with a stride of its own.</summary>
internal sealed unsafe class BlockCopyKernel(byte* from, long fromStride, byte* to, long toStride, int rows, long block) : Kernel
{
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

internal sealed unsafe class FloatToIntegerKernel(float* from, long* to, int count, ElementType type) : Kernel
{
    public override void Run()
    {
        for (int i = 0; i < count; i++) to[i] = type == ElementType.Bool ? (from[i] != 0 ? 1 : 0) : Format.TensorDecoder.Narrow((long)from[i], type);
    }
}

internal sealed unsafe class IntegerToFloatKernel(long* from, float* to, int count) : Kernel
{
    public override void Run()
    {
        for (int i = 0; i < count; i++) to[i] = from[i];
    }
}

internal sealed unsafe class IntegerNarrowKernel(long* from, long* to, int count, ElementType type) : Kernel
{
    public override void Run()
    {
        for (int i = 0; i < count; i++) to[i] = Format.TensorDecoder.Narrow(from[i], type);
    }
}
