using System.Runtime.CompilerServices;

using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;
using Peregrine.Inference.Trees;

namespace Peregrine.Inference.Operators;

/// <summary>Support vector machines of ai.onnx.ml, computed in double precision.</summary>
internal static unsafe class SupportVectorOperators
{
    /// <summary>
    /// The sum over the support vectors of coefficient times kernel(x, vector), plus rho; without support vectors the coefficients are the one vector. With
    /// one_class the result is its sign, 1 or -1.
    /// </summary>
    public static void Regressor(NodeContext node)
    {
        Value x = node.As(ElementType.Float32, node.Input(0));
        if (x.Shape.Length is not (1 or 2) || x.Count == 0) throw node.Fail($"{x} must be rows of numbers.");
        int columns = x.Shape[^1], rows = x.Count / columns;
        float[] coefficients = node.Floats("coefficients") ?? [], vectors = node.Floats("support_vectors") ?? [], rho = node.Floats("rho") ?? [];
        long supports = node.Integer("n_supports", 0);
        if (rho.Length == 0) throw node.Fail("rho is missing.");
        if (supports > 0 ? coefficients.Length != supports || vectors.Length != supports * columns : coefficients.Length != columns)
            throw node.Fail($"{coefficients.Length} coefficients and {vectors.Length} numbers of support vectors do not fit {supports} vectors of {columns} columns.");
        SupportKernel kernel = KernelOf(node);
        bool sign = node.Integer("one_class", 0) != 0;
        PostTransform transform = PostTransforms.Find(node.Text("post_transform", "NONE")) is { } found and not (PostTransform.Softmax or PostTransform.SoftmaxZero)
            ? found : throw node.Fail($"post_transform '{node.Text("post_transform", "")}'; allowed are NONE, LOGISTIC and PROBIT.");
        node.Emit(ElementType.Float32, [rows, 1], [x], (binder, y) =>
        {
            float* all = binder.Memory.Copy(supports > 0 ? vectors : coefficients);
            float* weights = binder.Memory.Copy(supports > 0 ? coefficients : [1f]);
            return new RegressorKernel(binder.Floats(x), binder.Floats(y), rows, columns, all, weights, (int)Math.Max(supports, 1), rho[0], kernel, sign, transform);
        }, (long)rows * columns * Math.Max(supports, 1));
    }

    private static SupportKernel KernelOf(NodeContext node)
    {
        float[] numbers = node.Floats("kernel_params") ?? [];
        string type = node.Text("kernel_type", "LINEAR");
        if (type is not ("LINEAR" or "POLY" or "RBF" or "SIGMOID")) throw node.Fail($"kernel_type '{type}'; allowed are LINEAR, POLY, RBF and SIGMOID.");
        if (type != "LINEAR" && numbers.Length != 3) throw node.Fail($"kernel_params has {numbers.Length} numbers; gamma, coef0 and degree are needed.");
        return type == "LINEAR" ? new SupportKernel(type, 0, 0, 0) : new SupportKernel(type, numbers[0], numbers[1], numbers[2]);
    }

    /// <summary>How near a row is to a support vector.</summary>
    private sealed record SupportKernel(string Type, double Gamma, double Offset, double Degree)
    {
        private readonly bool _distance = Type == "RBF";

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public double Of(float* x, float* vector, int count)
        {
            double sum = 0;
            for (int i = 0; i < count; i++) sum += _distance ? ((double)x[i] - vector[i]) * ((double)x[i] - vector[i]) : (double)x[i] * vector[i];
            return Type switch
            {
                "RBF" => Math.Exp(-Gamma * sum),
                "POLY" => Math.Pow((Gamma * sum) + Offset, Degree),
                "SIGMOID" => Math.Tanh((Gamma * sum) + Offset),
                _ => sum,
            };
        }
    }

    private sealed class RegressorKernel(float* from, float* to, int rows, int columns, float* vectors, float* weights, int supports, float rho, SupportKernel kernel, bool sign, PostTransform transform) : Kernel
    {
        public override void Run()
        {
            for (int row = 0; row < rows; row++)
            {
                double sum = rho;
                for (int i = 0; i < supports; i++) sum += weights[i] * kernel.Of(from + ((long)row * columns), vectors + ((long)i * columns), columns);
                to[row] = sign ? (sum > 0 ? 1 : -1) : (float)sum;
                if (transform != PostTransform.None && !sign) PostTransforms.Apply(transform, new Span<float>(to + row, 1));
            }
        }
    }
}
