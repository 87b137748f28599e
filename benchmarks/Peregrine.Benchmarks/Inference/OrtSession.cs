using System.Runtime.InteropServices;
using System.Text;

using Peregrine.Inference;

namespace Peregrine.Benchmarks.Inference;

/// <summary>
/// ONNX Runtime through its C API, set up as fast as it goes: one thread, all optimisations, inputs and outputs bound ahead to memory that stays where it
/// is. The API is a table of functions that only ever grows, so the few that are used are named by their place in it.
/// </summary>
/// <remarks>Belongs to one thread at a time. Its memory is not managed: dispose of it.</remarks>
public sealed unsafe class OrtSession : IDisposable
{
    private const uint ApiVersion = 13;
    private const int LogErrors = 3, Sequential = 0, AllOptimisations = 99, ArenaAllocator = 1, DefaultMemory = 0;

    private static readonly Lock OneEnvironment = new();
    private static nint _api;
    private static nint _environment;
    private static nint _memoryInfo;

    private readonly nint[] _inputs;
    private readonly nint[] _outputs;
    private readonly List<nint> _values = [];
    private nint _session;
    private nint _runOptions;
    private nint _binding;
    private delegate* unmanaged<nint, nint, nint, nint> _run;

    private OrtSession(int inputs, int outputs)
    {
        _inputs = new nint[inputs];
        _outputs = new nint[outputs];
    }

    private enum Slot
    {
        GetErrorMessage = 2, CreateEnv = 3, CreateSession = 7, CreateSessionOptions = 10, SetSessionExecutionMode = 13, SetSessionGraphOptimizationLevel = 23,
        SetIntraOpNumThreads = 24, SetInterOpNumThreads = 25, CreateRunOptions = 39, CreateTensorWithDataAsOrtValue = 49, CreateCpuMemoryInfo = 69,
        ReleaseStatus = 93, ReleaseSession = 95, ReleaseValue = 96, ReleaseRunOptions = 97, ReleaseSessionOptions = 100,
        RunWithBinding = 133, CreateIoBinding = 134, ReleaseIoBinding = 135, BindInput = 136, BindOutput = 137,
    }

    /// <summary>The library's own version, once one session was loaded.</summary>
    public static string Version { get; private set; } = "";

