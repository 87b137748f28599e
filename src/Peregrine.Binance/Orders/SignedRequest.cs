using System.Buffers.Text;

using Peregrine.Common;

namespace Peregrine.Binance.Orders;

/// <summary>
/// Renders one signed request of the WebSocket API: the JSON that is sent and the text that is signed grow side by side, out of one call per parameter.
/// Parameters must come sorted by name. Buffers are reused; values are plain ASCII or symbols, which need no escape.
/// </summary>
internal sealed class SignedRequest(RequestSigner signer)
{
    private const int BytesMax = 2_048;

    private readonly byte[] _json = new byte[BytesMax];
    private readonly byte[] _payload = new byte[BytesMax];
    private int _jsonLength;
    private int _payloadLength;

    public void Begin(long id, ReadOnlySpan<byte> method)
    {
        _jsonLength = 0;
        _payloadLength = 0;
        Json("{\"id\":"u8);
        JsonNumber(id);
        Json(",\"method\":\""u8);
        Json(method);
        Json("\",\"params\":{"u8);
    }

    public void Text(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Name(name);
        Json("\""u8);
        Json(value);
        Json("\""u8);
        Payload(value);
    }

    public void Number(ReadOnlySpan<byte> name, long value)
    {
        Name(name);
        int from = _jsonLength;
        JsonNumber(value);
        Payload(_json.AsSpan(from, _jsonLength - from));
    }

    /// <summary>A price or quantity as text: the exact decimal, never an exponent.</summary>
    public void Amount(ReadOnlySpan<byte> name, long units)
    {
        Span<byte> text = stackalloc byte[FixedPoint.TextLengthMax];
        int length = FixedPoint.Format(units, text);
        Text(name, text[..length]);
    }

    /// <summary>Signs and closes the request; the bytes are valid until the next <see cref="Begin"/>.</summary>
    public ReadOnlySpan<byte> End()
    {
        Json(",\"signature\":\""u8);
        signer.Sign(_payload.AsSpan(0, _payloadLength), _json.AsSpan(_jsonLength, RequestSigner.SignatureLength));
        _jsonLength += RequestSigner.SignatureLength;
        Json("\"}}"u8);
        return _json.AsSpan(0, _jsonLength);
    }

    private void Name(ReadOnlySpan<byte> name)
    {
        if (_payloadLength > 0)
        {
            Json(","u8);
            Payload("&"u8);
        }
        Json("\""u8);
        Json(name);
        Json("\":"u8);
        Payload(name);
        Payload("="u8);
    }

    private void Json(ReadOnlySpan<byte> text)
    {
        text.CopyTo(_json.AsSpan(_jsonLength));
        _jsonLength += text.Length;
    }

    private void JsonNumber(long value)
    {
        _ = Utf8Formatter.TryFormat(value, _json.AsSpan(_jsonLength), out int written);
        _jsonLength += written;
    }

    private void Payload(ReadOnlySpan<byte> text)
    {
        text.CopyTo(_payload.AsSpan(_payloadLength));
        _payloadLength += text.Length;
    }
}
