using System.Runtime.CompilerServices;
using System.Text;

using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Binance.Orders;

/// <summary>What changes from order to order.</summary>
internal ref struct OrderSlots
{
    public long RequestId;
    public ReadOnlySpan<byte> ClientId;
    public long Price;
    public long Quantity;
    public long UnixMillis;
}

/// <summary>
/// A placement of one symbol and shape, rendered once; for each order only what differs from the one before is patched in: in the JSON that is sent, and in the
/// text that is signed. It is made by the writer that renders every other request, from values that cannot be mistaken for text, so the two cannot drift apart.
/// </summary>
internal sealed class OrderTemplate
{
    // Values that stand for what is filled in later. Each is found once in the JSON and once in the text that is signed.
    private const string ClientMark = "~~~client~id~~~";
    private const long PriceMark = 7_777_777_000_000_001;
    private const long QuantityMark = 5_555_555_000_000_003;
    private const long TimeMark = 4_444_444_444_441;

    private const string SignatureName = ",\"signature\":\"";
    private const string RequestIdName = "{\"id\":";

    private readonly PatchedText _json;
    private readonly PatchedText? _payload;
    private readonly Slot _id;
    private readonly Slot _client;
    private readonly Slot _price;
    private readonly Slot _quantity;
    private readonly Slot _time;
    private readonly Slot _signature;
    private long _lastPrice = PriceMark; // What stands there now.
    private long _lastQuantity = QuantityMark;
    private long _lastMillis = TimeMark;

    /// <summary>The places of one value in both texts; -1 where it is not in one.</summary>
    private readonly record struct Slot(int Json, int Payload);

    private OrderTemplate(byte[] json, byte[]? payload)
    {
        _json = new PatchedText(json);
        _payload = payload is null ? null : new PatchedText(payload);
        _id = new Slot(_json.AddSlot(RequestIdName.Length, 1), -1); // The sketch has the id 0.
        _client = Find(ClientMark);
        _price = Find(FixedPoint.Text(PriceMark));
        _quantity = Find(FixedPoint.Text(QuantityMark));
        _time = Find(TimeMark.ToString(System.Globalization.CultureInfo.InvariantCulture));
        _signature = new Slot(payload is null ? -1 : _json.AddSlot(json.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes(SignatureName)) + SignatureName.Length, 0), -1);
    }

    public static OrderTemplate Make(OrderRequests requests, SymbolId symbol, Side side, OrderType type, TimeInForce timeInForce, Proof proof)
    {
        OrderIntent intent = new()
        {
            ClientId = ClientOrderId.Create(ClientMark), Price = new Price(PriceMark), Quantity = new Quantity(QuantityMark), Side = side, Type = type, TimeInForce = timeInForce,
        };
        (byte[] json, byte[] payload) = requests.Sketch(in intent, symbol, TimeMark, proof);
        return proof == Proof.None
            ? new OrderTemplate([.. json, .. "}}"u8], null)
            : new OrderTemplate([.. json, .. Encoding.ASCII.GetBytes(SignatureName), .. "\"}}"u8], payload);
    }

    /// <summary>Patches an order in and signs it, where it is to be signed. The bytes are valid until the next use.</summary>
    [SkipLocalsInit]
    public ReadOnlySpan<byte> Render(scoped in OrderSlots slots, RequestSigner signer)
    {
        Span<byte> text = stackalloc byte[64];
        Patch(_id, text[..Digits.Write((ulong)slots.RequestId, text)]);
        Patch(_client, slots.ClientId);
        if (_price.Json >= 0 && IsNew(ref _lastPrice, slots.Price)) Patch(_price, text[..FixedPoint.Format(slots.Price, text)]);
        if (IsNew(ref _lastQuantity, slots.Quantity)) Patch(_quantity, text[..FixedPoint.Format(slots.Quantity, text)]);
        if (IsNew(ref _lastMillis, slots.UnixMillis)) Patch(_time, text[..Digits.Write((ulong)slots.UnixMillis, text)]);
        if (_payload is not null) _ = signer.SignInPlace(_payload.Buffer, _payload.Length, _json.Open(_signature.Json, signer.Length));
        return _json.Text;
    }

    /// <summary>Whether a value differs from the one that stands in the texts.</summary>
    private static bool IsNew(ref long last, long value)
    {
        bool isNew = last != value;
        last = value;
        return isNew;
    }

    private void Patch(Slot slot, ReadOnlySpan<byte> value)
    {
        _json.Patch(slot.Json, value);
        if (slot.Payload >= 0) _payload?.Patch(slot.Payload, value);
    }

    private Slot Find(string mark)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(mark);
        return new Slot(FindIn(_json), _payload is null ? -1 : FindIn(_payload));

        int FindIn(PatchedText text) => text.Text.IndexOf(bytes) is var at and >= 0 ? text.AddSlot(at, bytes.Length) : -1;
    }
}
