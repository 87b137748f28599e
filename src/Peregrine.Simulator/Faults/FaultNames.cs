using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Peregrine.Simulator.Faults;

/// <summary>A fault that cannot be: its name, a field or a value is wrong. Nothing was changed.</summary>
public sealed class FaultException(string message) : Exception(message);

/// <summary>The faults by name, to and from JSON.</summary>
internal static class FaultNames
{
    /// <summary>How each is written, and one with its defaults, over which a body is laid.</summary>
    private static readonly Dictionary<string, (JsonTypeInfo Type, ExchangeFault Usual)> ByName = new(StringComparer.Ordinal)
    {
        ["stream.mute"] = (FaultJson.Default.MuteStream, new MuteStream { Streams = "" }),
        ["stream.neverFirst"] = (FaultJson.Default.NeverFirst, new NeverFirst { Streams = "" }),
        ["stream.replay"] = (FaultJson.Default.ReplayFrames, new ReplayFrames { Streams = "" }),
        ["stream.reorder"] = (FaultJson.Default.ReorderFrames, new ReorderFrames { Streams = "" }),
        ["stream.duplicate"] = (FaultJson.Default.DuplicateFrames, new DuplicateFrames { Streams = "" }),
        ["stream.dropNext"] = (FaultJson.Default.DropFrames, new DropFrames { Streams = "" }),
        ["stream.freezeEventTime"] = (FaultJson.Default.FreezeStream, new FreezeStream { Streams = "" }),
        ["stream.burst"] = (FaultJson.Default.BurstFlow, new BurstFlow { Streams = "" }),
        ["stream.ignoreSubscribe"] = (FaultJson.Default.IgnoreSubscribe, new IgnoreSubscribe { Streams = "" }),
        ["stream.units"] = (FaultJson.Default.MixUnits, new MixUnits { Streams = "" }),
        ["stream.corrupt"] = (FaultJson.Default.CorruptFrames, new CorruptFrames { Streams = "" }),
        ["depth.gap"] = (FaultJson.Default.DepthGap, new DepthGap { Symbol = "" }),
        ["depth.straddle"] = (FaultJson.Default.DepthStraddle, new DepthStraddle { Symbol = "" }),
        ["depth.cross"] = (FaultJson.Default.DepthCross, new DepthCross { Symbol = "" }),
        ["depth.oldSnapshot"] = (FaultJson.Default.OldSnapshot, new OldSnapshot { Symbol = "" }),
        ["depth.delaySnapshot"] = (FaultJson.Default.DelaySnapshot, new DelaySnapshot { Symbol = "", Milliseconds = 0 }),
        ["socket.blackhole"] = (FaultJson.Default.Blackhole, new Blackhole()),
        ["socket.reset"] = (FaultJson.Default.ResetSocket, new ResetSocket()),
        ["socket.slice"] = (FaultJson.Default.SliceWrites, new SliceWrites()),
        ["socket.close"] = (FaultJson.Default.CloseSocket, new CloseSocket()),
        ["socket.refuse"] = (FaultJson.Default.RefuseSocket, new RefuseSocket()),
        ["session.shutdownEvent"] = (FaultJson.Default.ShutdownEvent, new ShutdownEvent()),
        ["session.lifetime"] = (FaultJson.Default.SessionLifetime, new SessionLifetime { LifetimeSeconds = 0 }),
        ["http.status"] = (FaultJson.Default.HttpStatus, new HttpStatus { Path = "", Code = 0 }),
        ["http.html"] = (FaultJson.Default.HttpHtml, new HttpHtml { Path = "" }),
        ["http.delay"] = (FaultJson.Default.HttpDelay, new HttpDelay { Path = "", Milliseconds = 0 }),
        ["limits.weight"] = (FaultJson.Default.LimitWeight, new LimitWeight()),
        ["limits.messages"] = (FaultJson.Default.LimitMessages, new LimitMessages { PerSecond = 0 }),
        ["limits.connections"] = (FaultJson.Default.LimitConnections, new LimitConnections { PerFiveMinutes = 0 }),
        ["limits.streams"] = (FaultJson.Default.LimitStreams, new LimitStreams { PerConnection = 0 }),
        ["clock.skew"] = (FaultJson.Default.SkewClock, new SkewClock { Milliseconds = 0 }),
        ["clock.step"] = (FaultJson.Default.StepClock, new StepClock { Milliseconds = 0 }),
        ["order.executeThenDropReply"] = (FaultJson.Default.ExecuteThenDropReply, new ExecuteThenDropReply()),
        ["order.rejectThenDropReply"] = (FaultJson.Default.RejectThenDropReply, new RejectThenDropReply()),
        ["order.executeLate"] = (FaultJson.Default.ExecuteLate, new ExecuteLate()),
        ["order.answer"] = (FaultJson.Default.AnswerCall, new AnswerCall()),
        ["order.hideFromQuery"] = (FaultJson.Default.HideFromQuery, new HideFromQuery()),
        ["order.pruneIoc"] = (FaultJson.Default.PruneIoc, new PruneIoc()),
        ["order.fillDuringCancel"] = (FaultJson.Default.FillDuringCancel, new FillDuringCancel()),
        ["order.hideThenFill"] = (FaultJson.Default.HideThenFill, new HideThenFill()),
        ["order.duplicateReport"] = (FaultJson.Default.DuplicateReport, new DuplicateReport()),
        ["order.shuffleReports"] = (FaultJson.Default.ShuffleReports, new ShuffleReports()),
        ["order.lateReport"] = (FaultJson.Default.LateReport, new LateReport()),
        ["order.earlyReport"] = (FaultJson.Default.EarlyReport, new EarlyReport()),
        ["user.mute"] = (FaultJson.Default.MuteUser, new MuteUser()),
        ["user.terminate"] = (FaultJson.Default.TerminateUser, new TerminateUser()),
        ["account.setBalance"] = (FaultJson.Default.SetBalance, new SetBalance { Asset = "", Amount = "" }),
        ["account.deposit"] = (FaultJson.Default.Deposit, new Deposit { Asset = "", Amount = "" }),
        ["account.lock"] = (FaultJson.Default.ExternalLock, new ExternalLock { Asset = "", Amount = "" }),
        ["account.feeAsset"] = (FaultJson.Default.FeeAsset, new FeeAsset()),
        ["symbol.status"] = (FaultJson.Default.SymbolStatus, new SymbolStatus { Symbol = "" }),
        ["symbol.filters"] = (FaultJson.Default.SymbolFilters, new SymbolFilters { Symbol = "" }),
        ["symbol.delist"] = (FaultJson.Default.SymbolDelist, new SymbolDelist { Symbol = "" }),
        ["session.dropAuth"] = (FaultJson.Default.DropAuth, new DropAuth()),
        ["order.delayMatching"] = (FaultJson.Default.DelayMatching, new DelayMatching()),
        ["limits.orders"] = (FaultJson.Default.LimitOrders, new LimitOrders()),
        ["key.revoke"] = (FaultJson.Default.RevokeKey, new RevokeKey()),
        ["key.permissions"] = (FaultJson.Default.KeyPermissions, new KeyPermissions()),
        ["sbe.schema"] = (FaultJson.Default.SbeSchema, new SbeSchema()),
    };

