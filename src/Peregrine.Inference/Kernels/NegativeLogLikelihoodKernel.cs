using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>-weight[label] * log probability of the label; summed, or averaged by the weights. A label out of range counts as ignored.</summary>
internal sealed unsafe class NegativeLogLikelihoodKernel(
    float* logs, long* labels, float* weights, float* to, int batches, int classes, int inner, long? ignored, string reduction) : Kernel
{
    private readonly bool _each = reduction == "none";
    private readonly bool _mean = reduction == "mean";

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        double sum = 0, total = 0;
        for (int n = 0; n < batches; n++)
        {
            for (int i = 0; i < inner; i++)
            {
                long label = labels[((long)n * inner) + i];
                bool counts = label != ignored && label >= 0 && label < classes;
                float weight = !counts ? 0 : weights == null ? 1 : weights[label];
                float loss = counts ? -weight * logs[((((long)n * classes) + label) * inner) + i] : 0;
                if (_each) to[((long)n * inner) + i] = loss;
                sum += loss;
                total += weight;
            }
        }
        if (!_each) *to = (float)(_mean ? sum / total : sum);
    }
}
