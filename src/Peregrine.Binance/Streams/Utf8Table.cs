using System.Buffers.Binary;
using System.Numerics;

namespace Peregrine.Binance.Streams;

/// <summary>Finds a number by text that is still bytes, without making a string of it. Filled while starting, read by one or many threads afterwards.</summary>
public sealed class Utf8Table
{
    private byte[][] _keys = new byte[16][];
    private int[] _values = new int[16];

    public int Count { get; private set; }

    /// <summary>Adds a text, or gives a known one another number.</summary>
    public void Set(ReadOnlySpan<byte> key, int value)
    {
        if (Count * 2 >= _keys.Length) Grow();
        int at = Place(key);
        if (_keys[at] is null)
        {
            _keys[at] = key.ToArray();
            Count++;
        }
        _values[at] = value;
    }

    /// <summary>The number of the text, or -1 where it is not known.</summary>
    public int Find(ReadOnlySpan<byte> key)
    {
        int at = Place(key);
        return _keys[at] is null ? -1 : _values[at];
    }

    private int Place(ReadOnlySpan<byte> key)
    {
        int mask = _keys.Length - 1;
        int at = (int)Hash(key) & mask;
        while (_keys[at] is byte[] known && !key.SequenceEqual(known)) at = (at + 1) & mask;
        return at;
    }

    private void Grow()
    {
        byte[][] keys = _keys;
        int[] values = _values;
        _keys = new byte[keys.Length * 2][];
        _values = new int[keys.Length * 2];
        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i] is null) continue;
            int at = Place(keys[i]);
            _keys[at] = keys[i];
            _values[at] = values[i];
        }
    }

    private static uint Hash(ReadOnlySpan<byte> key)
    {
        ulong hash = (ulong)key.Length;
        while (key.Length >= 8)
        {
            hash = (BitOperations.RotateLeft(hash, 23) ^ BinaryPrimitives.ReadUInt64LittleEndian(key)) * 0x9E3779B97F4A7C15;
            key = key[8..];
        }
        foreach (byte character in key) hash = (BitOperations.RotateLeft(hash, 23) ^ character) * 0x9E3779B97F4A7C15;
        return (uint)(hash >> 32);
    }
}
