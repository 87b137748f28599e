using System.Buffers.Binary;

namespace Peregrine.Benchmarks.OrderPath;

/// <summary>Takes WebSocket text messages out of one direction of a conversation, whatever pieces its bytes come in; the HTTP head before them is passed over.</summary>
internal sealed class FrameReader
{
    private byte[] _bytes = new byte[1 << 16];
    private int _length;
    private bool _isPastHead;

    /// <summary>Takes in what was read, and tells each whole message that it completes.</summary>
    public void Take(ReadOnlySpan<byte> piece, Action<ReadOnlySpan<byte>> onMessage)
    {
        if (_length + piece.Length > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + piece.Length));
        piece.CopyTo(_bytes.AsSpan(_length));
        _length += piece.Length;
        int at = 0;
        if (!_isPastHead)
        {
            int end = _bytes.AsSpan(0, _length).IndexOf("\r\n\r\n"u8);
            if (end < 0) return;
            _isPastHead = true;
            at = end + 4;
        }
        while (TryFrame(_bytes.AsSpan(at, _length - at), out int head, out int length, out bool isMasked))
        {
            Span<byte> payload = _bytes.AsSpan(at + head, length);
            if (isMasked)
            {
                ReadOnlySpan<byte> mask = _bytes.AsSpan(at + head - 4, 4);
                for (int i = 0; i < length; i++) payload[i] ^= mask[i & 3];
            }
            if ((_bytes[at] & 0xF) == 1) onMessage(payload);
            at += head + length;
        }
        _bytes.AsSpan(at, _length - at).CopyTo(_bytes);
        _length -= at;
    }

    private static bool TryFrame(ReadOnlySpan<byte> bytes, out int head, out int length, out bool isMasked)
    {
        (head, length, isMasked) = (2, 0, false);
        if (bytes.Length < 2) return false;
        isMasked = (bytes[1] & 0x80) != 0;
        length = bytes[1] & 0x7F;
        if (length == 126)
        {
            if (bytes.Length < 4) return false;
            length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
            head = 4;
        }
        else if (length == 127)
        {
            if (bytes.Length < 10) return false;
            length = checked((int)BinaryPrimitives.ReadUInt64BigEndian(bytes[2..]));
            head = 10;
        }
        if (isMasked) head += 4;
        return bytes.Length >= head + length;
    }
}
