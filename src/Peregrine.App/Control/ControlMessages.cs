using System.Text.Json.Serialization;

namespace Peregrine.App.Control;

/// <summary>What a person asks of a running appliance: one line of JSON over its control socket.</summary>
internal sealed record ControlRequest
{
    /// <summary>restart, backup, check, cancel; kill, arm or reconcile.</summary>
    public required string Do { get; init; }

    /// <summary>Of restart: the actor's name, with its group or without.</summary>
    public string Actor { get; init; } = "";

    /// <summary>Of cancel: the one-shot's id, or how it begins.</summary>
    public string Id { get; init; } = "";

    /// <summary>Of kill: the level (reduceOnly, halt, cancelAll, flatten).</summary>
    public string Level { get; init; } = "";

    /// <summary>Of kill and arm: one symbol instead of the whole account.</summary>
    public string Symbol { get; init; } = "";

    /// <summary>Of kill and arm: one strategy instead of the whole account.</summary>
    public int Strategy { get; init; }

    /// <summary>Of reconcile: what the account holds is taken for right.</summary>
    public bool Accept { get; init; }
}

/// <summary>The one line that comes back.</summary>
/// <param name="Ok">It is done, or begun.</param>
/// <param name="Text">For a person: what was done, or why not.</param>
/// <param name="Id">Of the one-shot that was begun; empty otherwise.</param>
internal sealed record ControlAnswer(bool Ok, string Text, string Id = "");

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlAnswer))]
internal sealed partial class ControlJson : JsonSerializerContext;