    /// <summary>Loads the library on first use, then the model, and binds memory of the given types and shapes.</summary>
    /// <param name="libraryPath">ONNX Runtime's shared library.</param>
    /// <param name="modelPath">The .onnx file.</param>
    /// <param name="inputs">The inputs with whole shapes, as <see cref="ModelSession.Inputs"/> gives them.</param>
    /// <param name="outputs">The outputs likewise.</param>
    /// <exception cref="InvalidOperationException">The library or the model cannot be loaded; the message is the library's own.</exception>
    public static OrtSession Load(string libraryPath, string modelPath, IReadOnlyList<TensorInfo> inputs, IReadOnlyList<TensorInfo> outputs)
    {
        Initialise(libraryPath);
        OrtSession session = new(inputs.Count, outputs.Count);
        try
        {
            nint options;
            Check(((delegate* unmanaged<nint*, nint>)At(Slot.CreateSessionOptions))(&options));
            Check(((delegate* unmanaged<nint, int, nint>)At(Slot.SetIntraOpNumThreads))(options, 1));
            Check(((delegate* unmanaged<nint, int, nint>)At(Slot.SetInterOpNumThreads))(options, 1));
            Check(((delegate* unmanaged<nint, int, nint>)At(Slot.SetSessionExecutionMode))(options, Sequential));
            Check(((delegate* unmanaged<nint, int, nint>)At(Slot.SetSessionGraphOptimizationLevel))(options, AllOptimisations));
            nint made;
            fixed (byte* path = Text(modelPath)) Check(((delegate* unmanaged<nint, byte*, nint, nint*, nint>)At(Slot.CreateSession))(_environment, path, options, &made));
            session._session = made;
            ((delegate* unmanaged<nint, void>)At(Slot.ReleaseSessionOptions))(options);
            Check(((delegate* unmanaged<nint*, nint>)At(Slot.CreateRunOptions))(&made));
            session._runOptions = made;
            Check(((delegate* unmanaged<nint, nint*, nint>)At(Slot.CreateIoBinding))(session._session, &made));
            session._binding = made;
            for (int i = 0; i < inputs.Count; i++) session._inputs[i] = session.Bind(Slot.BindInput, inputs[i]);
            for (int i = 0; i < outputs.Count; i++) session._outputs[i] = session.Bind(Slot.BindOutput, outputs[i]);
            session._run = (delegate* unmanaged<nint, nint, nint, nint>)At(Slot.RunWithBinding);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>The bound memory of an input; <paramref name="count"/> elements of its type.</summary>
    public Span<T> Input<T>(int index, int count)
        where T : unmanaged => new((void*)_inputs[index], count);

    /// <summary>The bound memory of an output, as the last run left it.</summary>
    public ReadOnlySpan<T> Output<T>(int index, int count)
        where T : unmanaged => new((void*)_outputs[index], count);

    /// <summary>Computes the outputs.</summary>
    public void Run()
    {
        nint status = _run(_session, _runOptions, _binding);
        if (status != 0) Check(status);
    }

    public void Dispose()
    {
        if (_binding != 0) ((delegate* unmanaged<nint, void>)At(Slot.ReleaseIoBinding))(_binding);
        foreach (nint value in _values) ((delegate* unmanaged<nint, void>)At(Slot.ReleaseValue))(value);
        if (_runOptions != 0) ((delegate* unmanaged<nint, void>)At(Slot.ReleaseRunOptions))(_runOptions);
        if (_session != 0) ((delegate* unmanaged<nint, void>)At(Slot.ReleaseSession))(_session);
        foreach (nint memory in _inputs.Concat(_outputs)) NativeMemory.AlignedFree((void*)memory);
        _binding = _runOptions = _session = 0;
        _values.Clear();
        Array.Clear(_inputs);
        Array.Clear(_outputs);
    }

    private static void Initialise(string libraryPath)
    {
        lock (OneEnvironment)
        {
            if (_environment != 0) return;
            nint library;
            try
            {
                library = NativeLibrary.Load(libraryPath);
            }
            catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
            {
                throw new InvalidOperationException($"{libraryPath} cannot be loaded: {error.Message}", error);
            }
            nint* start = ((delegate* unmanaged<nint*>)NativeLibrary.GetExport(library, "OrtGetApiBase"))();
            _api = ((delegate* unmanaged<uint, nint>)start[0])(ApiVersion);
            if (_api == 0) throw new InvalidOperationException($"{libraryPath} does not know version {ApiVersion} of its C API.");
            Version = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)start[1])()) ?? "";
            nint made;
            Check(((delegate* unmanaged<int, int, nint*, nint>)At(Slot.CreateCpuMemoryInfo))(ArenaAllocator, DefaultMemory, &made));
            _memoryInfo = made;
            fixed (byte* name = "peregrine\0"u8) Check(((delegate* unmanaged<int, byte*, nint*, nint>)At(Slot.CreateEnv))(LogErrors, name, &made));
            _environment = made;
        }
    }

    private nint Bind(Slot slot, TensorInfo tensor)
    {
        long[] shape = [.. tensor.Shape.Select(static dimension => (long)(dimension.Size ?? throw new ArgumentException("The shape must be whole.", nameof(tensor))))];
        nuint bytes = (nuint)(shape.Aggregate(1L, static (product, size) => product * size) * BytesOf(tensor.Type));
        void* memory = NativeMemory.AlignedAlloc(Math.Max(bytes, 64), 64);
        NativeMemory.Clear(memory, bytes);
        nint value;
        fixed (long* sizes = shape)
        fixed (byte* name = Text(tensor.Name))
        {
            Check(((delegate* unmanaged<nint, void*, nuint, long*, nuint, int, nint*, nint>)At(Slot.CreateTensorWithDataAsOrtValue))(
                _memoryInfo, memory, bytes, sizes, (nuint)shape.Length, (int)tensor.Type, &value)); // Types have the numbers of ONNX.
            _values.Add(value);
            Check(((delegate* unmanaged<nint, byte*, nint, nint>)At(slot))(_binding, name, value));
        }
        return (nint)memory;
    }

    private static int BytesOf(ElementType type) => type switch
    {
        ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 4,
        ElementType.Int64 or ElementType.UInt64 or ElementType.Float64 => 8,
        ElementType.Float16 or ElementType.BFloat16 or ElementType.Int16 or ElementType.UInt16 => 2,
        ElementType.Int8 or ElementType.UInt8 or ElementType.Bool => 1,
        _ => throw new InvalidOperationException($"A tensor of {type} cannot be bound."),
    };

    private static nint At(Slot slot) => ((nint*)_api)[(int)slot];

    private static void Check(nint status)
    {
        if (status == 0) return;
        string message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)At(Slot.GetErrorMessage))(status)) ?? "";
        ((delegate* unmanaged<nint, void>)At(Slot.ReleaseStatus))(status);
        throw new InvalidOperationException($"ONNX Runtime: {message}");
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + "\0");
}
