using System.Text;

using Peregrine.Binance.Signing;

namespace Peregrine.Binance.Orders;

/// <summary>
/// Signs requests over the exact bytes that are sent. REST values are percent-encoded before they are signed, those of the WebSocket API never are; there the
/// parameters are sorted by name. One thread; nothing is allocated by <see cref="Sign"/> with an HMAC or Ed25519 key.
/// </summary>
public sealed class RequestSigner : IDisposable
{
    /// <summary>Characters of an HMAC signature: 32 bytes in hexadecimal.</summary>
    public const int SignatureLength = 64;

    /// <summary>Characters of the longest signature: RSA with 4,096 bits in base64.</summary>
    public const int SignatureLengthMax = 684;

    private readonly ISignature _signature;

    /// <summary>With a shared secret.</summary>
    public RequestSigner(ReadOnlySpan<byte> secret) => _signature = new HmacSignature(secret);

    /// <summary>As the key says.</summary>
    public RequestSigner(ApiKey key) => _signature = key.CreateSignature();

    /// <summary>Writes the signature of the payload (64 lower-case hexadecimal characters, or base64) and returns its length.</summary>
    public int Sign(ReadOnlySpan<byte> payload, Span<byte> signature) => _signature.Sign(payload, signature);

    /// <summary>Characters of every signature with this key.</summary>
    internal int Length => _signature.Length;

    /// <inheritdoc cref="ISignature.SignInPlace"/>
    internal int SignInPlace(Span<byte> buffer, int length, Span<byte> signature) => _signature.SignInPlace(buffer, length, signature);

    /// <summary>The query string of a REST call with its signature behind it. Cold code.</summary>
    public string SignQuery(IEnumerable<KeyValuePair<string, string>> parameters)
    {
        string query = string.Join('&', parameters.Select(parameter => $"{Uri.EscapeDataString(parameter.Key)}={Uri.EscapeDataString(parameter.Value)}"));
        Span<byte> signature = stackalloc byte[SignatureLengthMax];
        int length = Sign(Encoding.UTF8.GetBytes(query), signature);
        return $"{query}{(query.Length == 0 ? "" : "&")}signature={Uri.EscapeDataString(Encoding.ASCII.GetString(signature[..length]))}";
    }

    /// <summary>What the WebSocket API wants signed: all parameters but the signature, sorted by name, as they are. Cold code.</summary>
    public static string SocketPayload(IEnumerable<KeyValuePair<string, string>> parameters) =>
        string.Join('&', parameters.Where(parameter => parameter.Key != "signature").OrderBy(parameter => parameter.Key, StringComparer.Ordinal)
            .Select(parameter => $"{parameter.Key}={parameter.Value}"));

    public void Dispose() => _signature.Dispose();
}
