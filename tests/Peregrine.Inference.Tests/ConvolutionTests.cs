using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>Convolutions and pools of random shapes against the definition, written with indices and doubles.</summary>
public sealed class ConvolutionTests
{
    [Fact]
    public void Convolves_as_the_definition_says()
    {
        const int seed = 101;
        var random = new Random(seed);
        for (int round = 0; round < 120; round++)
        {
            WindowCase c = WindowCase.Random(random, rank: 1 + (round % 3), large: round % 4 == 0);
            int groups = random.Next(3) == 0 ? random.Next(2, 4) : 1, perGroup = random.Next(1, 5), outputs = groups * random.Next(1, 7);
            Naive x = Naive.Random(random, [random.Next(1, 3), groups * perGroup, .. c.Spatial]), w = Naive.Random(random, [outputs, perGroup, .. c.Sizes]);
            Naive? b = random.Next(3) > 0 ? Naive.Random(random, [outputs]) : null;
            int[] shape = c.Outputs(ceil: false);
            if (shape.Any(size => size < 1)) continue;
            Naive expected = Naive.From([x.Shape[0], outputs, .. shape], at =>
            {
                double sum = b?.Data[at[1]] ?? 0;
                int firstInput = at[1] / (outputs / groups) * perGroup;
                for (int channel = 0; channel < perGroup; channel++)
                    foreach (int[] tap in Naive.Indices(c.Sizes))
                        if (c.Element(at[2..], tap) is { } element) sum += w.At([at[1], channel, .. tap]) * x.At([at[0], firstInput + channel, .. element]);
                return sum;
            });
            var check = new OperatorCheck("Conv") { Attributes = [.. c.Attributes(random), ("group", groups)], Tolerance = 1e-5f };
            if (b is null) check.Equal(expected, x, w);
            else check.Equal(expected, x, w, b);
        }
    }

    [Theory] // Input size, kernel, stride, dilation and what SAME makes of it: outputs = ⌈input / stride⌉.
    [InlineData("SAME_UPPER", 7, 3, 2, 1)]
    [InlineData("SAME_LOWER", 8, 3, 2, 1)]
    [InlineData("SAME_UPPER", 8, 4, 1, 1)]
    [InlineData("SAME_LOWER", 9, 3, 1, 2)]
    [InlineData("SAME_UPPER", 5, 2, 3, 1)]
    [InlineData("VALID", 9, 3, 2, 2)]
    public void Pads_by_itself(string auto, int size, int kernel, int stride, int dilation)
    {
        int extent = ((kernel - 1) * dilation) + 1;
        int output = auto == "VALID" ? ((size - extent) / stride) + 1 : (size + stride - 1) / stride;
        int total = auto == "VALID" ? 0 : Math.Max(0, ((output - 1) * stride) + extent - size);
        int before = auto == "SAME_LOWER" ? (total + 1) / 2 : total / 2;
        var random = new Random(102);
        Naive x = Naive.Random(random, [1, 2, size]), w = Naive.Random(random, [3, 2, kernel]);
        Naive expected = Naive.From([1, 3, output], at =>
        {
            double sum = 0;
            for (int channel = 0; channel < 2; channel++)
                for (int tap = 0; tap < kernel; tap++)
                    if ((at[2] * stride) + (tap * dilation) - before is >= 0 and int i && i < size) sum += w.At([at[1], channel, tap]) * x.At([0, channel, i]);
            return sum;
        });
        new OperatorCheck("Conv") { Attributes = [("auto_pad", auto), ("strides", new long[] { stride }), ("dilations", new long[] { dilation })] }.Equal(expected, x, w);
    }

