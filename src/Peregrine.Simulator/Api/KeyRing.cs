namespace Peregrine.Simulator.Api;

/// <summary>A key that is in use: what it may do can change while the exchange runs.</summary>
internal sealed class ActiveKey(ExchangeKey key)
{
    public string ApiKey => key.ApiKey;
    public ExchangeKeyKind Kind => key.Kind;
    public SignatureVerifier Verifier { get; } = SignatureVerifier.Of(key);
    public KeyPermissions Permissions { get; set; } = key.Permissions;

    /// <summary>When it was made, for the answer that tells of its permissions.</summary>
    public long CreatedMillis { get; init; }
}

/// <summary>The keys that the exchange knows. Used under the exchange's gate.</summary>
internal sealed class KeyRing
{
    private readonly Dictionary<string, ActiveKey> _keys = new(StringComparer.Ordinal);

    /// <exception cref="ArgumentException">Two keys have one name.</exception>
    public KeyRing(IEnumerable<ExchangeKey> keys, long createdMillis)
    {
        foreach (ExchangeKey key in keys) _keys.Add(key.ApiKey, new ActiveKey(key) { CreatedMillis = createdMillis });
    }

    /// <summary>All that are in use.</summary>
    public IReadOnlyCollection<ActiveKey> All => _keys.Values;

    /// <summary>Hears of keys that are no more.</summary>
    public event Action<ActiveKey>? Revoked;

    public bool Knows(string? apiKey) => apiKey is not null && _keys.ContainsKey(apiKey);

    /// <exception cref="ApiException">The key is missing, malformed or unknown.</exception>
    public ActiveKey Find(string? apiKey)
    {
        if (string.IsNullOrEmpty(apiKey)) throw new ApiException(-2014, "API-key format invalid.", 401);
        foreach (char character in apiKey)
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('-' or '_')) throw new ApiException(-2014, "API-key format invalid.", 401);
        return _keys.GetValueOrDefault(apiKey) ?? throw NotPermitted();
    }

    /// <summary>Takes a key away: its sessions hear of it. False when there is no such key.</summary>
    public bool Revoke(string apiKey)
    {
        if (!_keys.Remove(apiKey, out ActiveKey? key)) return false;
        Revoked?.Invoke(key);
        return true;
    }

    public static ApiException NotPermitted() => new(-2015, "Invalid API-key, IP, or permissions for action.", 401);
}
