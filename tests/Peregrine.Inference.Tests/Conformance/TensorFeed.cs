using System.Numerics;
using System.Runtime.InteropServices;

using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;

namespace Peregrine.Inference.Tests.Conformance;

/// <summary>Tensors of any type into a session and out of it.</summary>
internal static class TensorFeed
{
    public static TensorData Read(string path) =>
        TensorDecoder.Decode(ModelReader.ReadTensor(File.ReadAllBytes(path)), Path.GetFileName(path), ModelLimits.Default, new ExternalData(null, ModelLimits.Default));

    public static void Fill(ModelSession session, int index, TensorData data)
    {
        switch (session.Inputs[index].Type)
        {
            case ElementType.Float16:
                for (int i = 0; i < data.Count; i++) session.Input<Half>(index)[i] = (Half)data.Floats[i];
                break;
            case ElementType.BFloat16 when data.Type == ElementType.UInt16: // The suite stores the bits.
                ((ushort[])data.Values).CopyTo(session.Input<ushort>(index));
                break;
            case ElementType.BFloat16:
                for (int i = 0; i < data.Count; i++) session.Input<ushort>(index)[i] = CastKernels.ToBits(data.Floats[i]);
                break;
            default:
                data.Type.Call(new FillCall(session, index, data));
                break;
        }
    }

    /// <summary>What differs from the expected output, or null.</summary>
    public static string? Difference(ModelSession session, int index, TensorData expected, double relative, double absolute, double step = 0)
    {
        TensorInfo output = session.Outputs[index];
        if (output.Type == ElementType.BFloat16 && expected.Type == ElementType.UInt16)
            expected = new TensorData(ElementType.Float32, expected.Shape, [.. ((ushort[])expected.Values).Select(CastKernels.FromBits)]);
        int[] shape = [.. output.Shape.Select(d => d.Size!.Value)];
        if (!shape.SequenceEqual(expected.Shape)) return $"output {index} has shape [{string.Join(", ", shape)}], expected [{string.Join(", ", expected.Shape)}]";
        if (output.Type.Inside() != expected.Type) return $"output {index} has type {output.Type}, expected {expected.Type}";
        double[] actual = output.Type == ElementType.BFloat16
            ? [.. session.Output<ushort>(index).ToArray().Select(v => (double)CastKernels.FromBits(v))]
            : output.Type.Call(new OutputCall(session, index));
        for (int i = 0; i < expected.Count; i++)
        {
            double want = expected.Number(i), got = actual[i];
            if (want == got || (double.IsNaN(want) && double.IsNaN(got))) continue;
            if (expected.Type.IsFloat() && Math.Abs(want - got) <= absolute + step + (relative * Math.Abs(want))) continue;
            return $"output {index}[{i}] is {got:R}, expected {want:R}";
        }
        return null;
    }

    private sealed class FillCall(ModelSession session, int index, TensorData data) : ITypedCall<bool>
    {
        public bool Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            MemoryMarshal.Cast<byte, T>(data.Bytes).CopyTo(session.Input<T>(index));
            return true;
        }
    }

    private sealed class OutputCall(ModelSession session, int index) : ITypedCall<double[]>
    {
        public double[] Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => [.. session.Output<T>(index).ToArray().Select(double.CreateTruncating)];
    }
}
