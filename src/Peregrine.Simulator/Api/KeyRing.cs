using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Trading;

namespace Peregrine.Simulator.Api;

/// <summary>A key that is in use: what it may do can change while the exchange runs.</summary>
internal sealed class ActiveKey(ExchangeKey key, TradingAccount account)
{
    public string ApiKey => key.ApiKey;
    public ExchangeKeyKind Kind => key.Kind;
    public TradingAccount Account => account;
    public SignatureVerifier Verifier { get; } = SignatureVerifier.Of(key);

    /// <summary>What it may do, faults included; null while it is taken away.</summary>
    public Layered<KeyPermissions?> Rights { get; } = new(key.Permissions);

    public KeyPermissions Permissions => Rights.Value ?? new KeyPermissions { EnableReading = false, EnableSpotAndMarginTrading = false };

    /// <summary>When it was made, for the answer that tells of its permissions.</summary>
    public long CreatedMillis { get; init; }
}

/// <summary>The keys that the exchange knows, and the sessions that may be logged on with them. Used under the exchange's gate.</summary>
internal sealed class KeyRing
{
    private readonly Dictionary<string, ActiveKey> _keys = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">Two keys have one name.</exception>
    public KeyRing(IEnumerable<(ExchangeKey Key, TradingAccount Account)> keys, long createdMillis)
    {
        foreach ((ExchangeKey key, TradingAccount account) in keys) _keys.Add(key.ApiKey, new ActiveKey(key, account) { CreatedMillis = createdMillis });
    }

    /// <summary>All that there are, those taken away included.</summary>
    public IReadOnlyCollection<ActiveKey> All => _keys.Values;

    /// <summary>Connections of the WebSocket API that are open.</summary>
    public List<ApiSession> Sessions { get; } = [];

    /// <summary>Hears of keys that are no more.</summary>
    public event Action<ActiveKey>? Revoked;

    public bool Knows(string? apiKey) => apiKey is not null && _keys.TryGetValue(apiKey, out ActiveKey? key) && key.Rights.Value is not null;

    /// <exception cref="ApiException">The key is missing, malformed or unknown.</exception>
    public ActiveKey Find(string? apiKey)
    {
        if (string.IsNullOrEmpty(apiKey)) throw new ApiException(-2014, "API-key format invalid.", 401);
        foreach (char character in apiKey)
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_')) throw new ApiException(-2014, "API-key format invalid.", 401);
        return _keys.GetValueOrDefault(apiKey) is { Rights.Value: not null } key ? key : throw NotPermitted();
    }

    /// <summary>Takes a key away: its sessions hear of it. The result gives it back, to sessions that log on anew.</summary>
    public Action Revoke(ActiveKey key)
    {
        Action giveBack = key.Rights.Lay(static _ => null);
        Revoked?.Invoke(key);
        return giveBack;
    }

    public static ApiException NotPermitted() => new(-2015, "Invalid API-key, IP, or permissions for action.", 401);
}
