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
        ["AveragePool"] = (7, PoolingOperators.AveragePool),
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
        ["GRU"] = (7, RecurrentOperators.Gru),
        ["GlobalAveragePool"] = (1, PoolingOperators.GlobalAveragePool),
        ["GlobalMaxPool"] = (1, PoolingOperators.GlobalMaxPool),
        ["Identity"] = (1, ShapeOperators.Identity),
        ["LayerNormalization"] = (17, ReductionOperators.LayerNormalization),
        ["LSTM"] = (7, RecurrentOperators.Lstm),
        ["LeakyRelu"] = (6, ElementwiseOperators.LeakyRelu),
        ["Log"] = (6, ElementwiseOperators.Log),
        ["LogSoftmax"] = (1, ReductionOperators.LogSoftmax),
        ["MatMul"] = (1, MatrixOperators.MatMul),
        ["MaxPool"] = (1, PoolingOperators.MaxPool),
        ["Mul"] = (7, ElementwiseOperators.Mul),
        ["Neg"] = (6, ElementwiseOperators.Neg),
        ["Pow"] = (7, ElementwiseOperators.Pow),
        ["RNN"] = (7, RecurrentOperators.Rnn),
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

    private static readonly SortedDictionary<string, (int Since, Action<NodeContext> Plan)> _classical = new(StringComparer.Ordinal)
    {
        ["TreeEnsembleClassifier"] = (1, TreeOperators.Classifier),
        ["TreeEnsembleRegressor"] = (1, TreeOperators.Regressor),
    };

    public static string Names { get; } = string.Join(", ", _operators.Keys.Concat(_classical.Keys));

    public static bool Supports(string name, int opset) => _operators.TryGetValue(name, out (int Since, Action<NodeContext> Plan) entry) && opset >= entry.Since;

    /// <summary>Whether ai.onnx.ml has the operator in a form that is known.</summary>
    public static bool SupportsClassical(string name) => _classical.ContainsKey(name);

    public static void Plan(NodeContext node)
    {
        if (node.IsClassical) _classical[node.Operator].Plan(node);
        else _operators[node.Operator].Plan(node);
    }
}
