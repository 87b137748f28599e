using System.Globalization;
using System.Text;

using Peregrine.Inference.Format;
using Peregrine.Inference.Operators;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Inference.Tests.Conformance;

/// <summary>The official ONNX backend suite (Debian's libonnx-testdata), each test as given and with every input but the first made an initializer.</summary>
public sealed class ConformanceTests(ITestOutputHelper output)
{
    private const string RewriteVariable = "PEREGRINE_REWRITE_DOCS";

    private static readonly string[] _suites = ConformanceCase.Suites;

    /// <summary>What exports of the usual networks need. Every test of these alone, with float32, int64 and bool, must pass.</summary>
    private static readonly HashSet<string> _tierOne =
    [
        .. ("Gemm MatMul Add Sub Mul Div Pow Sqrt Exp Log Neg Abs Relu LeakyRelu PRelu Elu Selu Sigmoid HardSigmoid HardSwish Tanh Erf Gelu Softplus Softmax LogSoftmax Clip Min Max " +
            "Where Equal Less Greater LessOrEqual GreaterOrEqual And Or Not ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp " +
            "ReduceSumSquare ArgMax ArgMin Conv MaxPool AveragePool GlobalAveragePool GlobalMaxPool BatchNormalization LayerNormalization InstanceNormalization LSTM GRU RNN Transpose " +
            "Reshape Flatten Squeeze Unsqueeze Slice Split Concat Gather GatherElements Expand Tile Pad Shape Size Constant ConstantOfShape Range Cast Identity Einsum Trilu CumSum TopK").Split(' '),
    ];

    [Fact]
    public void The_official_suite_passes_or_is_refused_in_words()
    {
        Assert.SkipUnless(Directory.Exists(ConformanceCase.Data), "The package libonnx-testdata is not installed.");
        var rows = new List<(ConformanceCase Case, ModelProto Proto, CaseResult Given, CaseResult Constant)>();
        foreach (ConformanceCase test in ConformanceCase.All()) rows.Add((test, test.Proto(), test.Run(asInitializers: false), test.Run(asInitializers: true)));

        var wrong = new List<string>();
        foreach ((ConformanceCase test, ModelProto proto, CaseResult given, CaseResult constant) in rows)
        {
            foreach ((string form, CaseResult result) in new[] { ("as given", given), ("as initializers", constant) })
            {
                if (result.Outcome == Outcome.Failed) wrong.Add($"{test.Suite}/{test.Name} {form}: {result.Detail}");
                else if (result.Outcome == Outcome.NotSupported)
                {
                    if (IsTierOne(proto)) wrong.Add($"{test.Suite}/{test.Name} {form} belongs to tier 1, but: {result.Detail}");
                    output.WriteLine($"not supported: {test.Suite}/{test.Name} {form}: {result.Detail.Split(" Supported are ")[0]}");
                }
            }
        }
        foreach (string suite in _suites)
        {
            var own = rows.Where(r => r.Case.Suite == suite).ToList();
            output.WriteLine($"{suite}: {own.Count} tests; as given {own.Count(r => r.Given.Outcome == Outcome.Passed)} passed, as initializers {own.Count(r => r.Constant.Outcome == Outcome.Passed)} passed; " +
                $"both {own.Count(Passes)}; {own.Count(r => r.Given.Fixed > 0)} needed inputs fixed");
        }
        CheckTable(Table(rows));
        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n{string.Join('\n', wrong)}");
    }

    private static bool Passes((ConformanceCase Case, ModelProto Proto, CaseResult Given, CaseResult Constant) row) => row.Given.Outcome == Outcome.Passed && row.Constant.Outcome == Outcome.Passed;

    /// <summary>Training forms are no part of it: this engine does not train.</summary>
    private static bool IsTierOne(ModelProto proto) =>
        !proto.Graph!.Nodes.Any(n => n.Attributes.Any(a => a.Name == "training_mode" && a.Integer != 0))
        && proto.Graph.Nodes.All(n => _tierOne.Contains(n.Operator))
        && proto.Graph.Inputs.Concat(proto.Graph.Outputs).All(v => v.IsTensor && (ElementType)v.ElementType is ElementType.Float32 or ElementType.Int64 or ElementType.Bool)
        && proto.Opsets.Where(o => OperatorTable.Domain(o.Domain).Length == 0).All(o => o.Version is >= 7 and <= 23);

