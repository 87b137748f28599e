using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>What operators took as attributes once and take as inputs now, and what came with opset 18 and later. Each form against the definition.</summary>
public sealed class VersionTests
{
    [Fact]
    public void A_slice_has_attributes_before_opset_10()
    {
        Naive x = Naive.Random(new Random(501), [5, 6, 7]);
        Naive expected = Naive.From([3, 6, 4], at => x.At([at[0] + 1, at[1], at[2] + 2]));
        new OperatorCheck("Slice") { Opset = 9, Attributes = [("starts", new long[] { 1, 2 }), ("ends", new long[] { -1, 6 }), ("axes", new long[] { 0, -1 })] }.Equal(expected, x);
        new OperatorCheck("Slice") { Opset = 13, Integers = [[1, 2], [-1, 6], [0, -1]] }.Equal(expected, x);
        new OperatorCheck("Slice") { Opset = 9, Attributes = [("starts", new long[] { 1 }), ("ends", new long[] { long.MaxValue })] }.Equal(Naive.From([4, 6, 7], at => x.At([at[0] + 1, at[1], at[2]])), x);
        new OperatorCheck("Slice") { Opset = 13, Integers = [[-1], [long.MinValue], [1], [-2]] }.Equal(Naive.From([5, 3, 7], at => x.At([at[0], 5 - (2 * at[1]), at[2]])), x);
    }

    [Fact]
    public void A_pad_has_attributes_before_opset_11_and_axes_from_18()
    {
        Naive x = Naive.Random(new Random(502), [3, 4]);
        Naive Padded(double value) => Naive.From([6, 5], at => at[0] is >= 1 and < 4 && at[1] < 4 ? x.At([at[0] - 1, at[1]]) : value);
        new OperatorCheck("Pad") { Opset = 10, Attributes = [("pads", new long[] { 1, 0, 2, 1 }), ("value", 2.5f)] }.Equal(Padded(2.5), x);
        new OperatorCheck("Pad") { Opset = 11, Integers = [[1, 0, 2, 1]] }.Equal(Padded(0), x);
        ModelSession session = new GraphWriter { Opset = 18 }.Input("x", 3, 4).Constant("pads", new long[] { 2, 1 }, 2).Constant("axes", new long[] { -2 }, 1).Node("Pad", ["x", "pads", "", "axes"], ["y"]).Output("y", 6, 4).Load().Compile();
        x.Floats.CopyTo(session.Input(0));
        session.Run();
        Assert.Equal(Naive.From([6, 4], at => at[0] is >= 2 and < 5 ? x.At([at[0] - 2, at[1]]) : 0).Floats, session.Output(0).ToArray());
    }

    [Theory]
    [InlineData("edge", "0 0 0 1 2 3 3")]
    [InlineData("reflect", "2 1 0 1 2 3 2")]
    [InlineData("wrap", "2 3 0 1 2 3 0")]
    public void A_pad_repeats_what_is_there(string mode, string places)
    {
        var x = new Naive([4], [10, 11, 12, 13]);
        double[] expected = [.. places.Split(' ').Select(p => 10.0 + int.Parse(p))];
        new OperatorCheck("Pad") { Opset = 19, Integers = [[2, 1]], Attributes = [("mode", mode)] }.Equal(new Naive([7], expected), x);
    }

    [Theory]
    [InlineData(9, true)]
    [InlineData(11, true)]
    [InlineData(11, false)]
    public void The_largest_are_counted_by_an_attribute_before_opset_10(int opset, bool largest)
    {
        Naive x = Naive.Random(new Random(503), [4, 9]);
        GraphWriter graph = new GraphWriter { Opset = opset }.Input("x", 4, 9);
        if (opset >= 10) graph.Constant("k", new long[] { 3 }, 1);
        (string, object)[] attributes = opset < 10 ? [("k", 3), ("axis", 1)] : [("axis", 1), ("largest", largest ? 1 : 0)];
        ModelSession session = graph.Node("TopK", opset < 10 ? ["x"] : ["x", "k"], ["v", "i"], attributes).Output("v", 4, 3).IntegerOutput("i", 4, 3).Load().Compile();
        x.Floats.CopyTo(session.Input(0));
        session.Run();
        for (int row = 0; row < 4; row++)
        {
            IEnumerable<int> order = Enumerable.Range(0, 9).OrderBy(i => largest ? -x.At([row, i]) : x.At([row, i])).Take(3);
            Assert.Equal(order.Select(i => (long)i), session.OutputIntegers(1).Slice(row * 3, 3).ToArray());
            Assert.Equal(order.Select(i => (float)x.At([row, i])), session.Output(0).Slice(row * 3, 3).ToArray());
        }
    }

