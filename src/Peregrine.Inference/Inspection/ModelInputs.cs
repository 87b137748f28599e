using System.Numerics;
using System.Runtime.InteropServices;

using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;

namespace Peregrine.Inference.Inspection;

/// <summary>Whole tensors into a session and out of it, of any type. For tools and tests: it allocates, where the session's own spans do not.</summary>
public static class ModelInputs
{
    /// <summary>
    /// Compiles a model for given inputs and fills them in: symbolic dimensions take the inputs' sizes, and inputs that decide shapes are fixed
    /// (<see cref="CompileOptions.FixedInputs"/>). The session is ready to run.
    /// </summary>
    /// <param name="inputs">A tensor for every input of the model, by name.</param>
    /// <param name="options">Kernels and fusion; dimensions named there win over the inputs' sizes and must agree with them.</param>
    /// <exception cref="ModelException">An input is missing, unknown, of another type or shape, or the model cannot be compiled for these sizes.</exception>
    public static ModelSession Compile(OnnxModel model, IReadOnlyDictionary<string, FixedTensor> inputs, CompileOptions? options = null)
    {
        options ??= new CompileOptions();
        options = options with { Dimensions = Dimensions(model, inputs, options.Dimensions) };
        var settled = new Dictionary<string, FixedTensor>(options.FixedInputs);
        while (true)
        {
            ModelSession session;
            try
            {
                session = model.Compile(options with { FixedInputs = settled });
            }
            catch (ModelException e) when (e.InputsToFix.Any(name => !settled.ContainsKey(name)))
            {
                foreach (string name in e.InputsToFix) settled.TryAdd(name, inputs[name]);
                continue;
            }
            for (int i = 0; i < session.Inputs.Count; i++) Fill(session, i, inputs[session.Inputs[i].Name]);
            return session;
        }
    }

    /// <summary>Copies a tensor into an input of a session. float32 becomes float16 or bfloat16 where the input is declared so.</summary>
    /// <exception cref="ModelException">It has another type or shape than the input.</exception>
    public static void Fill(ModelSession session, int index, FixedTensor tensor)
    {
        TensorInfo input = session.Inputs[index];
        TensorData data = tensor.Data;
        bool bits = input.Type == ElementType.BFloat16 && data.Type == ElementType.UInt16; // The official suite stores a bfloat16 so.
        if ((!bits && data.Type != input.Type.Inside()) || !input.Shape.Select(d => d.Size!.Value).SequenceEqual(data.Shape)) throw new ModelException($"Input {input} cannot take {tensor}.");
        switch (input.Type)
        {
            case ElementType.Float16:
                for (int i = 0; i < data.Count; i++) session.Input<Half>(index)[i] = (Half)data.Floats[i];
                break;
            case ElementType.BFloat16 when !bits:
                for (int i = 0; i < data.Count; i++) session.Input<ushort>(index)[i] = CastKernels.ToBits(data.Floats[i]);
                break;
            default:
                data.Type.Call(new FillCall(session, index, data));
                break;
        }
    }

    /// <summary>A copy of an output as the last run left it.</summary>
    public static FixedTensor Output(ModelSession session, int index)
    {
        TensorInfo output = session.Outputs[index];
        int[] shape = [.. output.Shape.Select(d => d.Size!.Value)];
        TensorData data = output.Type switch
        {
            ElementType.Float16 => new TensorData(ElementType.Float32, shape, [.. session.Output<Half>(index).ToArray().Select(v => (float)v)]),
            ElementType.BFloat16 => new TensorData(ElementType.Float32, shape, [.. session.Output<ushort>(index).ToArray().Select(CastKernels.FromBits)]),
            _ => TensorData.Of(output.Type, shape, output.Type.Call(new OutputCall(session, index))),
        };
        return new FixedTensor(data);
    }

    /// <summary>What each symbolic dimension is for these inputs. Every input must be there and fit.</summary>
    private static Dictionary<string, int> Dimensions(OnnxModel model, IReadOnlyDictionary<string, FixedTensor> inputs, IReadOnlyDictionary<string, int> given)
    {
        foreach (string name in inputs.Keys)
            if (model.Inputs.All(i => i.Name != name)) throw new ModelException($"The model has no input '{name}'; it has {Wanted(model.Inputs)}.");
        var sizes = new Dictionary<string, int>(given, StringComparer.Ordinal);
        var from = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (TensorInfo input in model.Inputs)
        {
            if (!inputs.TryGetValue(input.Name, out FixedTensor? tensor)) throw new ModelException($"Input {input} is missing; the model wants {Wanted(model.Inputs)}.");
            if (tensor.Shape.Count != input.Shape.Count) throw new ModelException($"Input {input} has {input.Shape.Count} dimensions; {tensor} was given.");
            for (int i = 0; i < input.Shape.Count; i++)
            {
                if (input.Shape[i].Size is int size)
                {
                    if (size != tensor.Shape[i]) throw new ModelException($"Input {input} has size {size} in dimension {i}; {tensor} was given.");
                    continue;
                }
                string name = input.Shape[i].Name!;
                if (!sizes.TryAdd(name, tensor.Shape[i]) && sizes[name] != tensor.Shape[i])
                    throw new ModelException($"Dimension '{name}' is {sizes[name]} {(from.TryGetValue(name, out string? other) ? $"in input '{other}'" : "as given")} and {tensor.Shape[i]} in input '{input.Name}'; it must be one size.");
                from.TryAdd(name, input.Name);
            }
        }
        return sizes;
    }

    private static string Wanted(IReadOnlyList<TensorInfo> inputs) => inputs.Count == 0 ? "no inputs" : string.Join(", ", inputs);

    private sealed class FillCall(ModelSession session, int index, TensorData data) : ITypedCall<bool>
    {
        public bool Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            MemoryMarshal.Cast<byte, T>(data.Bytes).CopyTo(session.Input<T>(index));
            return true;
        }
    }

    private sealed class OutputCall(ModelSession session, int index) : ITypedCall<Array>
    {
        public Array Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => session.Output<T>(index).ToArray();
    }
}
