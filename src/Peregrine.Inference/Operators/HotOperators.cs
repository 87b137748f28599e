namespace Peregrine.Inference.Operators;

/// <summary>The families with kernels of their own: recurrent networks, convolutions and pooling, trees.</summary>
internal static class HotOperators
{
    public static IEnumerable<OperatorEntry> Table { get; } =
    [
        new("AveragePool", 6, PoolingOperators.AveragePool),
        new("BatchNormalization", 6, ConvolutionOperators.BatchNormalization),
        new("Conv", 1, ConvolutionOperators.Conv),
        new("ConvTranspose", 1, ConvolutionOperators.ConvTranspose),
        new("GRU", 7, RecurrentOperators.Gru),
        new("GlobalAveragePool", 1, PoolingOperators.GlobalAveragePool),
        new("GlobalMaxPool", 1, PoolingOperators.GlobalMaxPool),
        new("LSTM", 7, RecurrentOperators.Lstm),
        new("MaxPool", 1, PoolingOperators.MaxPool),
        new("RNN", 7, RecurrentOperators.Rnn),
        new("TreeEnsembleClassifier", 1, TreeOperators.Classifier, Domain: OperatorTable.MachineLearning),
        new("TreeEnsembleRegressor", 1, TreeOperators.Regressor, Domain: OperatorTable.MachineLearning),
    ];
}
