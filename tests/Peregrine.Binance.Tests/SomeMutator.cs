using System.Text;

namespace Peregrine.Binance.Tests;

/// <summary>Damages messages without allocating anything.</summary>
internal sealed class SomeMutator(Random random)
{
    private static readonly byte[][] Fragments =
    [
        .. new[]
        {
            "\"", ",", ":", "{", "}", "[", "]", "-", "+", ".", "0", "9", "00", "1e5", "null", "true", "false", "\\", "\\u0031", "\\u0065", "\\ud800", " ", "\n", "\t", "\"x\":1,", "\"p\":\"1\",",
            "\"E\":1,", "\"T\":5,", "\"b\":[],", "[\"1\",\"1\"],", "[\"1.5\",\"2.25\",[]],", "[[[[[[[[[[[[[[[[[[", "9223372036854775807", "9223372036854775808", "100000000000000", "0.000000001",
            "0.100000000000", "12345678.00000000", "99999999999.99999999", "NaN", "é", "\u0000",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private readonly byte[] _bytes = new byte[1 << 16];
    private int _length;

    /// <summary>The damaged message; valid until the next call.</summary>
    public ReadOnlySpan<byte> Damage(ReadOnlySpan<byte> message)
    {
        message.CopyTo(_bytes);
        _length = message.Length;
        for (int i = random.Next(4) / 3; i >= 0; i--) Once();
        return _bytes.AsSpan(0, _length);
    }

    private void Once()
    {
        if (_length == 0) return;
        int at = random.Next(_length);
        switch (random.Next(16))
        {
            case 0: // Any byte, and with it what is no UTF-8.
                _bytes[at] = (byte)random.Next(256);
                break;
            case 1:
                Remove(at, 1);
                break;
            case 2 or 3:
                Insert(at, Fragments[random.Next(Fragments.Length)]);
                break;
            case 4:
                _length = at;
                break;
            case 5: // A piece twice.
                Insert(random.Next(_length), _bytes.AsSpan(at, Math.Min(random.Next(24), _length - at)).ToArray());
                break;
            case 6: // A piece missing.
                Remove(at, Math.Min(random.Next(24), _length - at));
                break;
            case 7 or 8: // A number with a digit more or less.
                at = DigitAt(at);
                if (at >= 0 && random.Next(2) == 0) Remove(at, 1);
                else if (at >= 0) Insert(at, [(byte)('0' + random.Next(10))]);
                break;
            case 9: // Much longer.
                at = DigitAt(at);
                for (int i = random.Next(1, 20); at >= 0 && i > 0; i--) Insert(at, [(byte)('0' + random.Next(10))]);
                break;
            default:
                at = DigitAt(at);
                if (at >= 0) _bytes[at] = (byte)('0' + random.Next(10));
                break;
        }
    }

    private int DigitAt(int from)
    {
        int found = _bytes.AsSpan(from, _length - from).IndexOfAnyInRange((byte)'0', (byte)'9');
        return found < 0 ? -1 : from + found;
    }

    private void Remove(int at, int count)
    {
        _bytes.AsSpan(at + count, _length - at - count).CopyTo(_bytes.AsSpan(at));
        _length -= count;
    }

    private void Insert(int at, ReadOnlySpan<byte> piece)
    {
        if (_length + piece.Length > _bytes.Length) return;
        _bytes.AsSpan(at, _length - at).CopyTo(_bytes.AsSpan(at + piece.Length));
        piece.CopyTo(_bytes.AsSpan(at));
        _length += piece.Length;
    }
}
