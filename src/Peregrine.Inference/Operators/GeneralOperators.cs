namespace Peregrine.Inference.Operators;

/// <summary>The operators that are planned over the general loops, each with the opset it first appears in.</summary>
internal static class GeneralOperators
{
    public static IEnumerable<OperatorEntry> Table { get; } =
    [
        new("Abs", 6, ElementwiseOperators.Abs),
        new("Add", 6, ElementwiseOperators.Add),
        new("ArgMax", 1, ReductionOperators.ArgMax),
        new("Cast", 6, ShapeOperators.Cast),
        new("Clip", 6, ElementwiseOperators.Clip),
        new("Concat", 4, ShapeOperators.Concat),
        new("Constant", 1, ShapeOperators.Constant),
        new("Div", 6, ElementwiseOperators.Div),
        new("Dropout", 6, ShapeOperators.Dropout),
        new("Elu", 6, ElementwiseOperators.Elu),
        new("Erf", 9, ElementwiseOperators.Erf),
        new("Exp", 6, ElementwiseOperators.Exp),
        new("Flatten", 1, ShapeOperators.Flatten),
        new("Gather", 1, ShapeOperators.Gather),
        new("Gemm", 6, MatrixOperators.Gemm),
        new("Identity", 1, ShapeOperators.Identity),
        new("LayerNormalization", 17, ReductionOperators.LayerNormalization),
        new("LeakyRelu", 6, ElementwiseOperators.LeakyRelu),
        new("Log", 6, ElementwiseOperators.Log),
        new("LogSoftmax", 1, ReductionOperators.LogSoftmax),
        new("MatMul", 1, MatrixOperators.MatMul),
        new("Mul", 6, ElementwiseOperators.Mul),
        new("Neg", 6, ElementwiseOperators.Neg),
        new("Pow", 6, ElementwiseOperators.Pow),
        new("ReduceMean", 1, ReductionOperators.ReduceMean),
        new("Relu", 6, ElementwiseOperators.Relu),
        new("Reshape", 5, ShapeOperators.Reshape),
        new("Shape", 1, ShapeOperators.Shape),
        new("Sigmoid", 6, ElementwiseOperators.Sigmoid),
        new("Softmax", 1, ReductionOperators.Softmax),
        new("Softplus", 1, ElementwiseOperators.Softplus),
        new("Sqrt", 6, ElementwiseOperators.Sqrt),
        new("Squeeze", 1, ShapeOperators.Squeeze),
        new("Sub", 6, ElementwiseOperators.Sub),
        new("Tanh", 6, ElementwiseOperators.Tanh),
        new("Transpose", 1, ShapeOperators.Transpose),
        new("Unsqueeze", 1, ShapeOperators.Unsqueeze),
    ];
}
