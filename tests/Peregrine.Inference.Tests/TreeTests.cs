using Xunit;

namespace Peregrine.Inference.Tests;

/// <summary>Tree ensembles of random shape against a walk by the letter of ai.onnx.ml.</summary>
public sealed class TreeTests
{
    [Theory] // All comparisons and shapes; then what trainers write: one comparison, trees of about one depth.
    [InlineData(301, 6, false)]
    [InlineData(302, 4, true)]
    [InlineData(303, 1, true)]
    public void A_regressor_adds_the_leaves_that_a_row_reaches(int seed, int modes, bool full)
    {
        var random = new Random(seed);
        for (int round = 0; round < 60; round++)
        {
            int features = random.Next(1, 9), targets = random.Next(1, 5), rows = random.Next(1, 4);
            Forest forest = Forest.Random(random, features, targets, modes, full);
            string aggregate = new[] { "SUM", "AVERAGE", "MIN", "MAX" }[round % 4];
            float[] bases = random.Next(2) == 0 ? [] : [.. Enumerable.Range(0, targets).Select(_ => (float)random.NextDouble())];
            var attributes = new List<(string, object)>(forest.Attributes("target")) { ("n_targets", targets), ("aggregate_function", aggregate) };
            if (bases.Length > 0) attributes.Add(("base_values", bases));
            OnnxModel model = new GraphWriter().Input("x", rows, features).DomainNode("ai.onnx.ml", "TreeEnsembleRegressor", ["x"], ["y"], [.. attributes]).Output("y", rows, targets).Load();
            foreach (KernelKind kind in ModelVectors.Kinds)
            {
                ModelSession session = model.Compile(new CompileOptions { Kernels = kind });
                for (int again = 0; again < 20; again++)
                {
                    float[][] x = [.. Enumerable.Range(0, rows).Select(_ => forest.Row(random, features))];
                    for (int row = 0; row < rows; row++) x[row].CopyTo(session.Input(0)[(row * features)..]);
                    session.Run();
                    for (int i = 0; i < rows * targets; i++)
                    {
                        float[] all = forest.Leaves(x[i / targets]).SelectMany(leaf => leaf).Where(w => w.Id == i % targets).Select(w => w.Weight).ToArray();
                        double expected = all.Length == 0 ? 0 : aggregate switch { "MIN" => all.Min(), "MAX" => all.Max(), "AVERAGE" => all.Sum(w => (double)w) / forest.Count, _ => all.Sum(w => (double)w) };
                        if (bases.Length > 0) expected += bases[i % targets];
                        Assert.True(Math.Abs(expected - session.Output(0)[i]) < 1e-5, $"seed {seed} round {round} {aggregate}: {session.Output(0)[i]}, expected {expected}");
                    }
                }
            }
        }
    }

    [Fact]
    public void A_classifier_takes_the_class_with_the_largest_score()
    {
        var random = new Random(304);
        for (int round = 0; round < 60; round++)
        {
            int features = random.Next(1, 9), classes = random.Next(3, 6);
            Forest forest = Forest.Random(random, features, classes, modes: 4, full: round % 2 == 0);
            string transform = new[] { "NONE", "SOFTMAX", "LOGISTIC" }[round % 3];
            long[] labels = [.. Enumerable.Range(0, classes).Select(i => 10L * i)];
            ModelSession session = Classifier(features, classes, labels, transform, forest);
            for (int again = 0; again < 20; again++)
            {
                float[] x = forest.Row(random, features);
                x.CopyTo(session.Input(0));
                session.Run();
                (int Id, float Weight)[] reached = [.. forest.Leaves(x).SelectMany(leaf => leaf)];
                double[] sums = [.. Enumerable.Range(0, classes).Select(c => reached.Where(w => w.Id == c).Sum(w => (double)w.Weight))];
                int best = Enumerable.Range(0, classes).Where(c => reached.Any(w => w.Id == c)).DefaultIfEmpty(0).MaxBy(c => sums[c]);
                double all = sums.Sum(Math.Exp);
                double[] expected = [.. sums.Select(s => transform switch { "SOFTMAX" => Math.Exp(s) / all, "LOGISTIC" => 1 / (1 + Math.Exp(-s)), _ => s })];
                Assert.Equal(labels[best], session.OutputIntegers(0)[0]);
                for (int c = 0; c < classes; c++) Assert.Equal(expected[c], session.Output(1)[c], 1e-5);
            }
        }
    }

    [Theory] // Weights for one of two classes: probabilities where all are positive, margins elsewhere.
    [InlineData("NONE", 0.75f, 1, 0.25, 0.75)]
    [InlineData("NONE", 0.25f, 0, 0.75, 0.25)]
    [InlineData("NONE", -0.5f, 0, 0.5, -0.5)]
    [InlineData("LOGISTIC", -2f, 0, 0.8807971, 0.1192029)]
    public void Two_classes_need_the_weights_of_one(string transform, float weight, long label, double first, double second)
    {
        var forest = new Forest([new ForestNode(0, "LEAF", 0, 0, false) { Weights = [(0, weight)] }]);
        ModelSession session = Classifier(1, 2, [0, 1], transform, forest);
        session.Run();
        Assert.Equal(label, session.OutputIntegers(0)[0]);
        Assert.Equal(first, session.Output(1)[0], 1e-6);
        Assert.Equal(second, session.Output(1)[1], 1e-6);
    }

    [Theory]
    [InlineData("nodes_modes", "LEAF", "BRANCH_MAYBE", "BRANCH_MAYBE")]
    [InlineData("nodes_featureids", 0, 7, "feature 7")]
    [InlineData("nodes_truenodeids", 1, 9, "node 9")]
    [InlineData("nodes_falsenodeids", 2, 1, "reached in two ways")]
    [InlineData("nodes_falsenodeids", 2, 0, "reached in two ways")]
    [InlineData("nodes_nodeids", 2, 1, "appears twice")]
    [InlineData("target_ids", 0, 3, "target_ids has 3")]
    public void Refuses_what_is_no_tree(string attribute, object from, object to, string part)
    {
        var root = new ForestNode(0, "BRANCH_LEQ", 0, 0.5f, false);
        (root.True, root.False) = (new ForestNode(1, "LEAF", 0, 0, false) { Weights = [(0, 1f)] }, new ForestNode(2, "LEAF", 0, 0, false) { Weights = [(0, 2f)] });
        (string Name, object Value)[] attributes = new Forest([root]).Attributes("target");
        for (int i = 0; i < attributes.Length; i++)
        {
            if (attributes[i].Name != attribute) continue;
            attributes[i].Value = attributes[i].Value switch
            {
                string[] texts => texts.Select(t => t == (string)from ? (string)to : t).ToArray(),
                long[] numbers => numbers.Select(n => n == (int)from ? (int)to : n).ToArray(),
                object other => other,
            };
        }
        GraphWriter graph = new GraphWriter().Input("x", 1, 2).DomainNode("ai.onnx.ml", "TreeEnsembleRegressor", ["x"], ["y"], attributes).Output("y", 1, 1);
        Assert.Contains(part, Assert.Throws<ModelException>(() => graph.Load().Compile()).Message, StringComparison.Ordinal);
    }

    private static ModelSession Classifier(int features, int classes, long[] labels, string transform, Forest forest) =>
        new GraphWriter().Input("x", 1, features)
            .DomainNode("ai.onnx.ml", "TreeEnsembleClassifier", ["x"], ["label", "p"], [.. forest.Attributes("class"), ("classlabels_int64s", labels), ("post_transform", transform)])
            .IntegerOutput("label", 1).Output("p", 1, classes).Load().Compile();
}
