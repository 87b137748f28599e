using System.Runtime.CompilerServices;

using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Operators that look an image [images, channels, height, width] up at places that are data themselves.</summary>
internal static unsafe class SamplingOperators
{
    /// <summary>Each place of the grid [images, height, width, 2] names a place of the input, from -1 to 1 in each direction.</summary>
    public static void GridSample(NodeContext node)
    {
        Value x = node.FloatInput(0), grid = node.FloatInput(1);
        if (x.Shape.Length != 4 || grid.Shape.Length != 4 || grid.Shape[3] != 2 || grid.Shape[0] != x.Shape[0] || x.Count == 0) throw node.Fail($"{x} and {grid} must be images and, for each, a grid of pairs; volumes are not supported.");
        string mode = node.Text("mode", "bilinear"), padding = node.Text("padding_mode", "zeros");
        int taps = mode switch { "nearest" => 1, "bilinear" or "linear" => 2, "bicubic" or "cubic" => 4, _ => throw node.Fail($"mode '{mode}' is not known.") };
        if (padding is not ("zeros" or "border" or "reflection")) throw node.Fail($"padding_mode '{padding}' is not known.");
        bool corners = node.Integer("align_corners", 0) != 0;
        int[] shape = [x.Shape[0], x.Shape[1], grid.Shape[1], grid.Shape[2]];
        node.Emit(x.Type, shape, [x, grid], (binder, y) => new GridKernel(binder.Floats(x), binder.Floats(grid), binder.Floats(y), x.Shape, shape[2] * shape[3], taps, padding, corners), (long)grid.Count * taps * taps * x.Shape[1]);
    }

    /// <summary>Regions of the input, cut into a fixed number of bins each; a bin is the mean or the largest of its samples.</summary>
    public static void RoiAlign(NodeContext node)
    {
        Value x = node.FloatInput(0), regions = node.FloatInput(1), images = node.Indices(2);
        long height = node.Integer("output_height", 1), width = node.Integer("output_width", 1), ratio = node.Integer("sampling_ratio", 0);
        if (x.Shape.Length != 4 || x.Count == 0 || regions.Shape.Length != 2 || regions.Shape[1] != 4 || images.Count != regions.Shape[0]) throw node.Fail($"{x}, {regions} and {images} must be images, regions of four numbers, and an image for each.");
        if (height < 1 || width < 1 || height > node.Limits.ElementsMax || width > node.Limits.ElementsMax || ratio is < 0 or > 1024) throw node.Fail($"bins of {height} by {width} with {ratio} samples are not allowed.");
        string mode = node.Text("mode", "avg"), place = node.Text("coordinate_transformation_mode", node.Opset < 16 ? "output_half_pixel" : "half_pixel");
        if (mode is not ("avg" or "max") || place is not ("half_pixel" or "output_half_pixel")) throw node.Fail($"mode '{mode}' or coordinate_transformation_mode '{place}' is not known.");
        int[] shape = node.Checked(regions.Shape[0], x.Shape[1], (int)height, (int)width);
        float scale = node.Float("spatial_scale", 1);
        long samples = ratio > 0 ? ratio : 2L * Math.Max(x.Shape[2], x.Shape[3]);
        node.Emit(x.Type, shape, [x, regions, images], (binder, y) =>
            new RegionKernel(binder.Floats(x), binder.Floats(regions), binder.Integers(images), binder.Floats(y), x.Shape, shape, scale, (int)ratio, (int)samples, place == "half_pixel", mode == "max"), Shapes.Product(shape) * samples * samples * 4);
    }

    /// <summary>Samples of two axes multiply: places along each and their weights are worked out once for all channels. No number at all counts as the first place.</summary>
    private sealed class GridKernel(float* from, float* grid, float* to, int[] shape, int places, int taps, string padding, bool corners) : Kernel
    {
        private readonly bool _zeros = padding == "zeros";
        private readonly bool _border = padding == "border";
        private readonly int[] _at = new int[2 * taps];
        private readonly double[] _weights = new double[2 * taps];

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run()
        {
            int channels = shape[1], height = shape[2], width = shape[3];
            for (int image = 0; image < shape[0]; image++)
            {
                for (int place = 0; place < places; place++)
                {
                    float* pair = grid + ((((long)image * places) + place) * 2);
                    Along(pair[1], height, 0);
                    Along(pair[0], width, taps);
                    for (int channel = 0; channel < channels; channel++)
                    {
                        float* x = from + (((long)image * channels) + channel) * height * width;
                        double sum = 0;
                        for (int i = 0; i < taps; i++)
                        {
                            if (_at[i] < 0) continue;
                            double row = 0;
                            for (int j = 0; j < taps; j++)
                                if (_at[taps + j] >= 0) row += _weights[taps + j] * x[((long)_at[i] * width) + _at[taps + j]];
                            sum += _weights[i] * row;
                        }
                        to[((((long)image * channels) + channel) * places) + place] = (float)sum;
                    }
                }
            }
        }

