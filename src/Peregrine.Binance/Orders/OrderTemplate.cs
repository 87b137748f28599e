using System.Buffers.Text;
using System.Text;

using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Binance.Orders;

/// <summary>What stands behind a part of a prepared text.</summary>
internal enum TemplateSlot : byte
{
    /// <summary>Nothing: it is the end.</summary>
    End = 0,
    ClientId = 1,
    Price = 2,
    Quantity = 3,
    Timestamp = 4,
    Signature = 5,
}

/// <summary>Text that is the same in every order of a shape, and what is filled in behind it: in the JSON that is sent, and in the text that is signed.</summary>
internal readonly record struct TemplatePart(byte[] Json, byte[] Payload, TemplateSlot Slot);

/// <summary>What changes from order to order.</summary>
internal ref struct OrderSlots
{
    public ReadOnlySpan<byte> ClientId;
    public long Price;
    public long Quantity;
    public long UnixMillis;
}

/// <summary>
/// A placement of one symbol and shape, rendered once and cut where orders differ. It is made by the writer that renders every other request, from values
/// that cannot be mistaken for text, so the two cannot drift apart.
/// </summary>
internal sealed class OrderTemplate
{
    // Values that stand for what is filled in later. Each is found once in the JSON and once in the text that is signed.
    private const long PriceMark = 7_777_777_000_000_001;
    private const long QuantityMark = 5_555_555_000_000_003;
    private const long TimeMark = 4_444_444_444_441;

    private readonly TemplatePart[] _parts;

    private OrderTemplate(TemplatePart[] parts, bool isSigned)
    {
        _parts = parts;
        IsSigned = isSigned;
    }

    public bool IsSigned { get; }

    public ReadOnlySpan<TemplatePart> Parts => _parts;

    public static OrderTemplate Make(OrderRequests requests, SymbolId symbol, Side side, OrderType type, TimeInForce timeInForce, Proof proof)
    {
        OrderIntent intent = new()
        {
            ClientId = ClientOrderId.Create("~~~client~id~~~"), Price = new Price(PriceMark), Quantity = new Quantity(QuantityMark), Side = side, Type = type, TimeInForce = timeInForce,
        };
        (byte[] json, byte[] payload) = requests.Sketch(in intent, symbol, TimeMark, proof);
        int idEnd = json.AsSpan().IndexOf((byte)',');
        Span<byte> rest = json.AsSpan(idEnd);
        Span<byte> signed = payload;
        var parts = new List<TemplatePart>();
        while (true)
        {
            TemplateSlot slot = Next(rest, out int at, out int length);
            if (slot == TemplateSlot.End) break;
            int signedAt = proof == Proof.None ? 0 : signed.IndexOf(rest.Slice(at, length));
            parts.Add(new TemplatePart(rest[..at].ToArray(), signed[..signedAt].ToArray(), slot));
            rest = rest[(at + length)..];
            signed = proof == Proof.None ? signed : signed[(signedAt + length)..];
        }
        if (proof == Proof.Signature)
        {
            parts.Add(new TemplatePart([.. rest, .. ",\"signature\":\""u8], signed.ToArray(), TemplateSlot.Signature));
            parts.Add(new TemplatePart("\"}}"u8.ToArray(), [], TemplateSlot.End));
        }
        else
        {
            parts.Add(new TemplatePart([.. rest, .. "}}"u8], [], TemplateSlot.End));
        }
        return new OrderTemplate([.. parts], proof == Proof.Signature);
    }

    /// <summary>The mark that comes first.</summary>
    private static TemplateSlot Next(ReadOnlySpan<byte> text, out int at, out int length)
    {
        TemplateSlot found = TemplateSlot.End;
        at = text.Length;
        length = 0;
        foreach ((TemplateSlot slot, string mark) in Marks)
        {
            int place = text.IndexOf(Encoding.ASCII.GetBytes(mark));
            if (place < 0 || place >= at) continue;
            (found, at, length) = (slot, place, mark.Length);
        }
        return found;
    }

    private static (TemplateSlot, string)[] Marks { get; } =
    [
        (TemplateSlot.ClientId, "~~~client~id~~~"), (TemplateSlot.Price, FixedPoint.Text(PriceMark)), (TemplateSlot.Quantity, FixedPoint.Text(QuantityMark)),
        (TemplateSlot.Timestamp, TimeMark.ToString(System.Globalization.CultureInfo.InvariantCulture)),
    ];
}
