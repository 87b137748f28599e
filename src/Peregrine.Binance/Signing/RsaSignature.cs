using System.Buffers.Text;
using System.Security.Cryptography;

namespace Peregrine.Binance.Signing;

/// <summary>RSASSA-PKCS1-v1_5 with SHA-256, base64.</summary>
internal sealed class RsaSignature : ISignature
{
    private const int BytesMax = 512;

    private readonly RSA _key = RSA.Create();

    /// <exception cref="CryptographicException">The key cannot be read.</exception>
    public RsaSignature(ReadOnlySpan<byte> pkcs8) => _key.ImportPkcs8PrivateKey(pkcs8, out _);

    public int Length => Base64.GetMaxEncodedToUtf8Length((_key.KeySize + 7) / 8);

    public int Sign(ReadOnlySpan<byte> payload, Span<byte> text)
    {
        Span<byte> signature = stackalloc byte[BytesMax];
        int bytes = _key.SignData(payload, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        _ = Base64.EncodeToUtf8(signature[..bytes], text, out _, out int written);
        return written;
    }

    public void Dispose() => _key.Dispose();
}
