using System.Text.Json.Serialization;

namespace Peregrine.Simulator.Limits;

/// <summary>What was used of the exchange so far.</summary>
public sealed record ExchangeMeters
{
    /// <summary>Request weight of the present minute.</summary>
    public required int Weight { get; init; }

    /// <summary>The most weight of any one minute.</summary>
    public required int WeightPeak { get; init; }

    public required long WeightTotal { get; init; }

    /// <summary>REST calls by path, refused ones included.</summary>
    public required IReadOnlyDictionary<string, int> Requests { get; init; }

    public required int Answers429 { get; init; }
    public required int Answers418 { get; init; }

    /// <summary>Calls that came in spite of a 429 or 418 whose time was not over.</summary>
    public required int CallsWhileBanned { get; init; }

    public required int Bans { get; init; }

    /// <summary>Attempts to open a stream connection, refused ones included.</summary>
    public required int Connects { get; init; }

    public required int ConnectsOfFiveMinutes { get; init; }
    public required int ConnectsRefused { get; init; }

    /// <summary>Frames that came over stream connections, pings and pongs included.</summary>
    public required long Messages { get; init; }

    /// <summary>The most frames of one connection within any one second, connections that are closed included.</summary>
    public required int MessagesPerSecondMax { get; init; }

    /// <summary>Stream connections that were cut because they sent too many frames.</summary>
    public required int MessageCuts { get; init; }

    /// <summary>The open stream connections, those longest open first: the first is connection 1 of the faults.</summary>
    public required IReadOnlyList<ConnectionMeters> Connections { get; init; }
}

/// <summary>What one open stream connection does.</summary>
/// <param name="Number">Its number since the exchange began, from 1.</param>
/// <param name="Path">The path and query that it was opened with.</param>
/// <param name="Streams">How many streams it listens to.</param>
/// <param name="Unsent">Bytes that it has not taken yet.</param>
public sealed record ConnectionMeters(int Number, string Path, double OpenSeconds, int Streams, long Messages, int MessagesPerSecondMax, long Unsent);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ExchangeMeters))]
internal sealed partial class MetersJson : JsonSerializerContext;
