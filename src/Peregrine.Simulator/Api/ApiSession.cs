using Peregrine.Common;
using Peregrine.Simulator.Sockets;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>Who a connection of the WebSocket API is logged on as, and what it listens to. Used under the exchange's gate.</summary>
internal sealed class ApiSession(WebSocketConnection connection, RequestSignature signature, UserHub users, TimeProvider time)
{
    /// <summary>How many subscriptions one connection may make in its life.</summary>
    private const int SubscriptionsMax = 65_535;

    private readonly long _connectedMicros = time.GetUnixMicros();
    private ActiveKey? _key;
    private long _authorizedMicros;
    private int _nextSubscription;
    private int _logonSubscription = -1;
    private ActiveKey? _signedBy;

    public static bool Serves(string method) => method is "session.logon" or "session.status" or "session.logout" or "session.subscriptions"
        or "userDataStream.subscribe" or "userDataStream.subscribe.signature" or "userDataStream.unsubscribe";

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
                EndLogonSubscription();
                _key = null;
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
                foreach (int subscription in users.Of(connection)) writer.Comma().Raw("{\"subscriptionId\":"u8).Number(subscription).Raw("}"u8);
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
        if (_signedBy == key) EndSubscriptions([.. users.Of(connection)]);
        if (_key != key) return false;
        EndLogonSubscription();
        _key = null;
        return true;
    }

    private ActiveKey Sign(RequestParameters parameters) =>
        signature.Check(parameters.Optional("apiKey"), parameters, RequestSignature.SortedPayload(parameters.Values));

    private int Subscribe(WireWriter writer, ActiveKey key)
    {
        if (!key.Permissions.EnableReading) throw KeyRing.NotPermitted();
        if (users.Of(connection).Any()) throw new ApiException(-2035, "User Data Stream subscription already active."); // All keys are of one account.
        if (_nextSubscription == SubscriptionsMax) throw new ApiException(-2042, "Maximum subscription ID reached for this connection.");
        int id = _nextSubscription++;
        _signedBy = key;
        users.Add(connection, id);
        writer.Raw("{\"subscriptionId\":"u8).Number(id).Raw("}"u8);
        return id;
    }

    private void Unsubscribe(RequestParameters parameters)
    {
        long? id = parameters.Integer("subscriptionId");
        int[] ended = [.. users.Of(connection).Where(s => id is null || s == id)];
        if (ended.Length == 0) throw new ApiException(-2036, "User Data Stream subscription not active.");
        EndSubscriptions(ended);
    }

    private void EndLogonSubscription()
    {
        if (_logonSubscription >= 0) EndSubscriptions([.. users.Of(connection).Where(s => s == _logonSubscription)]);
        _logonSubscription = -1;
    }

    private void EndSubscriptions(int[] ended)
    {
        foreach (int subscription in ended)
        {
            users.Terminate(connection, subscription);
            users.Remove(connection, subscription);
        }
    }

    private void WriteStatus(WireWriter writer, bool returnsRateLimits)
    {
        writer.Raw("{\"apiKey\":"u8);
        if (_key is null) writer.Raw("null,\"authorizedSince\":null"u8);
        else writer.Text(_key.ApiKey).Raw(",\"authorizedSince\":"u8).Time(_authorizedMicros);
        writer.Raw(",\"connectedSince\":"u8).Time(_connectedMicros).Raw(",\"returnRateLimits\":"u8).Bool(returnsRateLimits)
            .Raw(",\"serverTime\":"u8).Time(time.GetUnixMicros()).Raw(",\"userDataStream\":"u8).Bool(users.Of(connection).Any()).Raw("}"u8);
    }
}
