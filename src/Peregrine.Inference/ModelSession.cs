using Peregrine.Inference.Format;
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

    internal ModelSession(ModelGraph graph, Value[] inputs, Value[] outputs, Kernel[] kernels, Memory memory, KernelKind kind)
    {
        _inputs = inputs;
        _outputs = outputs;
        _kernels = kernels;
        _memory = memory;
        Kernels = kind;
        Inputs = [.. graph.Inputs.Zip(inputs, Fixed)];
        Outputs = [.. graph.Outputs.Zip(outputs, Fixed)];
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

    /// <summary>The input's numbers, row-major, to be filled before each run; they keep their values between runs.</summary>
    /// <exception cref="InvalidOperationException">The input holds integers.</exception>
    public Span<float> Input(int index) => new((void*)Place(_inputs[index], isFloat: true), _inputs[index].Count);

    /// <inheritdoc cref="Input(int)"/>
    /// <exception cref="InvalidOperationException">The input holds floats.</exception>
    public Span<long> InputIntegers(int index) => new((void*)Place(_inputs[index], isFloat: false), _inputs[index].Count);

    /// <summary>The output's numbers, row-major, as the last run left them.</summary>
    /// <exception cref="InvalidOperationException">The output holds integers.</exception>
    public ReadOnlySpan<float> Output(int index) => new((void*)Place(_outputs[index], isFloat: true), _outputs[index].Count);

    /// <inheritdoc cref="Output(int)"/>
    /// <exception cref="InvalidOperationException">The output holds floats.</exception>
    public ReadOnlySpan<long> OutputIntegers(int index) => new((void*)Place(_outputs[index], isFloat: false), _outputs[index].Count);

    /// <summary>The position of an input by name, or -1.</summary>
    public int InputIndex(string name) => Array.FindIndex(_inputs, v => v.Name == name);

    /// <summary>The position of an output by name, or -1.</summary>
    public int OutputIndex(string name) => Array.FindIndex(_outputs, v => v.Name == name);

    /// <summary>Computes the outputs. Allocates nothing and throws nothing; numbers that are not finite travel through as IEEE 754 says.</summary>
    public void Run()
    {
        foreach (Kernel kernel in _kernels) kernel.Run();
    }

    private static nint Place(Value value, bool isFloat) => value.IsFloat == isFloat
        ? value.Address
        : throw new InvalidOperationException($"{value} holds {(value.IsFloat ? "floats" : "integers")}.");

    private static TensorInfo Fixed(TensorInfo declared, Value value) => new(declared.Name, value.Type, [.. value.Shape.Select(size => new Dimension(size, null))]);
}
