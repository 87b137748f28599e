using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;

using Peregrine.Binance.Signing;

namespace Peregrine.Binance.Orders;

/// <summary>How a key signs.</summary>
public enum KeyKind : byte
{
    /// <summary>A shared secret; the exchange calls these deprecated.</summary>
    Hmac = 0,
    Rsa = 1,

    /// <summary>The only kind that may log a session on.</summary>
    Ed25519 = 2,
}

/// <summary>A key and its secret: a text (HMAC), or a private key as PEM (RSA, Ed25519; PKCS#8, not encrypted). Its text never shows either.</summary>
public sealed class ApiKey
{
    private const string Ed25519Oid = "1.3.101.112";
    private const string RsaOid = "1.2.840.113549.1.1.1";

    private readonly byte[] _key;
    private readonly byte[] _secret;

    /// <exception cref="ArgumentException">One of them is empty, the key holds more than letters and digits, or the PEM is no private key of a kind that is known.</exception>
    public ApiKey(string key, string secret)
    {
        if (key.Length == 0 || key.AsSpan().IndexOfAnyExcept(Allowed) >= 0) throw new ArgumentException("An API key has letters and digits only.", nameof(key));
        if (secret.Length == 0) throw new ArgumentException("An API key needs its secret.", nameof(secret));
        _key = Encoding.ASCII.GetBytes(key);
        (Kind, _secret) = secret.Contains("-----BEGIN", StringComparison.Ordinal) ? ReadPem(secret) : (KeyKind.Hmac, Encoding.UTF8.GetBytes(secret));
    }

    /// <summary>How requests are signed with it.</summary>
    public KeyKind Kind { get; }

    internal ReadOnlySpan<byte> Key => _key;

    /// <summary>The name as it goes into a header.</summary>
    internal string Name => Encoding.ASCII.GetString(_key);

    private static System.Buffers.SearchValues<char> Allowed { get; } =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public override string ToString() => "(an API key)";

    internal ISignature CreateSignature()
    {
        switch (Kind)
        {
            case KeyKind.Ed25519:
                return new Ed25519Signature(_secret);
            case KeyKind.Rsa:
                return new RsaSignature(_secret);
            default:
                return new HmacSignature(_secret);
        }
    }

    private static (KeyKind Kind, byte[] Secret) ReadPem(string pem)
    {
        if (!PemEncoding.TryFind(pem, out PemFields fields)) throw Unfit("it is no PEM");
        try
        {
            if (pem[fields.Label] != "PRIVATE KEY") throw Unfit($"it is a '{pem[fields.Label]}'");
            byte[] document = Convert.FromBase64String(pem[fields.Base64Data]);
            // RFC 5208: version, algorithm, and the key within an octet string.
            AsnReader reader = new AsnReader(document, AsnEncodingRules.DER).ReadSequence();
            _ = reader.ReadInteger();
            string algorithm = reader.ReadSequence().ReadObjectIdentifier();
            byte[] key = reader.ReadOctetString();
            if (algorithm == RsaOid)
            {
                using var rsa = RSA.Create();
                rsa.ImportPkcs8PrivateKey(document, out _);
                return (KeyKind.Rsa, document);
            }
            return algorithm == Ed25519Oid ? (KeyKind.Ed25519, new AsnReader(key, AsnEncodingRules.DER).ReadOctetString()) : throw Unfit($"its algorithm is {algorithm}");
        }
        catch (Exception error) when (error is AsnContentException or FormatException or CryptographicException)
        {
            throw Unfit("it cannot be read");
        }
    }

    // Never with the text itself.
    private static ArgumentException Unfit(string why) =>
        new($"The API secret is no private key that can be used: {why}. Wanted is an RSA or Ed25519 key as PEM (PKCS#8, 'PRIVATE KEY', not encrypted).");
}
