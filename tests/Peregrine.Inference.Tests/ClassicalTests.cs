using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>The linear models, preparations and encoders of ai.onnx.ml against their pages, written out in doubles. Shapes and numbers are random, seeds fixed.</summary>
public sealed class ClassicalTests
{
    private const string Domain = "ai.onnx.ml";

    [Theory]
    [InlineData("NONE")]
    [InlineData("LOGISTIC")]
    [InlineData("SOFTMAX")]
    public void A_linear_regressor_multiplies_and_adds(string transform)
    {
        var random = new Random(401);
        for (int round = 0; round < 30; round++)
        {
            (int rows, int columns, int targets) = (random.Next(1, 5), random.Next(1, 20), random.Next(1, 6));
            Naive x = Naive.Random(random, [rows, columns]), w = Naive.Random(random, [targets, columns]), b = Naive.Random(random, [targets]);
            var attributes = new List<(string, object)> { ("coefficients", w.Floats), ("targets", targets), ("post_transform", transform) };
            if (round % 2 == 0) attributes.Add(("intercepts", b.Floats));
            double[] expected = [.. Enumerable.Range(0, rows).SelectMany(r => Transformed(transform, [.. Enumerable.Range(0, targets).Select(t =>
                Enumerable.Range(0, columns).Sum(c => x.At([r, c]) * w.At([t, c])) + (round % 2 == 0 ? b.Data[t] : 0))]))];
            Check(expected, Run(new GraphWriter().Input("x", rows, columns).DomainNode(Domain, "LinearRegressor", ["x"], ["y"], [.. attributes]).Output("y", rows, targets), x.Floats), $"round {round}");
        }
    }

    [Theory]
    [InlineData("NONE")]
    [InlineData("LOGISTIC")]
    [InlineData("SOFTMAX")]
    public void A_linear_classifier_names_the_largest_score(string transform)
    {
        var random = new Random(402);
        for (int round = 0; round < 30; round++)
        {
            (int rows, int columns, int classes) = (random.Next(1, 5), random.Next(1, 20), random.Next(3, 6));
            Naive x = Naive.Random(random, [rows, columns]), w = Naive.Random(random, [classes, columns]), b = Naive.Random(random, [classes]);
            long[] labels = [.. Enumerable.Range(0, classes).Select(i => 100L - (7 * i))];
            ModelSession session = new GraphWriter().Input("x", rows, columns)
                .DomainNode(Domain, "LinearClassifier", ["x"], ["label", "p"], ("coefficients", w.Floats), ("intercepts", b.Floats), ("classlabels_ints", labels), ("post_transform", transform))
                .IntegerOutput("label", rows).Output("p", rows, classes).Load().Compile();
            x.Floats.CopyTo(session.Input(0));
            session.Run();
            for (int r = 0; r < rows; r++)
            {
                double[] scores = [.. Enumerable.Range(0, classes).Select(t => Enumerable.Range(0, columns).Sum(c => x.At([r, c]) * w.At([t, c])) + b.Data[t])];
                Assert.Equal(labels[Array.IndexOf(scores, scores.Max())], session.OutputIntegers(0)[r]);
                Check(Transformed(transform, scores), session.Output(1).Slice(r * classes, classes).ToArray(), $"round {round}");
            }
        }
    }

    [Fact]
    public void A_classifier_of_two_may_have_one_score()
    {
        ModelSession session = new GraphWriter().Input("x", 3, 1).DomainNode(Domain, "LinearClassifier", ["x"], ["label", "p"], ("coefficients", new[] { 2f }), ("intercepts", new[] { 1f }), ("classlabels_ints", new long[] { 5, 6 }), ("post_transform", "LOGISTIC"))
            .IntegerOutput("label", 3).Output("p", 3, 2).Load().Compile();
        new[] { -2f, -0.5f, 4f }.CopyTo(session.Input(0));
        session.Run();
        Assert.Equal([5, 5, 6], session.OutputIntegers(0).ToArray()); // Scores -3, 0 and 9: the second label needs more than nothing.
        Check([1 - Logistic(-3), Logistic(-3), 0.5, 0.5, 1 - Logistic(9), Logistic(9)], session.Output(1).ToArray(), "two");
    }

