using Peregrine.Binance.Signing;

namespace Peregrine.Binance.Orders;

/// <summary>
/// A text whose values are replaced in place. One as long as the value before it costs a copy; another length moves what lies behind it.
/// Allocates only when the text outgrows its room. One thread.
/// </summary>
internal sealed class PatchedText
{
    /// <summary>Room for values that are longer than those at first.</summary>
    private const int Spare = 1_024;

    /// <summary>Bytes behind the text at least.</summary>
    public const int Behind = ISignature.Room;

    private const int SlotsMax = 8;

    private readonly Place[] _slots = new Place[SlotsMax];
    private byte[] _bytes;
    private int _length;
    private int _count;

    private record struct Place(int At, int Length);

    public PatchedText(ReadOnlySpan<byte> text)
    {
        _bytes = new byte[text.Length + Spare];
        text.CopyTo(_bytes);
        _length = text.Length;
    }

    public ReadOnlySpan<byte> Text => _bytes.AsSpan(0, _length);

    public int Length => _length;

    /// <summary>The text and at least <see cref="Behind"/> bytes behind it, which belong to whoever wants to write there.</summary>
    public Span<byte> Buffer => _bytes;

    /// <summary>The bytes of a place, to be written by the caller, after it was given a length.</summary>
    public Span<byte> Open(int slot, int length)
    {
        if (_slots[slot].Length != length) Resize(slot, length);
        return _bytes.AsSpan(_slots[slot].At, length);
    }

    /// <summary>Names a place whose bytes will be replaced; returns its number.</summary>
    public int AddSlot(int at, int length)
    {
        _slots[_count] = new Place(at, length);
        return _count++;
    }

    public void Patch(int slot, ReadOnlySpan<byte> value) => value.CopyTo(Open(slot, value.Length));

    private void Resize(int slot, int length)
    {
        Place place = _slots[slot];
        int change = length - place.Length, behind = place.At + place.Length;
        if (_length + change + Behind > _bytes.Length) Array.Resize(ref _bytes, _length + change + Spare);
        _bytes.AsSpan(behind, _length - behind).CopyTo(_bytes.AsSpan(behind + change));
        _length += change;
        _slots[slot].Length = length;
        for (int i = 0; i < _count; i++)
            if (_slots[i].At >= behind && i != slot) _slots[i].At += change;
    }
}
