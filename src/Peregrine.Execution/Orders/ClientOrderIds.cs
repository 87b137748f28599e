using System.Buffers.Text;
using System.Globalization;

using Peregrine.Common.Orders;

namespace Peregrine.Execution.Orders;

/// <summary>
/// Makes our client order ids, <c>pg-BOOTNONCE-SEQUENCE</c>, and knows them again. The 64-bit boot nonce makes an id impossible to repeat even when
/// a power cut rolled a counter back; the sequence finds the order without a search.
/// </summary>
public readonly struct ClientOrderIds(ulong bootNonce)
{
    private const int NonceDigits = 16;

    /// <summary>What all our ids begin with, whichever process made them.</summary>
    public static ReadOnlySpan<byte> Prefix => "pg-"u8;

    private static int HeadLength => Prefix.Length + NonceDigits + 1;

    public ClientOrderId Create(long sequence)
    {
        Span<byte> text = stackalloc byte[ClientOrderId.LengthMax];
        Prefix.CopyTo(text);
        // Digit by digit: the general formatter takes longer than all the rest of an order's text.
        for (int i = 0; i < NonceDigits; i++) text[Prefix.Length + i] = "0123456789abcdef"u8[(int)(bootNonce >> (4 * (NonceDigits - 1 - i))) & 0xF];
        text[HeadLength - 1] = (byte)'-';
        Utf8Formatter.TryFormat(sequence, text[HeadLength..], out int digits);
        ClientOrderId.TryCreate(text[..(HeadLength + digits)], out ClientOrderId id);
        return id;
    }

    /// <summary>The sequence of an id of this boot; false for all others.</summary>
    public bool TryGetSequence(ClientOrderId id, out long sequence)
    {
        sequence = 0;
        ReadOnlySpan<byte> text = id.Utf8;
        if (!IsOurs(text) || text.Length <= HeadLength) return false;
        if (!ulong.TryParse(text.Slice(Prefix.Length, NonceDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong nonce) || nonce != bootNonce) return false;
        return Utf8Parser.TryParse(text[HeadLength..], out sequence, out int used) && used == text.Length - HeadLength;
    }

    /// <summary>Whether any process of ours made the id.</summary>
    public static bool IsOurs(ReadOnlySpan<byte> id) => id.StartsWith(Prefix);
}
