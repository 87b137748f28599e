using System.Text;
using System.Text.Json;
using Peregrine.Common;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Limits;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Sockets;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>One connection of the WebSocket API: requests with ids, answers that name them, and the account's events in between.</summary>
internal sealed class WebSocketApi
{
    /// <summary>What connecting costs.</summary>
    public const int ConnectWeight = 2;

    private const int SessionWeight = 2;
    private readonly WebSocketConnection _connection;
    private readonly ExchangeApi _api;
    private readonly ExchangeGate _gate;
    private readonly RequestSignature _signature;
    private readonly UsageCounter _usage;
    private readonly LimitKeeper _limits;
    private readonly TradingFaults _faults;
    private readonly TimeProvider _time;
    private readonly WireWriter _result = new();
    private readonly WireWriter _answer = new();
    private readonly ApiSession _session;

    public WebSocketApi(
        WebSocketConnection connection, ExchangeApi api, ExchangeGate gate, RequestSignature signature, UsageCounter usage, LimitKeeper limits, TradingFaults faults, TimeProvider time)
    {
        (_connection, _api, _gate, _signature, _usage, _limits, _faults, _time) = (connection, api, gate, signature, usage, limits, faults, time);
        _session = new ApiSession(connection, signature, time);
        gate.Request(() =>
        {
            signature.Keys.Revoked += OnRevoked;
            signature.Keys.Sessions.Add(_session);
        });
    }

    /// <summary>Whether answers tell of the limits, unless a request says otherwise.</summary>
    public bool ReturnsRateLimits { get; init; }

    /// <summary>Microseconds per unit of the connection's times.</summary>
    public long TimeUnit { get; init; } = 1_000;

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
            _gate.Request(() => Answer(root, id));
        }
        catch (JsonException)
        {
            _gate.Request(() => SendError(id, new ApiException(-1135, "Invalid JSON Request"), ReturnsRateLimits));
        }
        catch (ApiException e)
        {
            _gate.Request(() => SendError(id, e, ReturnsRateLimits));
        }
    }

    /// <summary>The connection is over.</summary>
    public void OnEnded() => _gate.Request(() =>
    {
        _signature.Keys.Revoked -= OnRevoked;
        _signature.Keys.Sessions.Remove(_session);
        _session.Leave();
    });

    private static string ReadId(JsonElement id) => id.ValueKind switch
    {
        JsonValueKind.Number when id.TryGetInt64(out _) => id.GetRawText(),
        JsonValueKind.Null => "null",
        JsonValueKind.String when id.GetString()!.Length <= 36 => id.GetRawText(),
        _ => throw ApiException.Illegal("id", "^[a-zA-Z0-9-_]{1,36}$"),
    };

    /// <param name="hasWaited">Whether a fault has kept the call before the matching engine, and it goes on now.</param>
    private void Answer(JsonElement root, string id, bool hasWaited = false)
    {
        bool withLimits = ReturnsRateLimits;
        Operation? operation = null;
        TradingAccount? account = null;
        try
        {
            string method = root.TryGetProperty("method", out JsonElement name) && name.ValueKind == JsonValueKind.String
                ? name.GetString()! : throw ApiException.Missing("method");
            if (method.StartsWith("v3/", StringComparison.Ordinal)) method = method[3..];
            RequestParameters parameters = Read(root);
            if (parameters.Optional("returnRateLimits") is { } wanted) withLimits = wanted == "true";
            bool isOfSession = ApiSession.Serves(method);
            if (!isOfSession)
            {
                operation = _api.Find(method);
                if (operation is null || operation.IsRestOnly) throw new ApiException(-1020, "This operation is not supported.");
            }
            if (!hasWaited && operation is not null && _faults.TakeWait(operation, parameters, _signature) is > 0 and var seconds)
            {
                JsonElement kept = root.Clone();
                _faults.After(seconds, () => Answer(kept, id, hasWaited: true));
                return;
            }
            int weight = isOfSession ? SessionWeight : operation!.WeightFor(parameters);
            WeightGuard.Admit(_limits, weight, _time);
            _result.Clear();
            _result.TimeUnit = TimeUnit;
            if (isOfSession) _session.Answer(method, parameters, _result, ReturnsRateLimits);
            else
            {
                OperationParameters.Check(operation!, parameters);
                if (operation!.IsSigned)
                {
                    parameters.Key = _session.Authorize(operation, parameters);
                    account = parameters.Key.Account;
                    account.Users.Hold();
                }
                if (operation.OrderCount > 0) account!.Usage.AdmitOrder(operation.OrderCount);
                operation.Run(parameters, _result);
            }
            _answer.Clear();
            _answer.Raw("{\"id\":"u8).Raw(Encoding.UTF8.GetBytes(id)).Raw(",\"status\":200,\"result\":"u8).Raw(_result.Written);
            Finish(withLimits, operation, account);
        }
        catch (ApiException e)
        {
            if (e.Status is not (429 or 418) && operation is { Weight: 0 }) _usage.AddWeight(1); // An order that fails costs what one that succeeds does not.
            SendError(id, e, withLimits, operation, account);
        }
        catch (NoReplyException)
        {
            // Nothing is said: that is the fault.
        }
        catch (RawReplyException e)
        {
            _connection.SendText(Encoding.UTF8.GetBytes(e.Body));
        }
        finally
        {
            account?.Users.Release();
        }
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

    private void OnRevoked(ActiveKey key)
    {
        if (_session.Revoke(key)) SendError("null", KeyRing.NotPermitted(), withLimits: false);
    }

    private void SendError(string id, ApiException e, bool withLimits, Operation? operation = null, TradingAccount? account = null)
    {
        _answer.Clear();
        _answer.Raw("{\"id\":"u8).Raw(Encoding.UTF8.GetBytes(id)).Raw(",\"status\":"u8).Number(e.Status)
            .Raw(",\"error\":{\"code\":"u8).Number(e.Code).Raw(",\"msg\":"u8).Text(e.Message);
        long now = _time.GetUnixMicros() / 1_000;
        if (e.DataJson is { } data) _answer.Raw(",\"data\":"u8).Raw(data);
        else if (e.RetryAfter > 0) _answer.Raw(",\"data\":{\"serverTime\":"u8).Number(now).Raw(",\"retryAfter\":"u8).Number(now + (e.RetryAfter * 1_000L)).Raw("}"u8);
        _answer.Raw("}"u8);
        Finish(withLimits, operation, account);
    }

    private void Finish(bool withLimits, Operation? operation, TradingAccount? account)
    {
        if (withLimits)
        {
            _answer.Raw(",\"rateLimits\":["u8);
            if (operation is { IsPlacement: true }) account?.Usage.WriteOrders(_answer);
            InfoWire.RateLimit(_answer, "REQUEST_WEIGHT", "MINUTE", 1, _usage.WeightLimit, _usage.Weight);
            _answer.Raw("]"u8);
        }
        _answer.Raw("}"u8);
        _connection.SendText(_answer.Written);
    }
}
