namespace Peregrine.Simulator;

/// <summary>How requests of a key are signed.</summary>
public enum ExchangeKeyKind
{
    /// <summary>HMAC-SHA256 with a shared secret, in hex.</summary>
    Hmac = 0,

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-256, in base64.</summary>
    Rsa = 1,

    /// <summary>Ed25519 without a hash before it, in base64. The only kind that may log a session on.</summary>
    Ed25519 = 2,
}

/// <summary>An API key as the exchange knows it.</summary>
/// <param name="ApiKey">What stands in X-MBX-APIKEY.</param>
/// <param name="Kind">How its requests are signed.</param>
/// <param name="Secret">HMAC: the secret. RSA and Ed25519: the public key as PEM (SubjectPublicKeyInfo).</param>
public sealed record ExchangeKey(string ApiKey, ExchangeKeyKind Kind, string Secret)
{
    /// <summary>What it may do at first.</summary>
    public KeyPermissions Permissions { get; init; } = new();
}

/// <summary>What a key may do, in the words of GET /sapi/v1/account/apiRestrictions.</summary>
public sealed record KeyPermissions
{
    /// <summary>Usable from certain addresses only: an exchange on loopback has no others.</summary>
    public bool IpRestrict { get; init; } = true;
    public bool EnableReading { get; init; } = true;
    public bool EnableSpotAndMarginTrading { get; init; } = true;
    public bool EnableWithdrawals { get; init; }
    public bool EnableInternalTransfer { get; init; }
    public bool PermitsUniversalTransfer { get; init; }
    public bool EnableMargin { get; init; }
    public bool EnableFutures { get; init; }
    public bool EnableVanillaOptions { get; init; }
}