    [Fact]
    public void Transposes_a_convolution()
    {
        var random = new Random(104);
        for (int round = 0; round < 60; round++)
        {
            WindowCase c = WindowCase.Random(random, rank: 1 + (round % 2), large: false);
            int groups = random.Next(1, 3), inputs = random.Next(1, 4), outputs = random.Next(1, 4);
            int[] extra = [.. c.Strides.Select(stride => random.Next(stride))];
            int[] shape = [.. c.Spatial.Select((size, a) => ((size - 1) * c.Strides[a]) + extra[a] + ((c.Sizes[a] - 1) * c.Dilations[a]) + 1 - c.Before[a] - c.After[a])];
            if (shape.Any(size => size < 1)) continue;
            Naive x = Naive.Random(random, [2, groups * inputs, .. c.Spatial]), w = Naive.Random(random, [groups * inputs, outputs, .. c.Sizes]), b = Naive.Random(random, [groups * outputs]);
            var result = new double[2 * groups * outputs * Naive.Size(shape)];
            var target = new Naive([2, groups * outputs, .. shape], result);
            int[][] all = [.. Naive.Indices(target.Shape)];
            for (int i = 0; i < all.Length; i++) result[i] = b.Data[all[i][1]];
            var flat = all.Select((at, i) => (string.Join(',', at), i)).ToDictionary(p => p.Item1, p => p.i);
            foreach (int[] at in Naive.Indices(x.Shape))
                for (int output = 0; output < outputs; output++)
                    foreach (int[] tap in Naive.Indices(c.Sizes))
                    {
                        int[] to = [.. c.Spatial.Select((_, a) => (at[2 + a] * c.Strides[a]) + (tap[a] * c.Dilations[a]) - c.Before[a])];
                        string key = string.Join(',', [at[0], (at[1] / inputs * outputs) + output, .. to]);
                        if (flat.TryGetValue(key, out int index)) result[index] += x.At(at) * w.At([at[1], output, .. tap]);
                    }
            new OperatorCheck("ConvTranspose")
            {
                Attributes = [.. c.Attributes(random), ("group", groups), ("output_padding", extra.Select(e => (long)e).ToArray())], Tolerance = 1e-5f,
            }.Equal(target, x, w, b);
        }
    }

    [Theory] // SAME_UPPER leaves the odd element out at the end, otherwise at the beginning.
    [InlineData("SAME_UPPER", 0)]
    [InlineData("SAME_LOWER", 1)]
    public void Transposed_padding_follows_auto_pad(string auto, int cut)
    {
        var x = new Naive([1, 1, 3], [1, 2, 3]);
        var w = new Naive([1, 1, 3], [1, 10, 100]);
        double[] whole = [1, 10, 102, 20, 203, 30, 300]; // Stride 2: 7 elements, of which 6 stay.
        new OperatorCheck("ConvTranspose") { Attributes = [("auto_pad", auto), ("strides", new long[] { 2 })] }.Equal(new Naive([1, 1, 6], whole[cut..(cut + 6)]), x, w);
    }

    [Fact]
    public void Normalises_by_channel_alone_and_in_the_layer_before()
    {
        var random = new Random(105);
        for (int round = 0; round < 30; round++)
        {
            int channels = random.Next(1, 9);
            int[] shape = [random.Next(1, 4), channels, .. Enumerable.Range(0, round % 3).Select(_ => random.Next(1, 6))];
            Naive x = Naive.Random(random, shape), scale = Naive.Random(random, [channels]), bias = Naive.Random(random, [channels]), mean = Naive.Random(random, [channels]), variance = Naive.Random(random, [channels], 0.1, 3);
            Naive expected = Naive.From(shape, at => ((x.At(at) - mean.Data[at[1]]) / Math.Sqrt(variance.Data[at[1]] + 1e-3) * scale.Data[at[1]]) + bias.Data[at[1]]);
            new OperatorCheck("BatchNormalization") { Attributes = [("epsilon", 1e-3f)], Tolerance = 1e-5f }.Equal(expected, x, scale, bias, mean, variance);

            GraphWriter graph = new GraphWriter().Input("x", 2, 3, 12).Constant("w", Naive.Random(random, [channels * 9]).Floats, channels, 3, 3).Constant("s", scale.Floats, channels).Constant("b", bias.Floats, channels)
                .Constant("m", mean.Floats, channels).Constant("v", variance.Floats, channels).Node("Conv", ["x", "w"], ["c"], ("pads", new long[] { 1, 1 })).Node("BatchNormalization", ["c", "s", "b", "m", "v"], ["n"]).Node("Relu", ["n"], ["y"])
                .Output("y", 2, channels, 12);
            OnnxModel model = graph.Load();
            float[] input = Naive.Random(random, [72]).Floats;
            Assert.Equal(1, model.Compile().Steps);
            float[] apart = Run(model, KernelKind.Auto, input, fuse: false), joined = Run(model, KernelKind.Auto, input);
            for (int i = 0; i < apart.Length; i++) Assert.Equal(apart[i], joined[i], 1e-4f);
        }
    }

