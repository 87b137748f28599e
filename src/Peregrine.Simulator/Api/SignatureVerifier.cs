using System.Security.Cryptography;
using System.Text;

namespace Peregrine.Simulator.Api;

/// <summary>Checks the signatures of one key.</summary>
internal abstract class SignatureVerifier
{
    /// <exception cref="ArgumentException">The public key is not one.</exception>
    public static SignatureVerifier Of(ExchangeKey key) => key.Kind switch
    {
        ExchangeKeyKind.Hmac => new HmacVerifier(key.Secret),
        ExchangeKeyKind.Rsa => new RsaVerifier(key.Secret),
        ExchangeKeyKind.Ed25519 => new Ed25519Verifier(key.Secret),
        _ => throw new ArgumentOutOfRangeException(nameof(key), key.Kind, "HMAC, RSA or Ed25519"),
    };

    /// <param name="payload">The exact bytes that were signed.</param>
    /// <param name="signature">As it came: hex or base64.</param>
    public abstract bool IsValid(ReadOnlySpan<byte> payload, string signature);

    private static byte[]? Base64(string text)
    {
        byte[] bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out int length) ? bytes[..length] : null;
    }

    private sealed class HmacVerifier(string secret) : SignatureVerifier
    {
        private readonly byte[] _secret = Encoding.UTF8.GetBytes(secret);

        public override bool IsValid(ReadOnlySpan<byte> payload, string signature) => CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(signature.ToLowerInvariant()), Encoding.ASCII.GetBytes(Convert.ToHexStringLower(HMACSHA256.HashData(_secret, payload))));
    }

    private sealed class RsaVerifier : SignatureVerifier
    {
        private readonly RSA _key = RSA.Create();

        public RsaVerifier(string pem) => _key.ImportFromPem(pem);

        public override bool IsValid(ReadOnlySpan<byte> payload, string signature) =>
            Base64(signature) is { } bytes && _key.VerifyData(payload, bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private sealed class Ed25519Verifier(string pem) : SignatureVerifier
    {
        private readonly byte[] _key = PublicKey(pem);

        public override bool IsValid(ReadOnlySpan<byte> payload, string signature) =>
            Base64(signature) is { Length: Ed25519.SignatureLength } bytes && Ed25519.Verify(_key, payload, bytes);

        /// <summary>The last 32 bytes of the SubjectPublicKeyInfo, whose head is the same for every such key.</summary>
        private static byte[] PublicKey(string pem)
        {
            if (!PemEncoding.TryFind(pem, out PemFields fields) || pem[fields.Label] != "PUBLIC KEY") throw new ArgumentException("An Ed25519 key is a PEM file with a PUBLIC KEY.", nameof(pem));
            byte[] der = Convert.FromBase64String(pem[fields.Base64Data]);
            ReadOnlySpan<byte> head = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
            return der.Length == head.Length + Ed25519.KeyLength && der.AsSpan().StartsWith(head)
                ? der[head.Length..] : throw new ArgumentException("The PUBLIC KEY is none of Ed25519.", nameof(pem));
        }
    }
}
