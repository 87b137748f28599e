using System.Text.Json;
using Peregrine.Common;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Sockets;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>One connection of the WebSocket API: requests with ids, answers that name them, and the account's events in between.</summary>
internal sealed class WebSocketApi(
    WebSocketConnection connection, ExchangeApi api, ExchangeGate gate, RequestSignature signature, UsageCounter usage, UserHub users, TimeProvider time, bool returnRateLimits)
{
    private readonly WireWriter _result = new();
    private readonly WireWriter _answer = new();
    private readonly long _connectedMillis = time.GetUnixMicros() / 1_000;
    private int _nextSubscriptionId;

    public void OnText(ReadOnlySpan<byte> message)
    {
        string id = "null";
        try
        {
            Utf8JsonReader reader = new(message);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw new ApiException(-1135, "Invalid JSON Request");
            if (root.TryGetProperty("id", out JsonElement idElement)) id = ReadId(idElement);
            gate.Request(() => Answer(root, id));
        }
        catch (JsonException)
        {
            SendError(id, new ApiException(-1135, "Invalid JSON Request"), returnRateLimits);
        }
        catch (ApiException e)
        {
            SendError(id, e, returnRateLimits);
        }
    }

    /// <summary>The connection is over.</summary>
    public void OnEnded() => gate.Request(() => users.Remove(connection, null));

    private static string ReadId(JsonElement id) => id.ValueKind switch
    {
        JsonValueKind.Number or JsonValueKind.Null => id.GetRawText(),
        JsonValueKind.String when id.GetString()!.Length <= 36 => id.GetRawText(),
        _ => throw new ApiException(-1100, "Illegal characters found in parameter 'id'; legal range is '^[a-zA-Z0-9-_]{1,36}$'."),
    };

    private void Answer(JsonElement root, string id)
    {
        bool withLimits = returnRateLimits;
        Operation? operation = null;
        try
        {
            string method = root.TryGetProperty("method", out JsonElement name) && name.ValueKind == JsonValueKind.String
                ? name.GetString()! : throw ApiException.Missing("method");
            if (method.StartsWith("v3/", StringComparison.Ordinal)) method = method[3..];
            RequestParameters parameters = Read(root);
            if (parameters.Optional("returnRateLimits") is { } wanted) withLimits = wanted == "true";
            _result.Clear();
            users.Hold();
            int weight = 2;
            if (!TrySession(method, parameters))
            {
                operation = api.Find(method) ?? throw new ApiException(-1020, "This operation is not supported.");
                weight = operation.Weight;
                if (operation.IsSigned) CheckSignature(parameters);
                if (operation.IsPlacement) usage.AdmitOrder();
                operation.Run(parameters, _result);
            }
            usage.AddWeight(weight);
            if (operation is { IsPlacement: true }) usage.AddOrder();
            _answer.Clear();
            _answer.Raw("{\"id\":"u8).Raw(System.Text.Encoding.UTF8.GetBytes(id)).Raw(",\"status\":200,\"result\":"u8).Raw(_result.Written);
            Finish(withLimits, operation is { IsPlacement: true });
        }
        catch (ApiException e)
        {
            usage.AddWeight(Math.Max(1, operation?.Weight ?? 1));
            SendError(id, e, withLimits);
        }
        catch (Faults.NoReplyException)
        {
            // Nothing is said: that is the fault.
        }
        catch (Faults.RawReplyException e)
        {
            connection.SendText(System.Text.Encoding.UTF8.GetBytes(e.Body));
        }
        finally
        {
            users.Release();
        }
    }

    /// <summary>What belongs to the connection itself.</summary>
    private bool TrySession(string method, RequestParameters parameters)
    {
        switch (method)
        {
            case "userDataStream.subscribe.signature":
                CheckSignature(parameters);
                if (users.Of(connection).Any()) throw new ApiException(-2035, "User Data Stream subscription already active.");
                users.Add(connection, _nextSubscriptionId);
                _result.Raw("{\"subscriptionId\":"u8).Number(_nextSubscriptionId++).Raw("}"u8);
                return true;
            case "userDataStream.subscribe":
                throw new ApiException(-2015, "Invalid API-key, IP, or permissions for action.", 401); // Needs session.logon, which no HMAC key can do.
            case "session.logon":
                throw new ApiException(-2028, "Only Ed25519 API keys are supported for this operation.");
            case "userDataStream.unsubscribe":
                int? id = (int?)parameters.Integer("subscriptionId");
                int[] ended = [.. users.Of(connection).Where(s => id is null || s == id)];
                if (ended.Length == 0) throw new ApiException(-2036, "User Data Stream subscription not active.");
                foreach (int subscription in ended) users.Terminate(connection, subscription);
                users.Remove(connection, id);
                _result.Raw("{}"u8);
                return true;
            case "session.subscriptions":
                _result.Raw("["u8);
                foreach (int subscription in users.Of(connection)) _result.Comma().Raw("{\"subscriptionId\":"u8).Number(subscription).Raw("}"u8);
                _result.Raw("]"u8);
                return true;
            case "session.status" or "session.logout":
                _result.Raw("{\"apiKey\":null,\"authorizedSince\":null,\"connectedSince\":"u8).Number(_connectedMillis)
                    .Raw(",\"returnRateLimits\":"u8).Bool(returnRateLimits).Raw(",\"serverTime\":"u8).Number(time.GetUnixMicros() / 1_000)
                    .Raw(",\"userDataStream\":"u8).Bool(users.Of(connection).Any()).Raw("}"u8);
                return true;
            default:
                return false;
        }
    }

    private void CheckSignature(RequestParameters parameters)
    {
        signature.CheckKey(parameters.Optional("apiKey"));
        signature.Check(parameters, RequestSignature.SortedPayload(parameters.Values));
    }

    /// <summary>The parameters as text: what was signed is the text of each value.</summary>
    private static RequestParameters Read(JsonElement root)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        if (root.TryGetProperty("params", out JsonElement parameters) && parameters.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in parameters.EnumerateObject())
                values[property.Name] = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString()! : property.Value.GetRawText();
        }
        return new RequestParameters(values);
    }

    private void SendError(string id, ApiException e, bool withLimits)
    {
        _answer.Clear();
        _answer.Raw("{\"id\":"u8).Raw(System.Text.Encoding.UTF8.GetBytes(id)).Raw(",\"status\":"u8).Number(e.Status)
            .Raw(",\"error\":{\"code\":"u8).Number(e.Code).Raw(",\"msg\":"u8).Text(e.Message).Raw("}"u8);
        Finish(withLimits, withOrders: false);
    }

    private void Finish(bool withLimits, bool withOrders)
    {
        if (withLimits)
        {
            _answer.Raw(",\"rateLimits\":["u8);
            if (withOrders)
            {
                InfoWire.RateLimit(_answer, "ORDERS", "SECOND", 10, UsageCounter.OrderLimit, usage.Orders);
                InfoWire.RateLimit(_answer, "ORDERS", "DAY", 1, UsageCounter.OrderDayLimit, usage.DayOrders);
            }
            InfoWire.RateLimit(_answer, "REQUEST_WEIGHT", "MINUTE", 1, usage.WeightLimit, usage.Weight);
            _answer.Raw("]"u8);
        }
        _answer.Raw("}"u8);
        connection.SendText(_answer.Written);
    }
}