    [Fact]
    public void Pools_as_the_definition_says()
    {
        var random = new Random(106);
        int compared = 0;
        for (int round = 0; round < 150; round++)
        {
            WindowCase c = WindowCase.Random(random, rank: 1 + (round % 3), large: false);
            bool ceil = random.Next(2) == 0, count = random.Next(2) == 0;
            int[] shape = c.Outputs(ceil);
            if (shape.Any(size => size < 1) || c.Sizes.Where((_, a) => Math.Max(c.Before[a], c.After[a]) >= ((c.Sizes[a] - 1) * c.Dilations[a]) + 1).Any()) continue;
            Naive x = Naive.Random(random, [2, 3, .. c.Spatial]);
            double[] Inside(int[] at) => [.. Naive.Indices(c.Sizes).Select(tap => c.Element(at[2..], tap)).OfType<int[]>().Select(e => x.At([at[0], at[1], .. e]))];
            if (Naive.Indices([2, 3, .. shape]).Any(at => Inside(at).Length == 0)) continue;
            (string, object)[] attributes = [("kernel_shape", c.Sizes.Select(s => (long)s).ToArray()), ("ceil_mode", ceil ? 1 : 0), .. c.Attributes(random)];
            Naive largest = Naive.From([2, 3, .. shape], at => Inside(at).Max());
            new OperatorCheck("MaxPool") { Attributes = attributes }.Equal(largest, x);
            Naive mean = Naive.From([2, 3, .. shape], at => Inside(at).Sum() / (count ? Naive.Indices(c.Sizes).Count(tap => c.IsPadded(at[2..], tap)) : Inside(at).Length));
            new OperatorCheck("AveragePool") { Attributes = [.. attributes, ("count_include_pad", count ? 1 : 0)], Opset = 19 }.Equal(mean, x);
            compared++;
        }
        Assert.True(compared > 60, $"{compared}");
    }

    [Theory]
    [InlineData(0, new long[] { 4, 5, 7, 8 })]
    [InlineData(1, new long[] { 4, 7, 5, 8 })]
    public void Says_where_the_largest_element_lies(int storageOrder, long[] expected)
    {
        float[] rising = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        OnnxModel model = new GraphWriter().Input("x", 1, 1, 3, 3).Node("MaxPool", ["x"], ["y", "i"], ("kernel_shape", new long[] { 2, 2 }), ("storage_order", storageOrder))
            .Output("y", 1, 1, 2, 2).IntegerOutput("i", 1, 1, 2, 2).Load();
        ModelSession session = model.Compile();
        rising.CopyTo(session.Input(0));
        session.Run();
        Assert.Equal([5, 6, 8, 9], session.Output(0).ToArray());
        Assert.Equal(expected, session.OutputIntegers(1).ToArray());
    }

    [Fact]
    public void Pools_whole_channels()
    {
        var random = new Random(107);
        foreach (int[] shape in new int[][] { [2, 3, 50], [1, 4, 5, 7], [1, 2, 3, 4, 5] })
        {
            Naive x = Naive.Random(random, shape);
            int per = Naive.Size(shape[2..]);
            int[] one = [shape[0], shape[1], .. shape[2..].Select(_ => 1)];
            double[][] planes = [.. x.Data.Chunk(per)];
            new OperatorCheck("GlobalAveragePool").Equal(new Naive(one, [.. planes.Select(p => p.Average())]), x);
            new OperatorCheck("GlobalMaxPool").Equal(new Naive(one, [.. planes.Select(p => p.Max())]), x);
        }
    }

