using System.Buffers.Text;
using System.Security.Cryptography;

namespace Peregrine.Binance.Signing;

/// <summary>RSASSA-PKCS1-v1_5 with SHA-256, base64.</summary>
internal sealed class RsaSignature(RSA key) : ISignature
{
    private const int BytesMax = 512;

    public int Sign(ReadOnlySpan<byte> payload, Span<byte> text)
    {
        Span<byte> signature = stackalloc byte[BytesMax];
        int bytes = key.SignData(payload, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        _ = Base64.EncodeToUtf8(signature[..bytes], text, out _, out int written);
        return written;
    }

    public void Dispose() => key.Dispose();
}
