using System.Buffers.Text;
using System.Text;
using Peregrine.Common;

namespace Peregrine.Simulator.Wire;

/// <summary>Writes the exchange's JSON into memory that it keeps. It shares nothing with the decoders it is there to check.</summary>
internal sealed class WireWriter(int capacity = 1024)
{
    private byte[] _buffer = new byte[capacity];
    private int _length;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);
    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, _length);
    public int Length => _length;

    public void Clear() => _length = 0;

    /// <summary>Takes back what was written behind the given length.</summary>
    public void Truncate(int length) => _length = Math.Min(_length, length);

    public WireWriter Raw(scoped ReadOnlySpan<byte> json)
    {
        json.CopyTo(Room(json.Length));
        _length += json.Length;
        return this;
    }

    public WireWriter Number(long value)
    {
        Utf8Formatter.TryFormat(value, Room(20), out int written);
        _length += written;
        return this;
    }

    /// <summary>Microseconds per unit of the times that <see cref="Time"/> writes: 1000 or 1.</summary>
    public long TimeUnit { get; set; } = 1_000;

    /// <summary>A time in the unit that was asked for.</summary>
    public WireWriter Time(long micros) => Number(micros / TimeUnit);

    public WireWriter Bool(bool value) => Raw(value ? "true"u8 : "false"u8);

    /// <summary>A quoted decimal with at least the given places: "64123.10000000".</summary>
    public WireWriter Decimal(long units, int places = FixedPoint.Places)
    {
        Span<byte> room = Room(FixedPoint.TextLengthMax + 2);
        room[0] = (byte)'"';
        int length = FixedPoint.Format(units, room[1..], places);
        room[length + 1] = (byte)'"';
        _length += length + 2;
        return this;
    }

    /// <summary>A quoted string with JSON's escapes.</summary>
    public WireWriter Text(scoped ReadOnlySpan<char> text)
    {
        Raw("\""u8);
        foreach (char character in text)
        {
            if (character is '"' or '\\') Raw([(byte)'\\', (byte)character]);
            else if (character < ' ') Raw(Encoding.ASCII.GetBytes($"\\u{(int)character:x4}"));
            else if (character < 128) Raw([(byte)character]);
            else if (!char.IsSurrogate(character)) _length += Encoding.UTF8.GetBytes([character], Room(3));
            else Raw(Encoding.ASCII.GetBytes($"\\u{(int)character:x4}"));
        }
        return Raw("\""u8);
    }

    /// <summary>A comma unless what stands before opens something.</summary>
    public WireWriter Comma() => _length > 0 && _buffer[_length - 1] is (byte)'[' or (byte)'{' ? this : Raw(","u8);

    /// <summary>So many bytes at the end, to be filled by the caller.</summary>
    public Span<byte> Take(int length)
    {
        Span<byte> room = Room(length)[..length];
        _length += length;
        return room;
    }

    private Span<byte> Room(int length)
    {
        if (_buffer.Length - _length < length) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + length));
        return _buffer.AsSpan(_length);
    }
}
