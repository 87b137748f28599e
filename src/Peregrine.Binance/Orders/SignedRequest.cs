using System.Buffers.Text;

using Peregrine.Common;

namespace Peregrine.Binance.Orders;

/// <summary>How much of who we are a request carries.</summary>
internal enum Proof : byte
{
    /// <summary>Nothing: the session is logged on, or the method asks for nothing.</summary>
    None = 0,

    /// <summary>Key and signature.</summary>
    Signature = 1,
}

/// <summary>
/// Renders one request of the WebSocket API: the JSON that is sent and the text that is signed grow side by side, out of one call per parameter.
/// Parameters must come sorted by name. Buffers are reused; values are plain ASCII or symbols, which need no escape.
/// </summary>
internal sealed class SignedRequest(RequestSigner signer)
{
    public const int BytesMax = 4_096;

    private readonly byte[] _json = GC.AllocateArray<byte>(BytesMax, pinned: true);
    private readonly byte[] _payload = GC.AllocateArray<byte>(BytesMax, pinned: true);
    private int _jsonLength;
    private int _payloadLength;
    private bool _first;
    private bool _signs;

    public void Begin(long id, ReadOnlySpan<byte> method, Proof proof = Proof.Signature)
    {
        _jsonLength = 0;
        _payloadLength = 0;
        _first = true;
        _signs = proof == Proof.Signature;
        Json("{\"id\":"u8);
        JsonNumber(id);
        Json(",\"method\":\""u8);
        Json(method);
        Json("\",\"params\":{"u8);
    }

    /// <summary>The key, where the request carries a signature: apiKey comes here in the order of names.</summary>
    public void Key(ReadOnlySpan<byte> key)
    {
        if (_signs) Text("apiKey"u8, key);
    }

    public void Text(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Text(default, name, value);

    /// <summary>A parameter whose name has a beginning of its own: above + Price.</summary>
    public void Text(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Name(prefix, name);
        Json("\""u8);
        Json(value);
        Json("\""u8);
        Payload(value);
    }

    public void Number(ReadOnlySpan<byte> name, long value)
    {
        Name(default, name);
        int from = _jsonLength;
        JsonNumber(value);
        Payload(_json.AsSpan(from, _jsonLength - from));
    }

    /// <summary>A price or quantity as text: the exact decimal, never an exponent.</summary>
    public void Amount(ReadOnlySpan<byte> name, long units) => Amount(default, name, units);

    public void Amount(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> name, long units)
    {
        Span<byte> text = stackalloc byte[FixedPoint.TextLengthMax];
        int length = FixedPoint.Format(units, text);
        Text(prefix, name, text[..length]);
    }

    /// <summary>Signs, where it is to be signed, and closes the request; the bytes are valid until the next <see cref="Begin"/>.</summary>
    public ReadOnlySpan<byte> End()
    {
        if (_signs)
        {
            if (!_first) Json(","u8);
            Json("\"signature\":\""u8);
            _jsonLength += signer.Sign(_payload.AsSpan(0, _payloadLength), _json.AsSpan(_jsonLength));
            Json("\""u8);
        }
        Json("}}"u8);
        return _json.AsSpan(0, _jsonLength);
    }

    /// <summary>What was rendered so far, for a template.</summary>
    internal (byte[] Json, byte[] Payload) Snapshot() => (_json.AsSpan(0, _jsonLength).ToArray(), _payload.AsSpan(0, _payloadLength).ToArray());

    private void Name(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> name)
    {
        if (!_first)
        {
            Json(","u8);
            Payload("&"u8);
        }
        _first = false;
        Json("\""u8);
        Json(prefix);
        Json(name);
        Json("\":"u8);
        Payload(prefix);
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
        if (!_signs) return;
        text.CopyTo(_payload.AsSpan(_payloadLength));
        _payloadLength += text.Length;
    }
}
