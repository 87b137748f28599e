using System.Globalization;
using System.Xml.Linq;

using Peregrine.Inference.Inspection;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Inference.Tests.Inspection;

/// <summary>What is said of a model: which nodes one step computes, the drawing of its graph, the picture.</summary>
public sealed class ModelDescriptionTests
{
    [Fact]
    public void Tells_what_was_fused_folded_viewed_and_left_out()
    {
        ModelDescription d = ModelDescription.Of(new GraphWriter().Input("x", "batch", 4).Output("y", "batch", 2)
            .Constant("w", new float[8], 4, 2).Constant("b", new float[2], 2).Constant("shape", [1L, 4], 2)
            .Node("Reshape", ["x", "shape"], ["v"]).Node("Neg", ["w"], ["n"]).Node("MatMul", ["v", "n"], ["p"]).Node("Add", ["p", "b"], ["s"]).Node("Relu", ["s"], ["y"]).Node("Exp", ["s"], ["unused"]).Load());
        Assert.Equal([NodeRole.View, NodeRole.Folded, NodeRole.Computed, NodeRole.Computed, NodeRole.Computed, NodeRole.Unused], d.Nodes.Select(n => n.Role));
        StepDescription step = Assert.Single(d.Steps);
        Assert.Equal([2, 3, 4], step.Nodes);
        Assert.Equal(16, step.Flops);
        Assert.Equal("s Float32[1, 2]", Assert.Single(d.Nodes[3].Outputs).ToString()); // Within the fused step.
        Assert.Equal(["x Float32[1, 4]"], d.Inputs.Select(i => i.ToString()));
        Assert.True(d.ArenaBytes > 0 && d.SessionBytes > d.ArenaBytes);
    }

    [Fact]
    public void A_model_without_a_plan_is_described_all_the_same()
    {
        ModelDescription d = ModelDescription.Of(new GraphWriter().Input("x", 4).IntegerInput("shape", 2).Output("y", "a", "b").Node("Reshape", ["x", "shape"], ["y"]).Load());
        Assert.Contains("'shape'", d.Problem, StringComparison.Ordinal);
        Assert.Equal(NodeRole.Unknown, Assert.Single(d.Nodes).Role);
        Assert.Equal(["▽", "│ ▽", "●─╯", "▼"], GraphLanes.Draw(d).Select(row => row.Lanes));
        Assert.Contains("Reshape", GraphPicture.Svg(d), StringComparison.Ordinal);
    }

    [Fact]
    public void Lanes_show_branches_and_where_they_meet_again()
    {
        ModelDescription d = ModelDescription.Of(new GraphWriter().Input("x", 2, 4).Output("y", 2, 4).Output("z", 2, 2)
            .Node("Relu", ["x"], ["a"]).Node("Split", ["a"], ["l", "r"], ("axis", 1)).Node("Concat", ["r", "l"], ["c"], ("axis", 1)).Node("Mul", ["c", "a"], ["y"]).Node("Exp", ["l"], ["z"]).Load());
        Assert.Equal(
            """
            ▽ x
            ● Relu
            ├─●─╮ Split
            │ ├─● Concat
            ●─┼─╯ Mul
            │ ● Exp
            ▼ │ y
              ▼ z
            """.ReplaceLineEndings("\n"),
            string.Join('\n', GraphLanes.Draw(d).Select(row => $"{row.Lanes} {row.Row.Node?.Operator ?? row.Row.Input?.Name ?? row.Row.Output!.Name}")));
    }

