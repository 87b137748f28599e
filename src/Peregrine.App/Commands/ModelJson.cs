using System.Text.Json;
using System.Text.Json.Serialization;

using Peregrine.Benchmarks.Inference;
using Peregrine.Inference.Inspection;

namespace Peregrine.App.Commands;

/// <summary><c>model check --json</c></summary>
internal sealed record ModelCheckJson(string File, double Absolute, double Relative)
{
    public bool Ok => Problem is null && SelfTestProblem is null && Sets.All(static set => set.Ok);

    /// <summary>Why it does not compile.</summary>
    public string? Problem { get; init; }
    public int Steps { get; init; }
    public long MemoryBytes { get; init; }

    /// <summary>The family in use; null where the model's shapes depend on inputs that only test sets give.</summary>
    public string? Kernels { get; init; }
    public int SelfTestRows { get; init; }
    public string? SelfTestProblem { get; init; }
    public IReadOnlyList<ModelSetJson> Sets { get; init; } = [];
}

/// <summary>One test set of <c>model check --json</c>.</summary>
internal sealed record ModelSetJson(string Name, IReadOnlyList<ModelOutputJson> Outputs, string? Problem)
{
    public bool Ok => Problem is null && Outputs.All(static output => output.Ok);
}

/// <summary>One output of a test set: the number that is worst against what it is allowed. Numbers that are not finite are text.</summary>
internal sealed record ModelOutputJson(string Name, bool Ok, int Elements, int Misses, int Index, double Actual, double Expected, double Difference, double Allowed, string? Problem)
{
    public static ModelOutputJson Of(OutputCheck check) =>
        new(check.Name, check.Passes, check.Elements, check.Misses, check.WorstIndex, check.Actual, check.Expected, check.Difference, check.Allowed, check.Mismatch);
}

/// <summary>Shapes that the <c>model</c> commands print with --json.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ModelCheckJson))]
[JsonSerializable(typeof(ModelBenchResult))]
[JsonSerializable(typeof(ModelInspectJson))]
internal sealed partial class ModelJson : JsonSerializerContext
{
    public static void Print(ModelCheckJson result) => Console.WriteLine(JsonSerializer.Serialize(result, Default.ModelCheckJson));

    public static void Print(ModelInspectJson result) => Console.WriteLine(JsonSerializer.Serialize(result, Default.ModelInspectJson));

    public static void Print(ModelBenchResult result) => Console.WriteLine(JsonSerializer.Serialize(result, Default.ModelBenchResult));
}
