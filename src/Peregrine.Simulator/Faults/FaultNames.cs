using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Peregrine.Simulator.Faults;

/// <summary>A fault that cannot be: its name, a field or a value is wrong. Nothing was changed.</summary>
public sealed class FaultException(string message) : Exception(message);

/// <summary>The faults by name, to and from JSON.</summary>
internal static class FaultNames
{
    private static readonly Dictionary<string, JsonTypeInfo> ByName = new(StringComparer.Ordinal)
    {
        ["stream.mute"] = FaultJson.Default.MuteStream,
        ["stream.neverFirst"] = FaultJson.Default.NeverFirst,
        ["stream.replay"] = FaultJson.Default.ReplayFrames,
        ["stream.reorder"] = FaultJson.Default.ReorderFrames,
        ["stream.duplicate"] = FaultJson.Default.DuplicateFrames,
        ["stream.dropNext"] = FaultJson.Default.DropFrames,
        ["stream.freezeEventTime"] = FaultJson.Default.FreezeStream,
        ["stream.burst"] = FaultJson.Default.BurstFlow,
        ["stream.ignoreSubscribe"] = FaultJson.Default.IgnoreSubscribe,
        ["stream.units"] = FaultJson.Default.MixUnits,
        ["depth.gap"] = FaultJson.Default.DepthGap,
        ["depth.straddle"] = FaultJson.Default.DepthStraddle,
        ["depth.cross"] = FaultJson.Default.DepthCross,
        ["depth.oldSnapshot"] = FaultJson.Default.OldSnapshot,
        ["depth.delaySnapshot"] = FaultJson.Default.DelaySnapshot,
        ["socket.blackhole"] = FaultJson.Default.Blackhole,
        ["socket.reset"] = FaultJson.Default.ResetSocket,
        ["socket.slice"] = FaultJson.Default.SliceWrites,
        ["socket.close"] = FaultJson.Default.CloseSocket,
        ["socket.refuse"] = FaultJson.Default.RefuseSocket,
        ["session.shutdownEvent"] = FaultJson.Default.ShutdownEvent,
        ["session.lifetime"] = FaultJson.Default.SessionLifetime,
        ["http.status"] = FaultJson.Default.HttpStatus,
        ["http.html"] = FaultJson.Default.HttpHtml,
        ["http.delay"] = FaultJson.Default.HttpDelay,
        ["limits.weight"] = FaultJson.Default.LimitWeight,
        ["limits.messages"] = FaultJson.Default.LimitMessages,
        ["limits.connections"] = FaultJson.Default.LimitConnections,
        ["limits.streams"] = FaultJson.Default.LimitStreams,
        ["clock.skew"] = FaultJson.Default.SkewClock,
        ["clock.step"] = FaultJson.Default.StepClock,
        ["sbe.schema"] = FaultJson.Default.SbeSchema,
    };

    private static readonly Dictionary<Type, string> ByType = ByName.ToDictionary(p => p.Value.Type, p => p.Key);

    public static IEnumerable<string> All => ByName.Keys;

    public static string NameOf(ExchangeFault fault) => ByType[fault.GetType()];

    /// <summary>The fault's fields as JSON.</summary>
    public static string Write(ExchangeFault fault) => JsonSerializer.Serialize(fault, ByName[NameOf(fault)]);

    /// <exception cref="FaultException">The name, a field or a value is wrong.</exception>
    public static ExchangeFault Read(string name, string json)
    {
        if (!ByName.TryGetValue(name, out JsonTypeInfo? type)) throw new FaultException($"There is no fault '{name}'; there are {string.Join(", ", All)}.");
        try
        {
            using JsonDocument document = JsonDocument.Parse(json.Length == 0 ? "{}" : json);
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw new FaultException($"{name}: the body must be a JSON object.");
            foreach (JsonProperty field in document.RootElement.EnumerateObject())
            {
                if (!type.Properties.Any(p => p.Name == field.Name))
                    throw new FaultException($"{name}: there is no field '{field.Name}'; there are {string.Join(", ", type.Properties.Select(p => p.Name))}.");
            }
            foreach (JsonPropertyInfo field in type.Properties)
                if (field.IsRequired && !document.RootElement.TryGetProperty(field.Name, out _)) throw new FaultException($"{name}: the field '{field.Name}' is missing.");
            return (ExchangeFault)document.RootElement.Deserialize(type)!;
        }
        catch (JsonException e) when (e.Path is { Length: > 2 } path)
        {
            string field = path[2..];
            Type? kind = type.Properties.FirstOrDefault(p => p.Name == field)?.PropertyType;
            throw new FaultException($"{name}: the value of '{field}' is not allowed; it must be {Kind(kind)}.");
        }
        catch (JsonException)
        {
            throw new FaultException($"{name}: the body is not valid JSON.");
        }
    }

    private static string Kind(Type? type)
    {
        Type? plain = type is null ? null : Nullable.GetUnderlyingType(type) ?? type;
        if (plain is { IsEnum: true }) return "one of " + string.Join(", ", Enum.GetNames(plain).Select(JsonNamingPolicy.CamelCase.ConvertName));
        if (plain == typeof(int) || plain == typeof(long)) return "a whole number";
        return plain == typeof(double) ? "a number" : plain == typeof(string) ? "a text" : "an object of texts";
    }
}

/// <summary>How faults look as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(CamelEnum<ReplayMode>), typeof(CamelEnum<FreezeMode>), typeof(CamelEnum<CrossMode>), typeof(CamelEnum<Direction>), typeof(CamelEnum<RefuseWhat>)])]
[JsonSerializable(typeof(MuteStream))]
[JsonSerializable(typeof(NeverFirst))]
[JsonSerializable(typeof(ReplayFrames))]
[JsonSerializable(typeof(ReorderFrames))]
[JsonSerializable(typeof(DuplicateFrames))]
[JsonSerializable(typeof(DropFrames))]
[JsonSerializable(typeof(FreezeStream))]
[JsonSerializable(typeof(BurstFlow))]
[JsonSerializable(typeof(IgnoreSubscribe))]
[JsonSerializable(typeof(MixUnits))]
[JsonSerializable(typeof(DepthGap))]
[JsonSerializable(typeof(DepthStraddle))]
[JsonSerializable(typeof(DepthCross))]
[JsonSerializable(typeof(OldSnapshot))]
[JsonSerializable(typeof(DelaySnapshot))]
[JsonSerializable(typeof(Blackhole))]
[JsonSerializable(typeof(ResetSocket))]
[JsonSerializable(typeof(SliceWrites))]
[JsonSerializable(typeof(CloseSocket))]
[JsonSerializable(typeof(RefuseSocket))]
[JsonSerializable(typeof(ShutdownEvent))]
[JsonSerializable(typeof(SessionLifetime))]
[JsonSerializable(typeof(HttpStatus))]
[JsonSerializable(typeof(HttpHtml))]
[JsonSerializable(typeof(HttpDelay))]
[JsonSerializable(typeof(LimitWeight))]
[JsonSerializable(typeof(LimitMessages))]
[JsonSerializable(typeof(LimitConnections))]
[JsonSerializable(typeof(LimitStreams))]
[JsonSerializable(typeof(SkewClock))]
[JsonSerializable(typeof(StepClock))]
[JsonSerializable(typeof(SbeSchema))]
internal sealed partial class FaultJson : JsonSerializerContext;

/// <summary>Enums as camel-case words, and nothing else.</summary>
internal sealed class CamelEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false) where T : struct, Enum;