    [Fact]
    public void Every_step_of_every_exported_model_has_its_nodes_and_every_computed_node_a_step()
    {
        string? folder = Repository.Shared("models");
        Assert.SkipWhen(folder is null, "The exported models do not lie beside the project.");
        foreach (string path in Directory.EnumerateDirectories(folder!).Select(one => Path.Combine(one, "model.onnx")).Where(File.Exists))
        {
            ModelDescription d = ModelDescription.Of(OnnxModel.Load(path));
            Assert.Null(d.Problem);
            Assert.All(d.Steps, step => Assert.True(step.Nodes.Count > 0, path));
            Assert.All(d.Nodes, node => Assert.Equal(node.Role == NodeRole.Computed, node.Step >= 0));
            Assert.Equal(d.Flops, d.Steps.Sum(step => step.Flops));
            // A view is a node whose result nobody computes; none of these models needs more of them than it has Reshapes and their kin.
            Assert.All(d.Nodes.Where(node => node.Role == NodeRole.View), node => Assert.Contains(node.Operator, "Reshape Squeeze Unsqueeze Flatten Identity Transpose Dropout Split Slice Cast Concat".Split(' ')));
        }
    }

    [Fact]
    public void No_two_boxes_of_a_picture_overlap_and_every_text_lies_within_its_own()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            ModelDescription d = ModelDescription.Of(Random(seed).Load());
            XElement svg = XElement.Parse(GraphPicture.Svg(d));
            XNamespace space = svg.Name.Namespace;
            double[] view = Numbers(svg.Attribute("viewBox")!.Value);
            (double Left, double Top, double Right, double Bottom)[] boxes = [.. svg.Elements(space + "rect").Select(r => (Of(r, "x"), Of(r, "y"), Of(r, "x") + Of(r, "width"), Of(r, "y") + Of(r, "height")))];
            Assert.Equal(d.Nodes.Count(n => n.Role is not (NodeRole.Folded or NodeRole.Unused)) + d.Inputs.Count + d.Outputs.Count, boxes.Length);
            for (int i = 0; i < boxes.Length; i++)
            {
                Assert.True(boxes[i].Left >= 0 && boxes[i].Top >= 0 && boxes[i].Right <= view[2] && boxes[i].Bottom <= view[3], $"seed {seed}: box {i} leaves the picture");
                for (int j = 0; j < i; j++)
                    Assert.True(boxes[i].Left >= boxes[j].Right || boxes[j].Left >= boxes[i].Right || boxes[i].Top >= boxes[j].Bottom || boxes[j].Top >= boxes[i].Bottom, $"seed {seed}: boxes {i} and {j} overlap");
            }
            foreach (XElement text in svg.Elements(space + "text"))
            {
                double half = text.Value.Length * 7.25 / 2, x = Of(text, "x"), y = Of(text, "y"); // A monospaced letter of 12 pixels is 7.2 wide.
                Assert.True(boxes.Any(b => x - half >= b.Left && x + half <= b.Right && y - 10 >= b.Top && y + 3 <= b.Bottom), $"seed {seed}: '{text.Value}' leaves its box");
            }
        }
    }

    [Fact]
    public void Names_from_a_hostile_file_stay_text()
    {
        ModelDescription d = ModelDescription.Of(new GraphWriter().Input("<script>\"&\u0001", 1).Output("y\uD800", 1).Node("Relu", ["<script>\"&\u0001"], ["y\uD800"]).Load());
        XElement svg = XElement.Parse(GraphPicture.Svg(d)); // It is well-formed.
        Assert.Contains(svg.Elements(svg.Name.Namespace + "text"), text => text.Value == "<script>\"&?");
    }

    /// <summary>A graph of unary and binary nodes that reads whatever came before.</summary>
    private static GraphWriter Random(int seed)
    {
        var random = new Random(seed);
        GraphWriter graph = new GraphWriter().Input("v0", 3).Input("v1", 3).Input("v2", 3);
        int count = random.Next(1, 30);
        for (int i = 3; i < 3 + count; i++)
        {
            string First() => $"v{random.Next(Math.Max(0, i - random.Next(2, 12)), i)}";
            if (random.Next(3) == 0) graph.Node("Sqrt", [First()], [$"v{i}"]);
            else graph.Node("Add", [First(), First()], [$"v{i}"]);
        }
        return graph.Output($"v{2 + count}", "n");
    }

    private static double Of(XElement element, string name) => double.Parse(element.Attribute(name)!.Value, CultureInfo.InvariantCulture);

    private static double[] Numbers(string text) => [.. text.Split(' ').Select(part => double.Parse(part, CultureInfo.InvariantCulture))];
}
