using Peregrine.Common;
using Peregrine.Simulator.Sockets;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>Who a connection of the WebSocket API is logged on as, and what it listens to. Used under the exchange's gate.</summary>
internal sealed class ApiSession(WebSocketConnection connection, RequestSignature signature, TimeProvider time)
{
    /// <summary>How many subscriptions one connection may make in its life.</summary>
    private const int SubscriptionsMax = 65_535;

    private readonly long _connectedMicros = time.GetUnixMicros();
    private readonly List<(int Id, ActiveKey Key)> _subscriptions = [];
    private ActiveKey? _key;
    private long _authorizedMicros;
    private int _nextSubscription;
    private int _logonSubscription = -1;

    public static bool Serves(string method) => method is "session.logon" or "session.status" or "session.logout" or "session.subscriptions"
        or "userDataStream.subscribe" or "userDataStream.subscribe.signature" or "userDataStream.unsubscribe";

    /// <summary>The subscriptions that are in force: an account may have ended them on its side.</summary>
    private IEnumerable<(int Id, ActiveKey Key)> Active => _subscriptions.Where(s => s.Key.Account.Users.Has(connection, s.Id));

    /// <summary>Whose request it is: the session's, unless the request names a key of its own.</summary>
    /// <exception cref="ApiException">Nobody's, or not allowed.</exception>
    public ActiveKey Authorize(Operation operation, RequestParameters parameters)
    {
        ActiveKey key;
        if (_key is not null && !parameters.Has("apiKey") && !parameters.Has("signature"))
        {
            key = _key;
            signature.CheckTime(parameters);
        }
        else key = Sign(parameters);
        RequestSignature.CheckPermission(key, operation);
        return key;
    }

    /// <exception cref="ApiException">It is refused.</exception>
    public void Answer(string method, RequestParameters parameters, WireWriter writer, bool returnsRateLimits)
    {
        switch (method)
        {
            case "session.logon":
                if (signature.Keys.Find(parameters.Optional("apiKey")).Kind != ExchangeKeyKind.Ed25519)
                    throw new ApiException(-2028, "Only Ed25519 API keys are supported for this operation.");
                _key = Sign(parameters);
                _authorizedMicros = time.GetUnixMicros();
                break;
            case "session.logout":
                DropLogon();
                break;
            case "userDataStream.subscribe":
                if (_key is null) throw KeyRing.NotPermitted();
                _logonSubscription = Subscribe(writer, _key);
                return;
            case "userDataStream.subscribe.signature":
                Subscribe(writer, Sign(parameters));
                return;
            case "userDataStream.unsubscribe":
                Unsubscribe(parameters);
                writer.Raw("{}"u8);
                return;
            case "session.subscriptions":
                writer.Raw("["u8);
                foreach ((int subscription, _) in Active) writer.Comma().Raw("{\"subscriptionId\":"u8).Number(subscription).Raw("}"u8);
                writer.Raw("]"u8);
                return;
            default:
                break;
        }
        WriteStatus(writer, returnsRateLimits);
    }

    /// <summary>A key is no more: true when the session was logged on with it.</summary>
    public bool Revoke(ActiveKey key)
    {
        End([.. Active.Where(s => s.Key == key)]);
        return _key == key && DropLogon();
    }

    /// <summary>Forgets who is logged on, and ends what was subscribed to by that; false when nobody was.</summary>
    public bool DropLogon()
    {
        bool wasLoggedOn = _key is not null;
        End([.. Active.Where(s => s.Id == _logonSubscription)]);
        _logonSubscription = -1;
        _key = null;
        return wasLoggedOn;
    }

    /// <summary>The connection is over.</summary>
    public void Leave()
    {
        foreach ((int id, ActiveKey key) in _subscriptions) key.Account.Users.Remove(connection, id);
        _subscriptions.Clear();
    }

    private ActiveKey Sign(RequestParameters parameters) =>
        signature.Check(parameters.Optional("apiKey"), parameters, RequestSignature.SortedPayload(parameters.Values));

    private int Subscribe(WireWriter writer, ActiveKey key)
    {
        if (!key.Permissions.EnableReading) throw KeyRing.NotPermitted();
        if (Active.Any(s => s.Key.Account == key.Account)) throw new ApiException(-2035, "User Data Stream subscription already active.");
        if (_nextSubscription == SubscriptionsMax) throw new ApiException(-2042, "Maximum subscription ID reached for this connection.");
        int id = _nextSubscription++;
        _subscriptions.Add((id, key));
        key.Account.Users.Add(connection, id, writer.TimeUnit);
        writer.Raw("{\"subscriptionId\":"u8).Number(id).Raw("}"u8);
        return id;
    }

    private void Unsubscribe(RequestParameters parameters)
    {
        long? id = parameters.Integer("subscriptionId");
        (int, ActiveKey)[] ended = [.. Active.Where(s => id is null || s.Id == id)];
        if (ended.Length == 0) throw new ApiException(-2036, "User Data Stream subscription not active.");
        End(ended);
    }

    private void End((int Id, ActiveKey Key)[] ended)
    {
        foreach ((int id, ActiveKey key) in ended)
        {
            key.Account.Users.Terminate(connection, id);
            key.Account.Users.Remove(connection, id);
            _subscriptions.Remove((id, key));
        }
    }

    private void WriteStatus(WireWriter writer, bool returnsRateLimits)
    {
        writer.Raw("{\"apiKey\":"u8);
        if (_key is null) writer.Raw("null,\"authorizedSince\":null"u8);
        else writer.Text(_key.ApiKey).Raw(",\"authorizedSince\":"u8).Time(_authorizedMicros);
        writer.Raw(",\"connectedSince\":"u8).Time(_connectedMicros).Raw(",\"returnRateLimits\":"u8).Bool(returnsRateLimits)
            .Raw(",\"serverTime\":"u8).Time(time.GetUnixMicros()).Raw(",\"userDataStream\":"u8).Bool(Active.Any()).Raw("}"u8);
    }
}