    [Fact]
    public void Refuses_shapes_that_do_not_fit()
    {
        void Refused(string part, int[] x, int[] w, params (string, object)[] attributes)
        {
            GraphWriter graph = new GraphWriter().Input("x", [.. x.Cast<object>()]).Constant("w", new float[Naive.Size(w)], [.. w.Select(s => (long)s)]).Node("Conv", ["x", "w"], ["y"], attributes).Output("y");
            var e = Assert.Throws<ModelException>(() => graph.Load().Compile());
            Assert.Contains(part, e.Message, StringComparison.Ordinal);
        }
        Refused("whole groups", [1, 3, 9], [4, 2, 3]);
        Refused("does not fit into", [1, 2, 2], [4, 2, 3]);
        Refused("same number of dimensions", [1, 2, 9], [4, 2, 3, 3]);
        Refused("strides has 0", [1, 2, 9], [4, 2, 3], ("strides", new long[] { 0 }));
        Refused("pads has 1 numbers", [1, 2, 9], [4, 2, 3], ("pads", new long[] { 1 }));
        Refused("auto_pad 'MOST'", [1, 2, 9], [4, 2, 3], ("auto_pad", "MOST"));
        Refused("kernel_shape 5", [1, 2, 9], [4, 2, 3], ("kernel_shape", new long[] { 5 }));
    }

    private static float[] Run(OnnxModel model, KernelKind kind, float[] input, bool fuse = true)
    {
        ModelSession session = model.Compile(new CompileOptions { Kernels = kind, Fuse = fuse });
        input.CopyTo(session.Input(0));
        session.Run();
        session.Run();
        return session.Output(0).ToArray();
    }

    /// <summary>A window of random form over random sizes.</summary>
    private sealed record WindowCase(int[] Spatial, int[] Sizes, int[] Strides, int[] Dilations, int[] Before, int[] After)
    {
        public static WindowCase Random(Random random, int rank, bool large)
        {
            int[] Some(int low, int high) => [.. Enumerable.Range(0, rank).Select(_ => random.Next(low, high))];
            int most = large ? (rank == 1 ? 150 : 24) : (rank == 3 ? 6 : 10);
            return new WindowCase(Some(3, most), Some(1, 4), Some(1, 4), Some(1, 3), Some(0, 3), Some(0, 3));
        }

        public int[] Outputs(bool ceil) => [.. Spatial.Select((size, a) =>
        {
            int room = size + Before[a] + After[a] - ((Sizes[a] - 1) * Dilations[a]) - 1;
            if (room < 0) return 0;
            int count = (room / Strides[a]) + 1;
            if (ceil && room % Strides[a] > 0 && count * Strides[a] < size + Before[a]) count++;
            return count;
        })];

        /// <summary>The element under a tap; null in the padding.</summary>
        public int[]? Element(int[] at, int[] tap)
        {
            int[] element = [.. at.Select((position, a) => (position * Strides[a]) + (tap[a] * Dilations[a]) - Before[a])];
            return element.Where((i, a) => i < 0 || i >= Spatial[a]).Any() ? null : element;
        }

        /// <summary>Whether the tap lies in the input or its padding, rather than behind.</summary>
        public bool IsPadded(int[] at, int[] tap) => !at.Where((position, a) => (position * Strides[a]) + (tap[a] * Dilations[a]) - Before[a] >= Spatial[a] + After[a]).Any();

        public (string, object)[] Attributes(Random random)
        {
            var attributes = new List<(string, object)> { ("pads", ((int[])[.. Before, .. After]).Select(p => (long)p).ToArray()) };
            if (Strides.Any(s => s > 1) || random.Next(2) == 0) attributes.Add(("strides", Strides.Select(s => (long)s).ToArray()));
            if (Dilations.Any(d => d > 1) || random.Next(2) == 0) attributes.Add(("dilations", Dilations.Select(d => (long)d).ToArray()));
            return [.. attributes];
        }
    }
}
