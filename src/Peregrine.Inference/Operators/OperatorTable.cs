using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>The operators of <c>ai.onnx</c> that this engine knows, each with the opset it first appears in.</summary>
internal static class OperatorTable
{
    private static readonly SortedDictionary<string, (int Since, Action<NodeContext> Plan)> _operators = new(StringComparer.Ordinal)
    {
        ["Abs"] = (1, ElementwiseOperators.Abs),
        ["Add"] = (7, ElementwiseOperators.Add),
        ["ArgMax"] = (1, ReductionOperators.ArgMax),
        ["BatchNormalization"] = (7, ConvolutionOperators.BatchNormalization),
        ["Cast"] = (6, ShapeOperators.Cast),
        ["Clip"] = (6, ElementwiseOperators.Clip),
        ["Concat"] = (4, ShapeOperators.Concat),
        ["Constant"] = (1, ShapeOperators.Constant),
        ["Conv"] = (1, ConvolutionOperators.Conv),
        ["ConvTranspose"] = (1, ConvolutionOperators.ConvTranspose),
        ["Div"] = (7, ElementwiseOperators.Div),
        ["Dropout"] = (7, ShapeOperators.Identity), // Inference: what goes in comes out.
        ["Elu"] = (6, ElementwiseOperators.Elu),
        ["Erf"] = (9, ElementwiseOperators.Erf),
        ["Exp"] = (6, ElementwiseOperators.Exp),
        ["Flatten"] = (1, ShapeOperators.Flatten),
        ["Gather"] = (1, ShapeOperators.Gather),
        ["Gemm"] = (7, MatrixOperators.Gemm),
        ["Identity"] = (1, ShapeOperators.Identity),
        ["LayerNormalization"] = (17, ReductionOperators.LayerNormalization),
        ["LeakyRelu"] = (6, ElementwiseOperators.LeakyRelu),
        ["Log"] = (6, ElementwiseOperators.Log),
        ["LogSoftmax"] = (1, ReductionOperators.LogSoftmax),
        ["MatMul"] = (1, MatrixOperators.MatMul),
        ["Mul"] = (7, ElementwiseOperators.Mul),
        ["Neg"] = (6, ElementwiseOperators.Neg),
        ["Pow"] = (7, ElementwiseOperators.Pow),
        ["ReduceMean"] = (1, ReductionOperators.ReduceMean),
        ["Relu"] = (6, ElementwiseOperators.Relu),
        ["Reshape"] = (5, ShapeOperators.Reshape),
        ["Shape"] = (1, ShapeOperators.Shape),
        ["Sigmoid"] = (6, ElementwiseOperators.Sigmoid),
        ["Softmax"] = (1, ReductionOperators.Softmax),
        ["Softplus"] = (1, ElementwiseOperators.Softplus),
        ["Sqrt"] = (6, ElementwiseOperators.Sqrt),
        ["Squeeze"] = (1, ShapeOperators.Squeeze),
        ["Sub"] = (7, ElementwiseOperators.Sub),
        ["Tanh"] = (6, ElementwiseOperators.Tanh),
        ["Transpose"] = (1, ShapeOperators.Transpose),
        ["Unsqueeze"] = (1, ShapeOperators.Unsqueeze),
    };

    public static string Names { get; } = string.Join(", ", _operators.Keys);

    public static bool Supports(string name, int opset) => _operators.TryGetValue(name, out (int Since, Action<NodeContext> Plan) entry) && opset >= entry.Since;

    public static void Plan(NodeContext node) => _operators[node.Operator].Plan(node);
}
