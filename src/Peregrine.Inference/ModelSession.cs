using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference;

/// <summary>
/// A compiled model: fill the inputs, call <see cref="Run"/>, read the outputs. It belongs to one thread at a time. The spans stay the same for the
/// session's life, so they may be kept on the stack around a loop.
/// </summary>
public sealed unsafe class ModelSession
{
    private readonly Kernel[] _kernels;
    private readonly Memory _memory; // Keeps the pinned blocks alive.
    private readonly Value[] _inputs;
    private readonly Value[] _outputs;

    internal ModelSession(IEnumerable<TensorInfo> declaredInputs, IEnumerable<TensorInfo> declaredOutputs, Value[] inputs, Value[] outputs, Kernel[] kernels, Memory memory, KernelKind kind)
    {
        _inputs = inputs;
        _outputs = outputs;
        _kernels = kernels;
        _memory = memory;
        Kernels = kind;
        Inputs = [.. declaredInputs.Zip(inputs, Fixed)];
        Outputs = [.. declaredOutputs.Zip(outputs, Fixed)];
    }

    /// <summary>The inputs with the sizes this session was compiled for.</summary>
    public IReadOnlyList<TensorInfo> Inputs { get; }

    /// <summary>The outputs with the sizes this session computes.</summary>
    public IReadOnlyList<TensorInfo> Outputs { get; }

    /// <summary>The family of kernels in use; record it with a run, for its last bits.</summary>
    public KernelKind Kernels { get; }

    /// <summary>Kernels that one run executes.</summary>
    public int Steps => _kernels.Length;

    /// <summary>Bytes of arena and packed weights.</summary>
    public long MemoryBytes => _memory.BytesUsed;

    /// <summary>Those of <see cref="MemoryBytes"/> that are weights which the model's other sessions of the same kernels use too.</summary>
    public long SharedBytes => _memory.BytesShared;

    /// <summary>The input's numbers, row-major, to be filled before each run; they keep their values between runs.</summary>
    /// <exception cref="InvalidOperationException">The input does not hold float32.</exception>
    public Span<float> Input(int index) => Input<float>(index);

    /// <inheritdoc cref="Input(int)"/>
    /// <exception cref="InvalidOperationException">The input does not hold int64.</exception>
    public Span<long> InputIntegers(int index) => Input<long>(index);

    /// <inheritdoc cref="Input(int)"/>
    /// <typeparam name="T">The type that holds the input's elements: float16 as Half, bfloat16 as its bits (ushort), bool as bool or byte.</typeparam>
    /// <exception cref="InvalidOperationException">The input holds elements of another type.</exception>
    public Span<T> Input<T>(int index)
        where T : unmanaged => new((void*)Place<T>(_inputs[index]), _inputs[index].Count);

    /// <summary>The output's numbers, row-major, as the last run left them.</summary>
    /// <exception cref="InvalidOperationException">The output does not hold float32.</exception>
    public ReadOnlySpan<float> Output(int index) => Output<float>(index);

    /// <inheritdoc cref="Output(int)"/>
    /// <exception cref="InvalidOperationException">The output does not hold int64.</exception>
    public ReadOnlySpan<long> OutputIntegers(int index) => Output<long>(index);

    /// <inheritdoc cref="Output(int)"/>
    /// <typeparam name="T">The type that holds the output's elements, as in <see cref="Input{T}(int)"/>.</typeparam>
    /// <exception cref="InvalidOperationException">The output holds elements of another type.</exception>
    public ReadOnlySpan<T> Output<T>(int index)
        where T : unmanaged => new((void*)Place<T>(_outputs[index]), _outputs[index].Count);

    /// <summary>The position of an input by name, or -1.</summary>
    public int InputIndex(string name) => Array.FindIndex(_inputs, v => v.Name == name);

    /// <summary>The position of an output by name, or -1.</summary>
    public int OutputIndex(string name) => Array.FindIndex(_outputs, v => v.Name == name);

    /// <summary>The name of a step's kernel, for a person to look at.</summary>
    internal string KernelName(int step)
    {
        string name = _kernels[step].GetType().Name;
        int generic = name.IndexOf('`', StringComparison.Ordinal);
        return generic < 0 ? name : name[..generic];
    }

    /// <summary>Computes the outputs. Allocates nothing and throws nothing; numbers that are not finite travel through as IEEE 754 says.</summary>
    public void Run()
    {
        foreach (Kernel kernel in _kernels) kernel.Run();
        GC.KeepAlive(this); // The kernels have bare addresses: a session that nobody looks at again must not be collected in the middle of its last run.
    }

    private static nint Place<T>(Value value) => value.Type.IsSeenAs<T>()
        ? value.Address
        : throw new InvalidOperationException($"{value} does not hold {typeof(T).Name}.");

    private static TensorInfo Fixed(TensorInfo declared, Value value) => new(declared.Name, value.Type, [.. value.Shape.Select(size => new Dimension(size, null))]);
}