    [Fact]
    public void A_clip_without_bounds_changes_nothing()
    {
        Naive x = Naive.Random(new Random(504), [7], -1e6, 1e6);
        new OperatorCheck("Clip") { Opset = 6 }.Equal(x, x);
        new OperatorCheck("Clip") { Opset = 13 }.Equal(x, x);
        new OperatorCheck("Clip") { Opset = 10, Attributes = [("max", 5f)] }.Equal(x.Map(v => Math.Min(v, 5)), x);
    }

    [Theory]
    [InlineData("ReduceSum", 11)]
    [InlineData("ReduceSum", 13)]
    [InlineData("ReduceMax", 13)]
    [InlineData("ReduceMax", 18)]
    [InlineData("ReduceMin", 18)]
    [InlineData("ReduceProd", 18)]
    [InlineData("ReduceMean", 18)]
    [InlineData("ReduceL1", 18)]
    [InlineData("ReduceL2", 18)]
    [InlineData("ReduceLogSum", 18)]
    [InlineData("ReduceLogSumExp", 18)]
    [InlineData("ReduceSumSquare", 17)]
    [InlineData("ReduceSumSquare", 18)]
    public void Axes_of_a_reduction_became_an_input(string op, int opset)
    {
        Naive x = Naive.Random(new Random(505), [3, 4, 5], 0.2, 2);
        Func<double[], double> f = op switch
        {
            "ReduceSum" => v => v.Sum(), "ReduceMax" => v => v.Max(), "ReduceMin" => v => v.Min(), "ReduceProd" => v => v.Aggregate(1.0, (a, b) => a * b), "ReduceMean" => v => v.Average(),
            "ReduceL1" => v => v.Sum(Math.Abs), "ReduceL2" => v => Math.Sqrt(v.Sum(e => e * e)), "ReduceLogSum" => v => Math.Log(v.Sum()), "ReduceLogSumExp" => v => Math.Log(v.Sum(Math.Exp)), _ => v => v.Sum(e => e * e),
        };
        bool input = opset >= (op == "ReduceSum" ? 13 : 18);
        foreach (int[] axes in new[] { new[] { 1 }, [-1], [0, 2], [] })
        {
            foreach (bool keep in new[] { true, false })
            {
                int[] along = axes.Length == 0 ? [0, 1, 2] : [.. axes.Select(a => (a + 3) % 3)];
                Naive spread = x.AlongAxes(along, v => [.. v.Select(_ => f(v))]);
                Naive kept = Naive.From([.. x.Shape.Select((s, i) => along.Contains(i) ? 1 : s)], spread.At);
                Naive expected = keep ? kept : kept with { Shape = [.. x.Shape.Where((_, i) => !along.Contains(i))] };
                long[] list = [.. axes.Select(a => (long)a)];
                (string, object) keepdims = ("keepdims", keep ? 1 : 0);
                OperatorCheck check = input ? new OperatorCheck(op) { Opset = opset, Integers = axes.Length > 0 ? [list] : [], Attributes = [keepdims], Tolerance = 1e-5f }
                    : new OperatorCheck(op) { Opset = opset, Attributes = axes.Length > 0 ? [keepdims, ("axes", list)] : [keepdims], Tolerance = 1e-5f };
                check.Equal(expected, x);
            }
        }
        if (input) new OperatorCheck(op) { Opset = opset, Attributes = [("noop_with_empty_axes", 1)] }.Equal(x, x);
    }

