using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>Each operator against its definition. Seeds are fixed, so a failure repeats.</summary>
public sealed class OperatorTests
{
    private static readonly int[] _counts = [1, 3, 15, 16, 17, 64, 100];

    public static TheoryData<string> UnaryNames => [.. Unary.Keys];

    private static Dictionary<string, (Func<double, double> F, double Low, double High)> Unary { get; } = new()
    {
        ["Relu"] = (x => Math.Max(x, 0), -4, 4),
        ["LeakyRelu"] = (x => x < 0 ? (double)0.01f * x : x, -4, 4),
        ["Elu"] = (x => x < 0 ? Math.Exp(x) - 1 : x, -20, 5),
        ["Tanh"] = (Math.Tanh, -12, 12),
        ["Sigmoid"] = (x => 1 / (1 + Math.Exp(-x)), -20, 20),
        ["Softplus"] = (x => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x))), -30, 30),
        ["Erf"] = (Erf, -5, 5),
        ["Exp"] = (Math.Exp, -20, 5),
        ["Log"] = (Math.Log, 1e-6, 50),
        ["Sqrt"] = (Math.Sqrt, 0, 100),
        ["Abs"] = (Math.Abs, -4, 4),
        ["Neg"] = (x => -x, -4, 4),
        ["Identity"] = (x => x, -4, 4),
        ["Dropout"] = (x => x, -4, 4),
    };

    [Theory]
    [MemberData(nameof(UnaryNames))]
    public void Functions_of_one_number(string op)
    {
        (Func<double, double> f, double low, double high) = Unary[op];
        var random = new Random(11);
        foreach (int count in _counts)
        {
            Naive x = Naive.Random(random, [count], low, high);
            new OperatorCheck(op).Equal(x.Map(f), x);
        }
    }

    [Theory]
    [InlineData("Relu")]
    [InlineData("Tanh")]
    [InlineData("Sigmoid")]
    [InlineData("Clip")]
    [InlineData("Sqrt")]
    [InlineData("Softplus")]
    [InlineData("Add")]
    public void What_is_not_a_number_stays_so(string op)
    {
        var x = new Naive([5], [1, double.NaN, 2, double.NaN, 0.5]);
        Naive[] inputs = op == "Clip" ? [x, new([], [-10]), new([], [10])] : op == "Add" ? [x, new([1], [0])] : [x];
        foreach (KernelKind kind in ModelVectors.Kinds)
        {
            var graph = new GraphWriter().Input("x", 5).Output("y", 5);
            for (int i = 1; i < inputs.Length; i++) graph.Constant($"c{i}", inputs[i].Floats, inputs[i].Dimensions);
            ModelSession session = graph.Node(op, ["x", .. Enumerable.Range(1, inputs.Length - 1).Select(i => $"c{i}")], ["y"]).Load().Compile(new CompileOptions { Kernels = kind });
            x.Floats.CopyTo(session.Input(0));
            session.Run();
            Assert.Equal([false, true, false, true, false], session.Output(0).ToArray().Select(float.IsNaN));
        }
    }

    [Theory]
    [InlineData("Add")]
    [InlineData("Sub")]
    [InlineData("Mul")]
    [InlineData("Div")]
    [InlineData("Pow")]
    public void Functions_of_two_broadcast_as_numpy_does(string op)
    {
        var random = new Random(12);
        for (int round = 0; round < 40; round++)
        {
            int[] full = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(1, 20 / (round % 4 + 1) + 1))];
            int[] Part() => [.. full.Skip(random.Next(0, full.Length)).Select(size => random.Next(3) == 0 ? 1 : size)];
            Naive a = Naive.Random(random, random.Next(2) == 0 ? full : Part(), 0.2, 2), b = Naive.Random(random, Part(), 0.2, 2);
            int rank = Math.Max(a.Shape.Length, b.Shape.Length);
            var shape = new int[rank];
            for (int i = 1; i <= rank; i++) shape[^i] = Math.Max(i <= a.Shape.Length ? a.Shape[^i] : 1, i <= b.Shape.Length ? b.Shape[^i] : 1);
            Func<double, double, double> f = op switch { "Add" => (x, y) => x + y, "Sub" => (x, y) => x - y, "Mul" => (x, y) => x * y, "Div" => (x, y) => x / y, _ => Math.Pow };
            new OperatorCheck(op).Equal(Naive.From(shape, at => f(a.At(at), b.At(at))), a, b);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0.5)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(-1.5)]
    public void Powers_with_a_constant_exponent(double exponent)
    {
        Naive x = Naive.Random(new Random(13), [3, 7], 0.1, 3);
        new OperatorCheck("Pow").Equal(x.Map(v => Math.Pow(v, exponent)), x, new Naive([], [exponent]));
    }

    [Fact]
    public void Clip_takes_its_bounds_from_attributes_before_opset_11_and_from_inputs_after()
    {
        Naive x = Naive.Random(new Random(14), [4, 9], -10, 10);
        new OperatorCheck("Clip") { Opset = 7, Attributes = [("min", -2f), ("max", 3f)] }.Equal(x.Map(v => Math.Clamp(v, -2, 3)), x);
        foreach (bool low in new[] { true, false })
        {
            var graph = new GraphWriter { Opset = 11 }.Input("x", 4, 9).Output("y", 4, 9).Constant("b", [1.5f]);
            ModelSession session = graph.Node("Clip", low ? ["x", "b"] : ["x", "", "b"], ["y"]).Load().Compile();
            x.Floats.CopyTo(session.Input(0));
            session.Run();
            Assert.Equal(x.Floats.Select(v => low ? MathF.Max(v, 1.5f) : MathF.Min(v, 1.5f)), session.Output(0).ToArray());
        }
    }

    [Fact]
    public void Matrix_products_of_every_width()
    {
        var random = new Random(15);
        foreach (int columns in new[] { 1, 3, 8, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 100, 129 })
        {
            foreach (int depth in new[] { 1, 2, 3, 4, 5, 7, 32, 33 })
            {
                Naive a = Naive.Random(random, [random.Next(1, 4), depth], -1, 1), b = Naive.Random(random, [depth, columns], -1, 1);
                new OperatorCheck("MatMul").Equal(Naive.MatMul(a, b), a, b);
            }
        }
    }

    [Theory]
    [InlineData("5", "5")]
    [InlineData("5", "5,7")]
    [InlineData("4,5", "5")]
    [InlineData("2,4,5", "5,3")]
    [InlineData("2,4,5", "2,5,3")]
    [InlineData("2,4,5", "1,5,3")]
    [InlineData("1,4,5", "3,5,18")]
    [InlineData("3,1,4,5", "1,2,5,3")]
    [InlineData("2,1,4,5", "3,5,3")]
    [InlineData("5", "2,3,5,4")]
    public void Batches_of_matrix_products(string left, string right)
    {
        var random = new Random(16);
        Naive a = Naive.Random(random, [.. left.Split(',').Select(int.Parse)], -1, 1), b = Naive.Random(random, [.. right.Split(',').Select(int.Parse)], -1, 1);
        new OperatorCheck("MatMul").Equal(Naive.MatMul(a, b), a, b);
    }

    [Fact]
    public void Gemm_with_all_its_switches()
    {
        var random = new Random(17);
        int[][] addends = [[], [1], [6], [1, 6], [4, 1], [4, 6]];
        for (int round = 0; round < 48; round++)
        {
            bool transA = (round & 1) != 0, transB = (round & 2) != 0;
            float alpha = round % 3 == 0 ? 1 : 0.5f, beta = round % 5 == 0 ? 1 : 1.5f;
            Naive a = Naive.Random(random, [4, 5], -1, 1), b = Naive.Random(random, [5, 6], -1, 1);
            Naive? c = round % 7 == 0 ? null : Naive.Random(random, addends[round % 6], -1, 1);
            Naive product = Naive.MatMul(a, b);
            Naive expected = Naive.From([4, 6], at => (alpha * product.At(at)) + (c is null ? 0 : beta * c.At(at)));
            new OperatorCheck("Gemm") { Attributes = [("alpha", alpha), ("beta", beta), ("transA", transA ? 1 : 0), ("transB", transB ? 1 : 0)] }
                .Equal(expected, transA ? Transposed(a) : a, transB ? Transposed(b) : b, c);
        }
    }

    [Theory]
    [InlineData("Softmax")]
    [InlineData("LogSoftmax")]
    public void Softmax_along_any_axis(string op)
    {
        var random = new Random(18);
        foreach (int[] shape in new[] { new[] { 3 }, [1, 3], [2, 17], [3, 4, 5], [2, 3, 40] })
        {
            Naive x = Naive.Random(random, shape, -6, 6);
            for (int axis = 0; axis < shape.Length; axis++)
            {
                new OperatorCheck(op) { Opset = 13, Attributes = [("axis", axis)] }.Equal(Expected([axis]), x);
                new OperatorCheck(op) { Opset = 13, Attributes = [("axis", axis - shape.Length)] }.Equal(Expected([axis]), x);
                new OperatorCheck(op) { Opset = 11, Attributes = [("axis", axis)] }.Equal(Expected([.. Enumerable.Range(axis, shape.Length - axis)]), x);
            }
            new OperatorCheck(op) { Opset = 13 }.Equal(Expected([shape.Length - 1]), x);

            Naive Expected(int[] axes) => x.AlongAxes(axes, v =>
            {
                double sum = v.Sum(Math.Exp);
                return [.. v.Select(e => op == "Softmax" ? Math.Exp(e) / sum : e - Math.Log(sum))];
            });
        }
    }

    [Fact]
    public void Softmax_of_large_numbers_does_not_overflow()
    {
        var x = new Naive([3], [1000, 999, -1000]);
        new OperatorCheck("Softmax").Equal(new Naive([3], [1 / (1 + Math.Exp(-1)), Math.Exp(-1) / (1 + Math.Exp(-1)), 0]), x);
    }

    [Fact]
    public void Means_over_any_axes()
    {
        Naive x = Naive.Random(new Random(19), [3, 4, 5]);
        foreach (int[] axes in new[] { new[] { 0 }, [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2] })
        {
            foreach (bool keep in new[] { true, false })
            {
                long[] list = [.. axes.Select(a => (long)a - 3)];
                new OperatorCheck("ReduceMean") { Opset = 13, Attributes = [("axes", list), ("keepdims", keep ? 1 : 0)] }.Equal(x.Mean(axes, keep), x);
                new OperatorCheck("ReduceMean") { Opset = 18, Integers = [list], Attributes = [("keepdims", keep ? 1 : 0)] }.Equal(x.Mean(axes, keep), x);
            }
        }
        new OperatorCheck("ReduceMean").Equal(x.Mean([0, 1, 2], true), x);
        new OperatorCheck("ReduceMean") { Opset = 18, Attributes = [("noop_with_empty_axes", 1)] }.Equal(x, x);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(2, false)]
    public void Layer_normalisation(int axis, bool withBias)
    {
        var random = new Random(20);
        Naive x = Naive.Random(random, [3, 4, 37]);
        int[] axes = [.. Enumerable.Range(axis, 3 - axis)], shape = x.Shape[axis..];
        Naive scale = Naive.Random(random, shape), bias = Naive.Random(random, shape);
        Naive normal = x.AlongAxes(axes, v =>
        {
            double mean = v.Average(), variance = v.Average(e => (e - mean) * (e - mean));
            return [.. v.Select(e => (e - mean) / Math.Sqrt(variance + (double)1e-3f))];
        });
        Naive expected = Naive.From(x.Shape, at => (normal.At(at) * scale.At(at)) + (withBias ? bias.At(at) : 0));
        new OperatorCheck("LayerNormalization") { Attributes = [("axis", axis - 3), ("epsilon", 1e-3f)] }.Equal(expected, withBias ? [x, scale, bias] : [x, scale]);
    }

    [Fact]
    public void Transposes_in_every_order()
    {
        Naive x = Naive.Random(new Random(21), [2, 3, 1, 4]);
        foreach (int[] perm in Orders(4))
        {
            Naive expected = Naive.From([.. perm.Select(p => x.Shape[p])], at =>
            {
                var from = new int[4];
                for (int i = 0; i < 4; i++) from[perm[i]] = at[i];
                return x.At(from);
            });
            new OperatorCheck("Transpose") { Attributes = [("perm", perm.Select(p => (long)p).ToArray())] }.Equal(expected, x);
        }
        new OperatorCheck("Transpose").Equal(Naive.From([4, 1, 3, 2], at => x.At([at[3], at[2], at[1], at[0]])), x);
    }

    [Fact]
    public void Concatenates_along_any_axis()
    {
        var random = new Random(22);
        for (int axis = 0; axis < 3; axis++)
        {
            Naive[] parts = [.. Enumerable.Range(1, 3).Select(n => Naive.Random(random, [.. new[] { 2, 3, 4 }.Select((s, i) => i == axis ? n : s)]))];
            int[] shape = [.. new[] { 2, 3, 4 }.Select((s, i) => i == axis ? 6 : s)];
            int concatAxis = axis;
            Naive expected = Naive.From(shape, at =>
            {
                int[] index = [.. at];
                int part = 0;
                for (; index[concatAxis] >= parts[part].Shape[concatAxis]; part++) index[concatAxis] -= parts[part].Shape[concatAxis];
                return parts[part].At(index);
            });
            new OperatorCheck("Concat") { Attributes = [("axis", axis)] }.Equal(expected, parts);
        }
    }

    [Fact]
    public void Gathers_slices_also_from_the_back()
    {
        Naive x = Naive.Random(new Random(23), [4, 5, 3]);
        long[] picks = [3, -1, 0, 2];
        for (int axis = 0; axis < 3; axis++)
        {
            long[] indices = [.. picks.Select(p => Math.Clamp(p, -x.Shape[axis], x.Shape[axis] - 1))];
            int gatherAxis = axis;
            Naive expected = Naive.From([.. x.Shape.Select((s, i) => i == axis ? 4 : s)], at =>
            {
                int[] index = [.. at];
                long pick = indices[at[gatherAxis]];
                index[gatherAxis] = (int)(pick < 0 ? pick + x.Shape[gatherAxis] : pick);
                return x.At(index);
            });
            new OperatorCheck("Gather") { Integers = [indices], Attributes = [("axis", axis)] }.Equal(expected, x);
        }
    }

    [Theory]
    [InlineData("2,3,4", "4,-1", "4,6")]
    [InlineData("2,3,4", "0,0,2,2", "2,3,2,2")]
    [InlineData("2,3,4", "-1", "24")]
    [InlineData("1", "", "")]
    public void Reshapes(string from, string to, string result)
    {
        Naive x = Naive.Random(new Random(24), Ints(from));
        new OperatorCheck("Reshape") { Integers = [[.. Ints(to).Select(i => (long)i)]] }.Equal(x with { Shape = Ints(result) }, x);
    }

    [Fact]
    public void Flattens_squeezes_and_unsqueezes()
    {
        Naive x = Naive.Random(new Random(25), [2, 1, 3, 1]);
        foreach ((int axis, int[] shape) in new (int, int[])[] { (0, [1, 6]), (1, [2, 3]), (3, [6, 1]), (4, [6, 1]), (-1, [6, 1]) })
            new OperatorCheck("Flatten") { Attributes = [("axis", axis)] }.Equal(x with { Shape = shape }, x);
        new OperatorCheck("Squeeze").Equal(x with { Shape = [2, 3] }, x);
        new OperatorCheck("Squeeze") { Opset = 11, Attributes = [("axes", new long[] { -1 })] }.Equal(x with { Shape = [2, 1, 3] }, x);
        new OperatorCheck("Squeeze") { Opset = 13, Integers = [[1]] }.Equal(x with { Shape = [2, 3, 1] }, x);
        new OperatorCheck("Unsqueeze") { Opset = 11, Attributes = [("axes", new long[] { 0, -1 })] }.Equal(x with { Shape = [1, 2, 1, 3, 1, 1] }, x);
        new OperatorCheck("Unsqueeze") { Opset = 13, Integers = [[0, 2]] }.Equal(x with { Shape = [1, 2, 1, 1, 3, 1] }, x);
    }

    [Fact]
    public void Shape_arithmetic_folds_into_a_reshape()
    {
        // What exporters write for x.view(x.shape[0], -1): nothing of it is left at run time.
        ModelSession session = new GraphWriter().Input("x", "batch", 3, 4).Output("y", "batch", 12)
            .Node("Shape", ["x"], ["s"]).Constant("zero", new long[] { 0 }, 1).Node("Gather", ["s", "zero"], ["b"], ("axis", 0))
            .Constant("rest", new long[] { -1 }, 1).Constant("axis", new long[] { 0 }, 1)
            .Node("Squeeze", ["b", "axis"], ["b0"]).Node("Unsqueeze", ["b0", "axis"], ["b1"])
            .Node("Concat", ["b1", "rest"], ["to"], ("axis", 0)).Node("Reshape", ["x", "to"], ["r"]).Node("Relu", ["r"], ["y"])
            .Load().Compile(new CompileOptions { Dimensions = new Dictionary<string, int> { ["batch"] = 5 } });
        Assert.Equal(1, session.Steps);
        Assert.Equal("y Float32[5, 12]", session.Outputs[0].ToString());
    }

    [Fact]
    public void Integers_compute_gather_and_cast()
    {
        ModelSession session = new GraphWriter().IntegerInput("i", 3).IntegerOutput("sum", 3).IntegerOutput("quotient", 3).Output("f", 3).IntegerOutput("back", 3).Output("picked", 3, 2)
            .Constant("c", new long[] { 10, 0, -1 }, 3).Constant("table", [0f, 1, 2, 3, 4, 5, 6, 7], 4, 2).Constant("half", [0.5f])
            .Node("Add", ["i", "c"], ["sum"]).Node("Div", ["i", "c"], ["quotient"])
            .Node("Cast", ["i"], ["f0"], ("to", 1)).Node("Mul", ["f0", "half"], ["f"]).Node("Cast", ["f"], ["back"], ("to", 7))
            .Node("Gather", ["table", "i"], ["picked"])
            .Load().Compile();
        new long[] { 3, -1, 99 }.CopyTo(session.InputIntegers(0));
        session.Run();
        Assert.Equal([13, -1, 98], session.OutputIntegers(0).ToArray());
        Assert.Equal([0, 0, -99], session.OutputIntegers(1).ToArray()); // A division by zero gives 0.
        Assert.Equal([1.5f, -0.5f, 49.5f], session.Output(2).ToArray());
        Assert.Equal([1, 0, 49], session.OutputIntegers(3).ToArray()); // Towards zero.
        Assert.Equal([6f, 7, 6, 7, 6, 7], session.Output(4).ToArray()); // 99 is out of range: the nearest slice.
        Assert.Throws<InvalidOperationException>(() => session.Input(0).Length);
        Assert.Equal((0, -1, 3), (session.InputIndex("i"), session.InputIndex("x"), session.OutputIndex("back")));
    }

    [Fact]
    public void The_largest_is_found_first_or_last()
    {
        Naive x = new([2, 4], [1, 7, 7, 0, 3, 2, 3, 3]);
        foreach ((bool last, long[] expected) in new (bool, long[])[] { (false, [1, 0]), (true, [2, 3]) })
        {
            ModelSession session = new GraphWriter().Input("x", 2, 4).IntegerOutput("y", 2)
                .Node("ArgMax", ["x"], ["y"], ("axis", -1), ("keepdims", 0), ("select_last_index", last ? 1 : 0)).Load().Compile();
            x.Floats.CopyTo(session.Input(0));
            session.Run();
            Assert.Equal(expected, session.OutputIntegers(0).ToArray());
        }
    }

    [Theory]
    [InlineData("Relu")]
    [InlineData("LeakyRelu")]
    [InlineData("Tanh")]
    [InlineData("Sigmoid")]
    [InlineData("Elu")]
    [InlineData("Softplus")]
    public void Bias_and_activation_join_the_product_before_them(string activation)
    {
        var random = new Random(26);
        Naive x = Naive.Random(random, [2, 9]), w = Naive.Random(random, [9, 21]), b = Naive.Random(random, [21]);
        OnnxModel model = new GraphWriter().Input("x", 2, 9).Output("y", 2, 21).Constant("w", w.Floats, 9, 21).Constant("b", b.Floats, 21)
            .Node("MatMul", ["x", "w"], ["m"]).Node("Add", ["b", "m"], ["a"]).Node(activation, ["a"], ["y"]).Load();
        foreach (KernelKind kind in ModelVectors.Kinds)
        {
            ModelSession fused = model.Compile(new CompileOptions { Kernels = kind }), apart = model.Compile(new CompileOptions { Kernels = kind, Fuse = false });
            Assert.Equal((1, 3), (fused.Steps, apart.Steps));
            foreach (ModelSession session in new[] { fused, apart })
            {
                x.Floats.CopyTo(session.Input(0));
                session.Run();
            }
            Naive product = Naive.MatMul(x, w);
            Naive expected = Naive.From([2, 21], at => Unary[activation].F(product.At(at) + b.At(at)));
            for (int i = 0; i < expected.Data.Length; i++)
            {
                Assert.Equal(expected.Data[i], fused.Output(0)[i], 1e-5);
                Assert.Equal(expected.Data[i], apart.Output(0)[i], 1e-5);
            }
        }
    }

    [Fact]
    public void A_layer_that_is_read_twice_is_not_fused()
    {
        ModelSession session = new GraphWriter().Input("x", 1, 2).Output("m", 1, 2).Output("y", 1, 2).Constant("w", [1f, 0, 0, 1], 2, 2)
            .Node("MatMul", ["x", "w"], ["m"]).Node("Relu", ["m"], ["y"]).Load().Compile();
        new[] { -1f, 2f }.CopyTo(session.Input(0));
        session.Run();
        Assert.Equal([-1f, 2f], session.Output(0).ToArray());
        Assert.Equal([0f, 2f], session.Output(1).ToArray());
    }

    [Fact]
    public void Constants_may_be_written_in_every_form()
    {
        byte[] tensor = GraphWriter.Tensor("", 1, [2], w => w.WriteFloat(4, 1).WriteFloat(4, 2));
        byte[] half = GraphWriter.Tensor("", 10, [2], w => w.WriteNumber(5, BitConverter.HalfToUInt16Bits((Half)0.5)).WriteNumber(5, BitConverter.HalfToUInt16Bits((Half)(-2))));
        byte[] doubles = GraphWriter.Tensor("", 11, [2], w => w.WriteRaw(9, [.. BitConverter.GetBytes(0.25), .. BitConverter.GetBytes(4.0)]));
        ModelSession session = new GraphWriter().Output("y", 2)
            .Node("Constant", [], ["a"], ("value", tensor)).Node("Constant", [], ["b"], ("value_floats", new[] { 10f, 20f })).Node("Constant", [], ["c"], ("value_float", 100f))
            .Node("Constant", [], ["d"], ("value", half)).Node("Constant", [], ["e"], ("value", doubles))
            .Node("Add", ["a", "b"], ["ab"]).Node("Add", ["ab", "c"], ["abc"]).Node("Add", ["abc", "d"], ["abcd"]).Node("Cast", ["e"], ["e32"], ("to", 1)).Node("Add", ["abcd", "e32"], ["y"]).Load().Compile();
        Assert.Equal([111.75f, 124f], session.Output(0).ToArray());
    }

    private static int[] Ints(string text) => text.Length == 0 ? [] : [.. text.Split(',').Select(int.Parse)];

    private static Naive Transposed(Naive x) => Naive.From([x.Shape[1], x.Shape[0]], at => x.At([at[1], at[0]]));

    private static IEnumerable<int[]> Orders(int count) => count == 1
        ? [[0]]
        : Orders(count - 1).SelectMany(order => Enumerable.Range(0, count).Select(at => (int[])[.. order[..at], count - 1, .. order[at..]]));

    /// <summary>The error function by its Maclaurin series, which converges well enough up to 5 in double precision.</summary>
    internal static double Erf(double x)
    {
        double term = x, sum = x;
        for (int n = 1; n < 200; n++)
        {
            term *= -x * x / n;
            sum += term / ((2 * n) + 1);
        }
        return 2 / Math.Sqrt(Math.PI) * sum;
    }
}