        /// <summary>The places along one axis, -1 where there is nothing, and their weights.</summary>
        private void Along(float wanted, int size, int first)
        {
            double at = corners ? (wanted + 1.0) / 2 * (size - 1) : (((wanted + 1.0) * size) - 1) / 2;
            if (double.IsNaN(at)) at = 0;
            if (_border) at = Math.Clamp(at, 0, size - 1);
            else if (!_zeros) at = Reflect(at, size);
            at = Math.Clamp(at, -4.0, size + 4.0); // Farther away there is nothing either.
            if (taps == 1)
            {
                _at[first] = Place((int)Math.Round(at, MidpointRounding.ToEven), size);
                _weights[first] = 1;
                return;
            }
            int low = (int)Math.Floor(at);
            double rest = at - low;
            for (int t = 0; t < taps; t++)
            {
                _at[first + t] = Place(low + t - ((taps / 2) - 1), size);
                _weights[first + t] = taps == 2 ? (t == 0 ? 1 - rest : rest) : ResizeOperators.Cubic(Math.Abs(rest + 1 - t), -0.75);
            }
        }

        private int Place(int at, int size)
        {
            if (at >= 0 && at < size) return at;
            if (_zeros) return -1;
            return _border ? Math.Clamp(at, 0, size - 1) : (int)Math.Clamp(Reflect(at, size), 0, size - 1);
        }

        /// <summary>Mirrored at the outermost places, or half a place outside of them.</summary>
        private double Reflect(double at, int size)
        {
            double low = corners ? 0 : -0.5, high = corners ? size - 1 : size - 0.5, range = high - low;
            if ((at >= low && at <= high) || range == 0 || !double.IsFinite(at)) return range == 0 || !double.IsFinite(at) ? 0 : at;
            double distance = at < low ? low - at : at - high, turns = Math.Floor(distance / range), rest = distance - (turns * range);
            bool fromLow = (turns % 2 == 0) == (at < low);
            return fromLow ? low + rest : high - rest;
        }
    }

    private sealed class RegionKernel(float* from, float* regions, long* images, float* to, int[] input, int[] output, float scale, int ratio, int samplesMax, bool half, bool max) : Kernel
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Run()
        {
            int channels = output[1], bins = output[2] * output[3], height = input[2], width = input[3];
            float offset = half ? 0.5f : 0;
            for (int region = 0; region < output[0]; region++)
            {
                float* r = regions + ((long)region * 4);
                float left = (r[0] * scale) - offset, top = (r[1] * scale) - offset, w = (r[2] * scale) - offset - left, h = (r[3] * scale) - offset - top;
                if (!half) (w, h) = (Math.Max(w, 1), Math.Max(h, 1));
                float binWidth = w / output[3], binHeight = h / output[2];
                int across = Samples(binWidth), down = Samples(binHeight);
                long image = Math.Clamp(images[region], 0, input[0] - 1); // One out of range takes the nearest.
                for (int channel = 0; channel < channels; channel++)
                {
                    float* x = from + (((image * channels) + channel) * height * width);
                    float* y = to + ((((long)region * channels) + channel) * bins);
                    for (int bin = 0; bin < bins; bin++)
                    {
                        float rowStart = top + (bin / output[3] * binHeight), columnStart = left + (bin % output[3] * binWidth);
                        float sum = 0, best = float.NegativeInfinity;
                        for (int i = 0; i < down; i++)
                        {
                            float row = rowStart + ((i + 0.5f) * binHeight / down);
                            for (int j = 0; j < across; j++)
                            {
                                float column = columnStart + ((j + 0.5f) * binWidth / across);
                                sum += Sample(x, row, column, height, width, ref best);
                            }
                        }
                        y[bin] = max ? best : sum / Math.Max(down * across, 1);
                    }
                }
            }
        }

        private int Samples(float bin) => ratio > 0 ? ratio : (int)Math.Clamp(Math.Ceiling(bin), 0, samplesMax);

        /// <summary>The four neighbours, weighted; the largest of the weighted ones goes into <paramref name="best"/>. Nothing more than one place outside.</summary>
        private static float Sample(float* x, float row, float column, int height, int width, ref float best)
        {
            if (!(row >= -1 && row <= height && column >= -1 && column <= width))
            {
                best = Math.Max(best, 0);
                return 0;
            }
            row = Math.Clamp(row, 0, height - 1);
            column = Math.Clamp(column, 0, width - 1);
            int top = (int)row, left = (int)column, bottom = Math.Min(top + 1, height - 1), right = Math.Min(left + 1, width - 1);
            float down = row - top, across = column - left;
            float a = (1 - down) * (1 - across) * x[(top * width) + left], b = (1 - down) * across * x[(top * width) + right];
            float c = down * (1 - across) * x[(bottom * width) + left], d = down * across * x[(bottom * width) + right];
            best = Math.Max(best, Math.Max(Math.Max(a, b), Math.Max(c, d)));
            return a + b + c + d;
        }
    }
}
