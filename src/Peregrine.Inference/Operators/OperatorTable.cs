using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>One operator in a range of opset versions.</summary>
/// <param name="Name">As nodes write it.</param>
/// <param name="Since">The first version of its domain in which the plan is right.</param>
/// <param name="Plan">Says what a node becomes.</param>
/// <param name="Until">The last such version.</param>
/// <param name="Domain">The empty name is ai.onnx.</param>
internal sealed record OperatorEntry(string Name, int Since, Action<NodeContext> Plan, int Until = int.MaxValue, string Domain = "");

/// <summary>Everything this engine knows, put together from the families' own tables.</summary>
internal static class OperatorTable
{
    public const string MachineLearning = "ai.onnx.ml";

    private static readonly ILookup<(string, string), OperatorEntry> _operators =
        GeneralOperators.Table.Concat(HotOperators.Table).ToLookup(e => (e.Domain, e.Name));

    public static string Names { get; } = string.Join(", ", _operators.Select(g => g.Key.Item2).Order(StringComparer.Ordinal));

    /// <summary>All entries, for the documentation.</summary>
    public static IEnumerable<OperatorEntry> Entries => _operators.SelectMany(g => g);

    /// <summary>The name under which a domain is looked up: ai.onnx may be written or left out.</summary>
    public static string Domain(string written) => written == "ai.onnx" ? "" : written;

    /// <summary>The versions of a domain that may be imported. An unknown one may be anything: its operators are unknown too.</summary>
    public static (int Min, int Max) Versions(string domain) => domain switch
    {
        "" => (1, 23), // Below 7 only some operators are right; the others are refused by their name and version.
        MachineLearning => (1, 4),
        _ => (int.MinValue, int.MaxValue),
    };

    /// <summary>What to do about an operator that stays unsupported on purpose.</summary>
    public static string? Advice(string domain, string name) => (domain, name) switch
    {
        (MachineLearning, "ZipMap") => "ZipMap makes maps of the scores, which is slow and no tensor: export with zipmap off (skl2onnx: options={'zipmap': False}).",
        _ => null,
    };

    public static OperatorEntry? Find(string domain, string name, int opset) => _operators[(domain, name)].FirstOrDefault(e => opset >= e.Since && opset <= e.Until);

    public static void Plan(NodeContext node) => Find(Domain(node.Domain), node.Operator, node.Opset)!.Plan(node);
}
