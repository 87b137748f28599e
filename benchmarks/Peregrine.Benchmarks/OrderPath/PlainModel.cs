using Peregrine.Inference;
using Peregrine.Inference.Format;

namespace Peregrine.Benchmarks.OrderPath;

/// <summary>The same network from the same file as plain loops: normalise, clip, one hidden layer, softmax with a temperature.</summary>
internal sealed class PlainModel
{
    private readonly float[] _mean;
    private readonly float[] _deviation;
    private readonly float[][] _hidden;
    private readonly float[] _hiddenBias;
    private readonly float[][] _output;
    private readonly float[] _outputBias;
    private readonly float _temperature;
    private readonly float _lowest;
    private readonly float _highest;

    /// <exception cref="ModelException">The model has another form.</exception>
    public PlainModel(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        ModelGraph graph = GraphCheck.Check(ModelReader.ReadModel(file, 0, file.Length), ModelLimits.Default, new ExternalData(null, ModelLimits.Default));
        NodeProto[] steps = [.. graph.Nodes.Where(static node => node.Operator != "Constant")];
        string form = string.Join(' ', steps.Select(static node => node.Operator));
        if (form != "Sub Div Clip Gemm Relu Gemm Div Softmax") throw new ModelException($"The plain loops are of another form than {path}: {form}.");
        _mean = Constant(0, 1);
        _deviation = Constant(1, 1);
        (_lowest, _highest) = (Constant(2, 1)[0], Constant(2, 2)[0]);
        (_hidden, _hiddenBias) = (Rows(Constant(3, 1), _mean.Length), Constant(3, 2));
        (_output, _outputBias) = (Rows(Constant(5, 1), _hiddenBias.Length), Constant(5, 2));
        _temperature = Constant(6, 1)[0];

        float[] Constant(int step, int input)
        {
            string name = steps[step].Inputs[input];
            if (graph.Constants.TryGetValue(name, out TensorData? tensor)) return tensor.Floats;
            NodeProto node = graph.Nodes.First(node => node.Outputs.Contains(name)); // A constant may be a node of its own.
            return TensorDecoder.Decode(node.Attributes[0].Tensor!, name, ModelLimits.Default, new ExternalData(null, ModelLimits.Default)).Floats;
        }

        static float[][] Rows(float[] weights, int columns) => [.. weights.Chunk(columns)];
    }

    /// <summary>Down, flat, up.</summary>
    public float[] Predict(float[] features)
    {
        float[] input = new float[features.Length];
        for (int i = 0; i < features.Length; i++) input[i] = Math.Clamp((features[i] - _mean[i]) / _deviation[i], _lowest, _highest);
        float[] hidden = Layer(input, _hidden, _hiddenBias);
        for (int i = 0; i < hidden.Length; i++) hidden[i] = Math.Max(hidden[i], 0);
        float[] output = Layer(hidden, _output, _outputBias);
        float sum = 0;
        for (int i = 0; i < output.Length; i++) sum += output[i] = MathF.Exp(output[i] / _temperature);
        for (int i = 0; i < output.Length; i++) output[i] /= sum;
        return output;
    }

    private static float[] Layer(float[] input, float[][] weights, float[] bias)
    {
        float[] output = new float[bias.Length];
        for (int row = 0; row < output.Length; row++)
        {
            float sum = bias[row];
            for (int i = 0; i < input.Length; i++) sum += weights[row][i] * input[i];
            output[row] = sum;
        }
        return output;
    }
}
