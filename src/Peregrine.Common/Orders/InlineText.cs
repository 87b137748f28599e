using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Peregrine.Common.Orders;

/// <summary>A client order id: up to 36 ASCII characters held by value (40 bytes).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ClientOrderId : IEquatable<ClientOrderId>
{
    /// <summary>Binance's own limit.</summary>
    public const int LengthMax = 36;

    private Characters _characters;
    private uint _length;

    [InlineArray(LengthMax)]
    private struct Characters
    {
        private byte _first;
    }

    public readonly bool IsEmpty => _length == 0;

    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Utf8 => MemoryMarshal.CreateReadOnlySpan(in Unsafe.As<Characters, byte>(ref Unsafe.AsRef(in _characters)), (int)Math.Min(_length, LengthMax)); // A length that came from a damaged file must not reach further.

    /// <summary>Copies the text; false (and empty) when it is longer than 36 bytes.</summary>
    public static bool TryCreate(ReadOnlySpan<byte> text, out ClientOrderId id)
    {
        id = default;
        if (text.Length > LengthMax) return false;
        text.CopyTo(id._characters);
        id._length = (uint)text.Length;
        return true;
    }

    /// <summary>Puts a number behind the text.</summary>
    /// <exception cref="ArgumentException">The text would be longer than 36 bytes.</exception>
    public void Append(ulong number) => _length += (uint)Digits.Write(number, ((Span<byte>)_characters)[(int)_length..]);

    /// <exception cref="FormatException">The text is longer than 36 bytes.</exception>
    public static ClientOrderId Create(string text) => TryCreate(Encoding.UTF8.GetBytes(text), out ClientOrderId id)
        ? id
        : throw new FormatException($"A client order id has at most {LengthMax} characters, not '{text}'.");

    public readonly bool Equals(ClientOrderId other) => Utf8.SequenceEqual(other.Utf8);
    public override readonly bool Equals(object? obj) => obj is ClientOrderId id && Equals(id);

    public override readonly int GetHashCode()
    {
        uint hash = 2166136261;
        foreach (byte character in Utf8) hash = (hash ^ character) * 16777619;
        return (int)hash;
    }

    public static bool operator ==(ClientOrderId left, ClientOrderId right) => left.Equals(right);
    public static bool operator !=(ClientOrderId left, ClientOrderId right) => !left.Equals(right);
    public override readonly string ToString() => Encoding.UTF8.GetString(Utf8);
}

/// <summary>An asset's name (USDT): up to 15 bytes held by value (16 bytes). Longer names are cut, which only a screen notices.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AssetCode : IEquatable<AssetCode>
{
    private const int LengthMax = 15;

    private Characters _characters;

    [InlineArray(LengthMax + 1)]
    private struct Characters
    {
        private byte _first;
    }

    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Utf8 =>
        MemoryMarshal.CreateReadOnlySpan(in Unsafe.As<Characters, byte>(ref Unsafe.AsRef(in _characters)), Math.Min((int)_characters[LengthMax], LengthMax)); // A length that came from a damaged file must not reach further.

    public static AssetCode Create(ReadOnlySpan<byte> text)
    {
        AssetCode code = default;
        ReadOnlySpan<byte> kept = text[..Math.Min(text.Length, LengthMax)];
        kept.CopyTo(code._characters);
        code._characters[LengthMax] = (byte)kept.Length;
        return code;
    }

    public static AssetCode Create(string text) => Create(Encoding.UTF8.GetBytes(text));

    public readonly bool Equals(AssetCode other) => Utf8.SequenceEqual(other.Utf8);
    public override readonly bool Equals(object? obj) => obj is AssetCode code && Equals(code);

    public override readonly int GetHashCode()
    {
        uint hash = 2166136261;
        foreach (byte character in Utf8) hash = (hash ^ character) * 16777619;
        return (int)hash;
    }

    public static bool operator ==(AssetCode left, AssetCode right) => left.Equals(right);
    public static bool operator !=(AssetCode left, AssetCode right) => !left.Equals(right);
    public override readonly string ToString() => Encoding.UTF8.GetString(Utf8);
}