    [Theory] // Ten in three parts: 4, 4 and 2; or as the sizes say.
    [InlineData(18, "num_outputs", "4 4 2")]
    [InlineData(11, "split", "3 6 1")]
    [InlineData(13, "input", "3 6 1")]
    public void A_split_says_how_many_or_how_large(int opset, string form, string sizes)
    {
        int[] parts = [.. sizes.Split(' ').Select(int.Parse)];
        Naive x = Naive.Random(new Random(506), [2, 10]);
        GraphWriter graph = new GraphWriter { Opset = opset }.Input("x", 2, 10);
        if (form == "input") graph.Constant("sizes", [.. parts.Select(p => (long)p)], 3);
        (string, object)[] attributes = form switch { "num_outputs" => [("axis", 1), ("num_outputs", 3)], "split" => [("axis", 1), ("split", parts.Select(p => (long)p).ToArray())], _ => [("axis", 1)] };
        graph.Node("Split", form == "input" ? ["x", "sizes"] : ["x"], ["a", "b", "c"], attributes);
        for (int i = 0; i < 3; i++) graph.Output("abc"[i].ToString(), 2, parts[i]);
        ModelSession session = graph.Load().Compile();
        x.Floats.CopyTo(session.Input(0));
        session.Run();
        for (int i = 0, at = 0; i < 3; at += parts[i], i++)
            Assert.Equal(Naive.From([2, parts[i]], index => x.At([index[0], index[1] + at])).Floats, session.Output(i).ToArray());
    }

    [Fact]
    public void Operators_below_opset_7_are_refused_by_name_where_they_differ()
    {
        Assert.Contains("Relu (opset 5)", Assert.Throws<ModelException>(() => new GraphWriter { Opset = 5 }.Input("x", 3).Output("y", 3).Node("Relu", ["x"], ["y"]).Load()).Message, StringComparison.Ordinal);
        new OperatorCheck("Softsign") { Opset = 1 }.Equal(new Naive([2], [0.5, -0.75]), new Naive([2], [1, -3])); // The same ever since.
    }

    [Fact]
    public void Functions_that_came_late()
    {
        Naive x = Naive.Random(new Random(507), [3, 17], -5, 5);
        new OperatorCheck("Gelu") { Opset = 20 }.Equal(x.Map(v => 0.5 * v * (1 + OperatorTests.Erf(v / Math.Sqrt(2)))), x);
        new OperatorCheck("Gelu") { Opset = 20, Attributes = [("approximate", "tanh")] }.Equal(x.Map(v => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + (0.044715 * v * v * v))))), x);
        new OperatorCheck("Mish") { Opset = 18 }.Equal(x.Map(v => v * Math.Tanh(Math.Log(1 + Math.Exp(v)))), x);
    }

    [Fact]
    public void Bits_are_joined_in_every_type_of_whole_numbers()
    {
        long[] a = [0, 1, -1, 0x55, 0x7f, -128, 33], b = [5, 3, 0x0f, -86, 1, 127, 60];
        foreach (ElementType type in new[] { ElementType.Int64, ElementType.Int32, ElementType.Int16, ElementType.Int8, ElementType.UInt8, ElementType.UInt16, ElementType.UInt32, ElementType.UInt64 })
        {
            foreach ((string op, Func<long, long, long> f) in new (string, Func<long, long, long>)[] { ("BitwiseAnd", (p, q) => p & q), ("BitwiseOr", (p, q) => p | q), ("BitwiseXor", (p, q) => p ^ q), ("BitwiseNot", (p, _) => ~p) })
            {
                GraphWriter graph = new GraphWriter { Opset = 18 }.IntegerInput("a", 7).IntegerInput("b", 7).Node("Cast", ["a"], ["p"], ("to", (int)type)).Node("Cast", ["b"], ["q"], ("to", (int)type))
                    .Node(op, op == "BitwiseNot" ? ["p"] : ["p", "q"], ["r"]).Node("Cast", ["r"], ["y"], ("to", 7)).IntegerOutput("y", 7);
                ModelSession session = graph.Load().Compile();
                a.CopyTo(session.InputIntegers(0));
                b.CopyTo(session.InputIntegers(1));
                session.Run();
                Assert.Equal(a.Zip(b).Select(p => As(type, f(As(type, p.First), As(type, p.Second)))), session.OutputIntegers(0).ToArray());
            }
        }

        static long As(ElementType type, long value) => type switch
        {
            ElementType.Int32 => (int)value, ElementType.Int16 => (short)value, ElementType.Int8 => (sbyte)value,
            ElementType.UInt8 => (byte)value, ElementType.UInt16 => (ushort)value, ElementType.UInt32 => (uint)value, _ => value,
        };
    }
}
