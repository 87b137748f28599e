using System.Text.Json.Serialization;

using Peregrine.Research.Replay;

namespace Peregrine.App.Commands;

/// <summary>Shapes that commands print with --json.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(ReplayResult))]
internal sealed partial class ResultJson : JsonSerializerContext;