    [Fact]
    public void Rows_are_prepared()
    {
        var random = new Random(403);
        for (int round = 0; round < 40; round++)
        {
            (int rows, int columns) = (random.Next(1, 5), random.Next(1, 20));
            Naive x = Naive.Random(random, [rows, columns]), a = Naive.Random(random, [columns]), b = Naive.Random(random, [columns]);
            GraphWriter Graph(string op, params (string, object)[] attributes) => new GraphWriter().Input("x", rows, columns).DomainNode(Domain, op, ["x"], ["y"], attributes).Output("y", rows, columns);
            int At(int[] index, bool each) => each ? index[1] : 0;

            bool each = round % 2 == 0;
            int width = each ? columns : 1;
            Check(Naive.From([rows, columns], at => (x.At(at) - a.Data[At(at, each)]) * b.Data[At(at, each)]).Data, Run(Graph("Scaler", ("offset", a.Floats[..width]), ("scale", b.Floats[..width])), x.Floats), "scaler");
            Check(x.Map(v => v > 0.25 ? 1 : 0).Data, Run(Graph("Binarizer", ("threshold", 0.25f)), x.Floats), "binarizer");

            float[] holes = [.. x.Floats.Select((v, i) => i % 3 == 1 ? float.NaN : v)];
            Check([.. holes.Select((v, i) => float.IsNaN(v) ? a.Data[each ? i % columns : 0] : v)], Run(Graph("Imputer", ("imputed_value_floats", a.Floats[..width]), ("replaced_value_float", float.NaN)), holes), "imputer, NaN");
            float[] nines = [.. x.Floats.Select((v, i) => i % 4 == 1 ? -9 : v)];
            Check([.. nines.Select((v, i) => v == -9 ? a.Data[each ? i % columns : 0] : v)], Run(Graph("Imputer", ("imputed_value_floats", a.Floats[..width]), ("replaced_value_float", -9f)), nines), "imputer");

            foreach (string norm in new[] { "MAX", "L1", "L2" })
            {
                double Size(double[] row) => norm switch { "MAX" => row.Max(Math.Abs), "L1" => row.Sum(Math.Abs), _ => Math.Sqrt(row.Sum(v => v * v)) };
                Check(x.AlongAxes([1], row => [.. row.Select(v => v / Size(row))]).Data, Run(Graph("Normalizer", ("norm", norm)), x.Floats), norm);
            }
            Check(new double[rows * columns], Run(Graph("Normalizer", ("norm", "L2")), new float[rows * columns]), "a row of zeros stays");
        }
    }