    private static string Table(List<(ConformanceCase Case, ModelProto Proto, CaseResult Given, CaseResult Constant)> rows)
    {
        var text = new StringBuilder();
        text.Append("# Operators and conformance\n\nWritten by `ConformanceTests`, which fails when it no longer holds; `PEREGRINE_REWRITE_DOCS=1` lets it write the file anew.\n\n" +
            "The tests are those of Debian's package libonnx-testdata (ONNX 1.12). Each runs twice: as given, where weights are inputs of each run, and with every input but the first made an\n" +
            "initializer. A test counts as passed when both forms agree with the suite (relative 1e-3, absolute 1e-7, for the recurrent operators, whose sigmoid has an error of 1e-7 itself, 3e-7; whole numbers and bool exactly). \"Not supported\" is a clear refusal that\n" +
            "names the operator, the type or the opset.\n\n");
        text.Append("| suite | tests | passed | failed | not supported | needed inputs fixed |\n| --- | ---: | ---: | ---: | ---: | ---: |\n");
        foreach (string suite in _suites) Line(text, suite, [.. rows.Where(r => r.Case.Suite == suite)], withFixed: true);
        text.Append("\n\"Needed inputs fixed\": the plan has fixed shapes, so an input that decides one (the target of a Reshape, the bounds of a Slice) is given as\n" +
            "`CompileOptions.FixedInputs` when the model is compiled. All other tests run without.\n\n## Tests of one operator\n\n" +
            "| operator | tests | passed | failed | not supported |\n| --- | ---: | ---: | ---: | ---: |\n");
        var single = rows.Where(r => r.Case.Suite == "node" && r.Proto.Graph!.Nodes.Count == 1).ToList();
        foreach (var group in single.GroupBy(r => Name(r.Proto.Graph!.Nodes[0])).OrderBy(g => g.Key, StringComparer.Ordinal)) Line(text, group.Key, [.. group], withFixed: false);
        Line(text, "(graphs of several nodes)", [.. rows.Where(r => r.Case.Suite == "node" && r.Proto.Graph!.Nodes.Count != 1)], withFixed: false);
        var tested = single.Select(r => Name(r.Proto.Graph!.Nodes[0])).ToHashSet();
        string[] others = [.. OperatorTable.Entries.Select(e => e.Domain.Length == 0 ? e.Name : $"{e.Domain}.{e.Name}").Where(n => !tested.Contains(n)).Distinct().Order(StringComparer.Ordinal)];
        text.Append(CultureInfo.InvariantCulture, $"\n## Supported, without a test of its own in that suite\n\n{string.Join(", ", others)}\n");
        text.Append("\n## Where the specification wants an error and a run has none\n\n" +
            "A run throws nothing. What is known when a model is compiled is checked then; what is known only in a run goes on like this, and is tested:\n\n" +
            "- Gather, GatherElements, GatherND, ScatterElements, ScatterND: an index out of range is the nearest one that exists; a negative one counts from the end. RoiAlign's image likewise.\n" +
            "- OneHot, ai.onnx.ml.OneHotEncoder: what has no place is a row of zeros. MaxUnpool: an element whose index is out of range is left out.\n" +
            "- Division and remainder of whole numbers by zero are 0; sums and products of whole numbers wrap around.\n" +
            "- NaN and infinities are numbers like others, in inputs and in weights: they travel through as IEEE 754 says. A place that is NaN (GridSample) is the first one.\n" +
            "\nA plan has fixed shapes. Operators whose result has as many elements as the data says (NonZero, Unique, NonMaxSuppression, Compress) need that data when the model is compiled.\n" +
            "\n## Refused on purpose\n\nText, sequences, maps and optional values; control flow (If, Loop, Scan); random numbers and training, but for the batch statistics of BatchNormalization.\n");
        return text.ToString();
    }

    private static string Name(NodeProto node) => node.Domain.Length == 0 ? node.Operator : $"{node.Domain}.{node.Operator}";

    private static void Line(StringBuilder text, string name, List<(ConformanceCase Case, ModelProto Proto, CaseResult Given, CaseResult Constant)> rows, bool withFixed)
    {
        int passed = rows.Count(Passes), failed = rows.Count(r => r.Given.Outcome == Outcome.Failed || r.Constant.Outcome == Outcome.Failed);
        text.Append(CultureInfo.InvariantCulture, $"| {name} | {rows.Count} | {passed} | {failed} | {rows.Count - passed - failed} |");
        text.Append(withFixed ? $" {rows.Count(r => r.Given.Fixed > 0)} |\n" : "\n");
    }

    private static void CheckTable(string table)
    {
        string path = Path.Combine(Repository.Root, "docs", "onnx-operators.md");
        if (Environment.GetEnvironmentVariable(RewriteVariable) is { Length: > 0 }) File.WriteAllText(path, table);
        Assert.Equal(File.Exists(path) ? File.ReadAllText(path) : "", table);
    }
}
