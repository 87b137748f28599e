using System.Text.Json;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Streams;

/// <summary>SUBSCRIBE and its siblings, with the exchange's replies.</summary>
internal static class StreamControl
{
    private const string Methods = "`SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`";

    public static void Handle(StreamHub hub, StreamSession session, ReadOnlySpan<byte> message, int streamsMax, WireWriter reply)
    {
        reply.Clear();
        try
        {
            Utf8JsonReader reader = new(message);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("method", out JsonElement method))
                Fail(reply, 2, $"Invalid request: missing field `method` at line 1 column {message.Length}", null);
            else if (!IsId(root, out string? id))
                Fail(reply, 2, "Invalid request: request ID must be an unsigned integer", null);
            else
                Answer(hub, session, root, method.GetString() ?? "", id, streamsMax, reply);
        }
        catch (JsonException e)
        {
            Fail(reply, 3, $"Invalid JSON: expected value at line {e.LineNumber + 1} column {e.BytePositionInLine + 1}", null);
        }
        catch (InvalidOperationException)
        {
            Fail(reply, 2, "Invalid request: invalid type", null);
        }
    }

    private static void Answer(StreamHub hub, StreamSession session, JsonElement root, string method, string? id, int streamsMax, WireWriter reply)
    {
        JsonElement[] parameters = root.TryGetProperty("params", out JsonElement list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : [];
        switch (method)
        {
            case "SUBSCRIBE" when session.Subscriptions.Count + parameters.Length > streamsMax:
                Fail(reply, 2, $"Invalid request: too many streams, the limit is {streamsMax} per connection", id);
                break;
            case "SUBSCRIBE":
                string[] wanted = [.. parameters.Select(p => p.GetString() ?? "")];
                Result(reply, "null"u8, id);
                session.Connection.AppendText(reply.Written); // Ahead of the first payload.
                reply.Clear();
                hub.Subscribe(session, wanted);
                break;
            case "UNSUBSCRIBE":
                hub.Unsubscribe(session, parameters.Select(p => p.GetString() ?? ""));
                Result(reply, "null"u8, id);
                break;
            case "LIST_SUBSCRIPTIONS":
                reply.Raw("{\"result\":["u8);
                foreach (Subscription subscription in session.Subscriptions) reply.Comma().Text(subscription.Name);
                reply.Raw("],\"id\":"u8).RawJson(id).Raw("}"u8);
                break;
            case "SET_PROPERTY" or "GET_PROPERTY" when parameters.Length == 0 || parameters[0].ValueKind != JsonValueKind.String:
                Fail(reply, 2, "Invalid request: property name must be a string", id);
                break;
            case "SET_PROPERTY" or "GET_PROPERTY" when parameters[0].GetString() != "combined":
                Fail(reply, 0, "Unknown property", id);
                break;
            case "SET_PROPERTY" when parameters.Length < 2 || parameters[1].ValueKind is not (JsonValueKind.True or JsonValueKind.False):
                Fail(reply, 1, "Invalid value type: expected Boolean", id);
                break;
            case "SET_PROPERTY" or "GET_PROPERTY" when parameters.Length > (method == "SET_PROPERTY" ? 2 : 1):
                Fail(reply, 2, "Invalid request: too many parameters", id);
                break;
            case "SET_PROPERTY":
                session.Combined = parameters[1].GetBoolean();
                Result(reply, "null"u8, id);
                break;
            case "GET_PROPERTY":
                Result(reply, session.Combined ? "true"u8 : "false"u8, id);
                break;
            default:
                Fail(reply, 2, $"Invalid request: unknown variant `{method}`, expected one of {Methods} at line 1 column {method.Length + 13}", id);
                break;
        }
    }

    /// <summary>An id is a whole number, a short string or null; its JSON text is given back as it came.</summary>
    private static bool IsId(JsonElement root, out string? id)
    {
        id = null;
        if (!root.TryGetProperty("id", out JsonElement element)) return true;
        id = element.GetRawText();
        return element.ValueKind switch
        {
            JsonValueKind.Number => element.TryGetInt64(out _),
            JsonValueKind.String => element.GetString()!.Length <= 36,
            JsonValueKind.Null => true,
            _ => false,
        };
    }

    private static void Result(WireWriter reply, ReadOnlySpan<byte> result, string? id) =>
        reply.Raw("{\"result\":"u8).Raw(result).Raw(",\"id\":"u8).RawJson(id).Raw("}"u8);

    private static void Fail(WireWriter reply, int code, string message, string? id)
    {
        reply.Raw("{\"code\":"u8).Number(code).Raw(",\"msg\":"u8).Text(message);
        if (id is not null) reply.Raw(",\"id\":"u8).RawJson(id);
        reply.Raw("}"u8);
    }

    /// <summary>JSON that is already JSON; null where there was none.</summary>
    private static WireWriter RawJson(this WireWriter writer, string? json) => writer.Raw(json is null ? "null"u8 : System.Text.Encoding.UTF8.GetBytes(json));
}