    private static readonly Dictionary<Type, string> ByType = ByName.ToDictionary(p => p.Value.Type.Type, p => p.Key);

    public static IEnumerable<string> All => ByName.Keys;

    public static string NameOf(ExchangeFault fault) => ByType[fault.GetType()];

    /// <summary>The fault's fields as JSON.</summary>
    public static string Write(ExchangeFault fault) => JsonSerializer.Serialize(fault, ByName[NameOf(fault)].Type);

    /// <exception cref="FaultException">The name, a field or a value is wrong.</exception>
    public static ExchangeFault Read(string name, string json)
    {
        if (!ByName.TryGetValue(name, out (JsonTypeInfo Type, ExchangeFault Usual) known)) throw new FaultException($"There is no fault '{name}'; there are {string.Join(", ", All)}.");
        JsonTypeInfo type = known.Type;
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
            JsonObject whole = JsonSerializer.SerializeToNode(known.Usual, type)!.AsObject();
            foreach (JsonProperty field in document.RootElement.EnumerateObject()) whole[field.Name] = JsonNode.Parse(field.Value.GetRawText());
            return (ExchangeFault)whole.Deserialize(type)!;
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
        return plain == typeof(double) ? "a number" : plain == typeof(string) ? "a text" : plain == typeof(bool) ? "true or false" : "an object of texts";
    }
}

/// <summary>How faults look as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(CamelEnum<ReplayMode>), typeof(CamelEnum<FreezeMode>), typeof(CamelEnum<CrossMode>), typeof(CamelEnum<Direction>), typeof(CamelEnum<RefuseWhat>), typeof(CamelEnum<Corruption>)])]
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
[JsonSerializable(typeof(CorruptFrames))]
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
[JsonSerializable(typeof(ExecuteThenDropReply))]
[JsonSerializable(typeof(RejectThenDropReply))]
[JsonSerializable(typeof(ExecuteLate))]
[JsonSerializable(typeof(AnswerCall))]
[JsonSerializable(typeof(HideFromQuery))]
[JsonSerializable(typeof(PruneIoc))]
[JsonSerializable(typeof(FillDuringCancel))]
[JsonSerializable(typeof(HideThenFill))]
[JsonSerializable(typeof(DuplicateReport))]
[JsonSerializable(typeof(ShuffleReports))]
[JsonSerializable(typeof(LateReport))]
[JsonSerializable(typeof(EarlyReport))]
[JsonSerializable(typeof(MuteUser))]
[JsonSerializable(typeof(TerminateUser))]
[JsonSerializable(typeof(SetBalance))]
[JsonSerializable(typeof(Deposit))]
[JsonSerializable(typeof(ExternalLock))]
[JsonSerializable(typeof(FeeAsset))]
[JsonSerializable(typeof(SymbolStatus))]
[JsonSerializable(typeof(SymbolFilters))]
[JsonSerializable(typeof(SymbolDelist))]
[JsonSerializable(typeof(DropAuth))]
[JsonSerializable(typeof(DelayMatching))]
[JsonSerializable(typeof(LimitOrders))]
[JsonSerializable(typeof(RevokeKey))]
[JsonSerializable(typeof(KeyPermissions))]
internal sealed partial class FaultJson : JsonSerializerContext;

/// <summary>Enums as camel-case words, and nothing else.</summary>
internal sealed class CamelEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false) where T : struct, Enum;
