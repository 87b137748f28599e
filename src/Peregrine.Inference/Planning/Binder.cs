namespace Peregrine.Inference.Planning;

/// <summary>Gives steps the addresses of their tensors when kernels are made.</summary>
internal sealed unsafe class Binder(KernelKind kind, Memory memory)
{
    public KernelKind Kind { get; } = kind;
    public bool IsScalar => Kind == KernelKind.Scalar;
    public Memory Memory { get; } = memory;

    public float* Floats(Value value) => (float*)Address(value);

    public long* Integers(Value value) => (long*)Address(value);

    public byte* Bytes(Value value) => (byte*)Address(value);

    public nint Address(Value value)
    {
        Value root = value.Root;
        if (root.Address == 0)
        {
            if (root.Constant is { } data) root.Address = root.IsFloat ? (nint)Memory.Copy(data.Floats) : (nint)Memory.Copy(data.Integers);
            else root.Address = Memory.Take(root.Bytes);
        }
        return root.Address;
    }
}
