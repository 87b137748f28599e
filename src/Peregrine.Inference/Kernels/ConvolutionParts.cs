using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>Copies each channel to its places in a padded image; the places between stay zero for ever.</summary>
internal sealed unsafe class ImageKernel(float* from, float* to, int channels, long perChannel, int[] map) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = from;
        float* y = to;
        for (int channel = 0; channel < channels; channel++, x += map.Length, y += perChannel)
        {
            for (int i = 0; i < map.Length; i++)
                if (map[i] >= 0) y[map[i]] = x[i];
        }
    }
}

/// <summary>Takes the outputs out of rows that also hold what lies between them.</summary>
internal sealed unsafe class CompactKernel(float* from, float* to, int rows, int perRow, int[] map) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = from;
        float* y = to;
        for (int row = 0; row < rows; row++, x += perRow, y += map.Length)
            for (int i = 0; i < map.Length; i++) y[i] = x[map[i]];
    }
}

/// <summary>Weights and bias of a convolution into the order of its kernel: when the model is compiled, or in each run where they are computed.</summary>
internal sealed unsafe class ConvolutionPackKernel(float* weights, float* bias, int groups, int channels, int terms, float* packed, float* packedBias) : Kernel
{
    public override void Run()
    {
        int quads = (channels + 3) / 4;
        for (int group = 0; group < groups; group++)
        {
            for (int channel = 0; channel < channels; channel++)
            {
                float* row = weights + ((((long)group * channels) + channel) * terms);
                float* to = packed + ((((long)group * quads) + (channel / 4)) * terms * 4) + (channel % 4);
                for (int i = 0; i < terms; i++) to[i * 4L] = row[i];
                packedBias[(((group * quads) + (channel / 4)) * 4) + (channel % 4)] = bias == null ? 0 : bias[(group * channels) + channel];
            }
        }
    }
}

/// <summary>y = x scale + shift, one scale and shift a channel.</summary>
internal sealed unsafe class ChannelScaleKernel(float* from, float* to, int images, int channels, int perChannel, float* scale, float* shift) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* x = from;
        float* y = to;
        for (int image = 0; image < images; image++)
        {
            for (int channel = 0; channel < channels; channel++, x += perChannel, y += perChannel)
            {
                float a = scale[channel], b = shift[channel];
                for (int i = 0; i < perChannel; i++) y[i] = (x[i] * a) + b;
            }
        }
    }
}

/// <summary>What a normalisation multiplies with and adds: scale / √(variance + ε), and bias - mean times that.</summary>
internal sealed unsafe class NormalisationFactorsKernel(float* scale, float* bias, float* mean, float* variance, float epsilon, int channels, float* factor, float* shift) : Kernel
{
    public override void Run()
    {
        for (int channel = 0; channel < channels; channel++)
        {
            factor[channel] = scale[channel] / MathF.Sqrt(variance[channel] + epsilon);
            shift[channel] = bias[channel] - (mean[channel] * factor[channel]);
        }
    }
}

/// <summary>A transposed convolution: each input point adds its share to the outputs its taps reach. One scalar form for every family.</summary>
internal sealed unsafe class ScatterConvolutionKernel(
    float* from, float* weights, float* bias, float* to, int images, int groups, int inputs, int outputs, int points, int taps, int perOutput, int[] targets) : Kernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* y = to;
        for (int image = 0; image < images; image++)
        {
            for (int group = 0; group < groups; group++)
            {
                float* x = from + ((((long)image * groups) + group) * inputs * points);
                for (int channel = 0; channel < outputs; channel++, y += perOutput)
                {
                    new Span<float>(y, perOutput).Fill(bias == null ? 0 : bias[(group * outputs) + channel]);
                    for (int input = 0; input < inputs; input++)
                        Add(x + ((long)input * points), weights + ((((((long)group * inputs) + input) * outputs) + channel) * taps), y);
                }
            }
        }
    }

    private void Add(float* x, float* w, float* y)
    {
        int next = 0;
        for (int point = 0; point < points; point++)
        {
            for (int tap = 0; tap < taps; tap++, next++)
                if (targets[next] >= 0) y[targets[next]] += x[point] * w[tap];
        }
    }
}
