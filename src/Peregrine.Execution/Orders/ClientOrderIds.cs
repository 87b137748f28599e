using System.Buffers.Text;
using System.Globalization;

using Peregrine.Common.Orders;

namespace Peregrine.Execution.Orders;

/// <summary>
/// Makes our client order ids, <c>pg-BOOTNONCE-SEQUENCE</c>, and knows them again. The 64-bit boot nonce makes an id impossible to repeat even when
/// a power cut rolled a counter back; the sequence finds the order without a search.
/// </summary>
public readonly struct ClientOrderIds
{
    private const int NonceDigits = 16;

    /// <summary>What all our ids begin with, whichever process made them.</summary>
    public static ReadOnlySpan<byte> Prefix => "pg-"u8;

    private static int HeadLength => Prefix.Length + NonceDigits + 1;

    private readonly ulong _bootNonce;
    private readonly ClientOrderId _head; // The same in every id of a boot.

    public ClientOrderIds(ulong bootNonce)
    {
        _bootNonce = bootNonce;
        _head = ClientOrderId.Create(string.Create(CultureInfo.InvariantCulture, $"pg-{bootNonce:x16}-"));
    }

    public ClientOrderId Create(long sequence)
    {
        Create(sequence, out ClientOrderId id);
        return id;
    }

    /// <summary>The same where the id is to lie: what was just written in pieces is slow to be copied as a whole.</summary>
    public void Create(long sequence, out ClientOrderId id)
    {
        id = _head;
        id.Append((ulong)sequence);
    }

    /// <summary>The sequence of an id of this boot; false for all others.</summary>
    public bool TryGetSequence(ClientOrderId id, out long sequence)
    {
        sequence = 0;
        ReadOnlySpan<byte> text = id.Utf8;
        if (!IsOurs(text) || text.Length <= HeadLength) return false;
        if (!ulong.TryParse(text.Slice(Prefix.Length, NonceDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong nonce) || nonce != _bootNonce) return false;
        return Utf8Parser.TryParse(text[HeadLength..], out sequence, out int used) && used == text.Length - HeadLength;
    }

    /// <summary>Whether any process of ours made the id.</summary>
    public static bool IsOurs(ReadOnlySpan<byte> id) => id.StartsWith(Prefix);
}
