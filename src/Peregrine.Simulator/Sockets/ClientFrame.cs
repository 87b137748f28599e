using System.Buffers.Binary;

namespace Peregrine.Simulator.Sockets;

/// <summary>The head of one frame from a client (RFC 6455, section 5.2).</summary>
internal readonly struct ClientFrame
{
    private ClientFrame(int length, int payloadLength, byte opcode, bool isFinal, uint mask, int failure)
    {
        (Length, PayloadLength, Opcode, IsFinal, Mask, Failure) = (length, payloadLength, opcode, isFinal, mask, failure);
    }

    /// <summary>Head and payload together; 0 while the frame is not whole.</summary>
    public int Length { get; }

    public int PayloadLength { get; }
    public byte Opcode { get; }
    public bool IsFinal { get; }

    /// <summary>The close code that the frame deserves (1002 breaks the protocol, 1009 is too long), 0 where it is sound.</summary>
    public int Failure { get; }

    private uint Mask { get; }

    public static ClientFrame Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2) return default;
        byte opcode = (byte)(bytes[0] & 0x0F);
        bool isFinal = (bytes[0] & 0x80) != 0;
        bool isControl = opcode >= 8;
        if ((bytes[0] & 0x70) != 0 || (bytes[1] & 0x80) == 0 || opcode is (> 2 and < 8) or > 10) return new ClientFrame(2, 0, opcode, isFinal, 0, 1002);
        long length = bytes[1] & 0x7F;
        if (isControl && (length > 125 || !isFinal)) return new ClientFrame(2, 0, opcode, isFinal, 0, 1002);
        int at = 2;
        if (length == 126)
        {
            if (bytes.Length < 4) return default;
            length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
            at = 4;
        }
        else if (length == 127)
        {
            if (bytes.Length < 10) return default;
            length = BinaryPrimitives.ReadInt64BigEndian(bytes[2..]);
            at = 10;
        }
        if (length is < 0 or > 1 << 20) return new ClientFrame(at, 0, opcode, isFinal, 0, 1009);
        if (bytes.Length < at + 4 + length) return default;
        return new ClientFrame(at + 4 + (int)length, (int)length, opcode, isFinal, BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]), 0);
    }

    public void Unmask(Span<byte> payload)
    {
        for (int i = 0; i < payload.Length; i++) payload[i] ^= (byte)(Mask >> (24 - (i % 4 * 8)));
    }
}