    [Fact]
    public void Columns_are_picked_and_put_side_by_side()
    {
        var random = new Random(404);
        for (int round = 0; round < 30; round++)
        {
            (int rows, int columns, int others) = (random.Next(1, 5), random.Next(1, 9), random.Next(1, 5));
            Naive x = Naive.Random(random, [rows, columns]), z = Naive.Random(random, [rows, others]);
            long[] picks = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => (long)random.Next(columns))];
            Check(Naive.From([rows, picks.Length], at => x.At([at[0], (int)picks[at[1]]])).Data,
                Run(new GraphWriter().Input("x", rows, columns).Constant("picks", picks, picks.Length).DomainNode(Domain, "ArrayFeatureExtractor", ["x", "picks"], ["y"]).Output("y", rows, picks.Length), x.Floats), "picked");
            Check(Naive.From([rows, columns + others], at => at[1] < columns ? x.At(at) : z.At([at[0], at[1] - columns])).Data,
                Run(new GraphWriter().Input("x", rows, columns).Input("z", rows, others).DomainNode(Domain, "FeatureVectorizer", ["x", "z"], ["y"], ("inputdimensions", new long[] { columns, others })).Output("y", rows, columns + others), x.Floats, z.Floats), "side by side");
        }
    }

    [Fact]
    public void Whole_numbers_are_feature_columns_too()
    {
        ModelSession session = new GraphWriter().IntegerInput("i", 2, 1).Input("x", 2, 2).DomainNode(Domain, "FeatureVectorizer", ["i", "x"], ["y"]).Output("y", 2, 3).Load().Compile();
        new long[] { 7, -8 }.CopyTo(session.InputIntegers(0));
        new[] { 1f, 2, 3, 4 }.CopyTo(session.Input(1));
        session.Run();
        Assert.Equal([7f, 1, 2, -8, 3, 4], session.Output(0).ToArray());
    }

    [Fact]
    public void Labels_are_looked_up()
    {
        var random = new Random(405);
        long[] keys = [.. Enumerable.Range(0, 50).Select(i => (long)random.Next(-100, 100)).Distinct(), long.MinValue, long.MaxValue, (1L << 53) + 1];
        float[] values = Naive.Random(random, [keys.Length]).Floats;
        long[] asked = [.. keys, .. Enumerable.Range(0, 40).Select(_ => (long)random.Next(-100, 100)), 1L << 53];
        ModelSession session = new GraphWriter().IntegerInput("x", asked.Length).DomainNode(Domain, "LabelEncoder", ["x"], ["y"], ("keys_int64s", keys), ("values_floats", values), ("default_float", 0.5f)).Output("y", asked.Length).Load().Compile();
        asked.CopyTo(session.InputIntegers(0));
        session.Run();
        Assert.Equal(asked.Select(k => Array.IndexOf(keys, k) is >= 0 and int at ? values[at] : 0.5f), session.Output(0).ToArray());

        session = new GraphWriter().Input("x", 6).DomainNode(Domain, "LabelEncoder", ["x"], ["y"], ("keys_floats", new[] { 1.5f, float.NaN, 0, float.PositiveInfinity }), ("values_int64s", new long[] { 10, 20, 30, 40 })).IntegerOutput("y", 6).Load().Compile();
        new[] { -0f, BitConverter.Int32BitsToSingle(0x7fc00001), 2, float.PositiveInfinity, 1.5f, float.NegativeInfinity }.CopyTo(session.Input(0));
        session.Run();
        Assert.Equal([30, 20, -1, 40, 10, -1], session.OutputIntegers(0).ToArray());
    }

    [Fact]
    public void Tensors_hold_keys_and_values_from_opset_4()
    {
        byte[] Tensor(int type, params byte[][] items) => GraphWriter.Tensor("", type, [items.Length], w => w.WriteRaw(9, [.. items.SelectMany(i => i)]));
        ModelSession session = new GraphWriter().IntegerInput("x", 3).DomainNode(Domain, "LabelEncoder", ["x"], ["y"],
            ("keys_tensor", Tensor(7, BitConverter.GetBytes(4L), BitConverter.GetBytes(5L))), ("values_tensor", Tensor(1, BitConverter.GetBytes(0.25f), BitConverter.GetBytes(0.75f))), ("default_tensor", Tensor(1, BitConverter.GetBytes(-1f)))).Output("y", 3).Load().Compile();
        new long[] { 5, 6, 4 }.CopyTo(session.InputIntegers(0));
        session.Run();
        Assert.Equal([0.75f, -1, 0.25f], session.Output(0).ToArray());
    }

    [Fact]
    public void Categories_become_columns()
    {
        ModelSession session = new GraphWriter().Input("x", 2, 2).DomainNode(Domain, "OneHotEncoder", ["x"], ["y"], ("cats_int64s", new long[] { 3, -1, 7 })).Output("y", 2, 2, 3).Load().Compile();
        new[] { 7f, 3, 5, -1.9f }.CopyTo(session.Input(0)); // 5 is no category, and -1.9 is cut to -1.
        session.Run();
        Assert.Equal([0f, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0], session.Output(0).ToArray());
    }

    [Theory]
    [InlineData("LINEAR", false)]
    [InlineData("LINEAR", true)]
    [InlineData("POLY", true)]
    [InlineData("RBF", true)]
    [InlineData("SIGMOID", true)]
    public void A_support_vector_regressor_adds_its_kernels(string kernel, bool vectors)
    {
        var random = new Random(406);
        for (int round = 0; round < 20; round++)
        {
            (int rows, int columns, int supports) = (random.Next(1, 4), random.Next(1, 9), vectors ? random.Next(1, 12) : 1);
            Naive x = Naive.Random(random, [rows, columns], -1, 1), v = Naive.Random(random, [supports, columns], -1, 1), c = Naive.Random(random, [supports]);
            (float gamma, float offset, float degree) = (0.3f, 0.8f, 3);
            double Kernel(int r, int s)
            {
                double product = Enumerable.Range(0, columns).Sum(i => x.At([r, i]) * v.At([s, i]));
                double distance = Enumerable.Range(0, columns).Sum(i => Math.Pow(x.At([r, i]) - v.At([s, i]), 2));
                return kernel switch { "RBF" => Math.Exp(-gamma * distance), "POLY" => Math.Pow((gamma * product) + offset, degree), "SIGMOID" => Math.Tanh((gamma * product) + offset), _ => product };
            }
            double[] expected = [.. Enumerable.Range(0, rows).Select(r => Enumerable.Range(0, supports).Sum(s => (vectors ? c.Data[s] : 1) * Kernel(r, s)) + 0.125)];
            (string, object)[] attributes = [("kernel_type", kernel), ("kernel_params", new[] { gamma, offset, degree }), ("rho", new[] { 0.125f }), .. vectors
                ? new (string, object)[] { ("n_supports", supports), ("support_vectors", v.Floats), ("coefficients", c.Floats) } : [("coefficients", v.Floats)]];
            foreach (bool sign in new[] { false, true })
                Check(sign ? [.. expected.Select(e => e > 0 ? 1.0 : -1)] : expected, Run(new GraphWriter().Input("x", rows, columns).DomainNode(Domain, "SVMRegressor", ["x"], ["y"], [.. attributes, ("one_class", sign ? 1 : 0)]).Output("y", rows, 1), x.Floats), $"round {round}");
        }
    }

    [Theory]
    [InlineData("ZipMap", "", "options={'zipmap': False}")]
    [InlineData("LabelEncoder", "keys_strings", "keys_strings: labels that are text are not supported")]
    [InlineData("LabelEncoder", "classes_strings", "classes_strings: labels that are text are not supported")]
    [InlineData("OneHotEncoder", "cats_strings", "cats_strings: categories that are text are not supported")]
    [InlineData("LinearClassifier", "classlabels_strings", "labels must be whole numbers (classlabels_ints)")]
    [InlineData("SVMRegressor", "rho_", "rho is missing")]
    public void What_is_text_or_a_map_is_refused_with_what_to_do(string op, string attribute, string says)
    {
        (string, object)[] attributes = attribute.Length == 0 ? [] : [(attribute, new[] { "a", "b" })];
        GraphWriter graph = new GraphWriter().Input("x", 1, 3).DomainNode(Domain, op, ["x"], ["y"], attributes).Output("y");
        Assert.Contains(says, Assert.Throws<ModelException>(() => graph.Load().Compile()).Message, StringComparison.Ordinal);
    }

    private static float[] Run(GraphWriter graph, params float[][] inputs)
    {
        ModelSession session = graph.Load().Compile();
        for (int i = 0; i < inputs.Length; i++) inputs[i].CopyTo(session.Input(i));
        session.Run();
        session.Run();
        return session.Output(0).ToArray();
    }

    private static double Logistic(double x) => 1 / (1 + Math.Exp(-x));

    private static double[] Transformed(string transform, double[] scores) => transform switch
    {
        "LOGISTIC" => [.. scores.Select(Logistic)],
        "SOFTMAX" => [.. scores.Select(s => Math.Exp(s) / scores.Sum(Math.Exp))],
        _ => scores,
    };

    private static void Check(double[] expected, float[] actual, string where)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - actual[i]) <= 3e-6 * (1 + Math.Abs(expected[i])), $"{where}: element {i} is {actual[i]:R}, expected {expected[i]:R}");
    }
}
