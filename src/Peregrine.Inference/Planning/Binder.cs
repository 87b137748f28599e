namespace Peregrine.Inference.Planning;

/// <summary>Gives steps the addresses of their tensors when kernels are made.</summary>
internal sealed unsafe class Binder(KernelKind kind, Memory memory)
{
    public KernelKind Kind { get; } = kind;
    public bool IsScalar => Kind == KernelKind.Scalar;
    public Memory Memory { get; } = memory;

    /// <summary>The place of a float32 value.</summary>
    public float* Floats(Value value) => (float*)Address(value);

    /// <summary>The place of an int64 value.</summary>
    public long* Integers(Value value) => (long*)Address(value);

    public T* Pointer<T>(Value value)
        where T : unmanaged => (T*)Address(value);

    public byte* Bytes(Value value) => (byte*)Address(value);

    public nint Address(Value value)
    {
        Value root = value.Root;
        if (root.Address == 0)
        {
            if (root.Constant is { } data) root.Address = Memory.Copy(data);
            else root.Address = Memory.Take(root.Bytes);
        }
        return root.Address;
    }
}
