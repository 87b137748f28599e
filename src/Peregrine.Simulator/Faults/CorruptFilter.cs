using System.Buffers.Binary;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Faults;

/// <summary>Breaks the next frames, or makes them new.</summary>
internal sealed class CorruptFilter(int frames, Corruption mode) : FrameFilter
{
    private const int NestingDepth = 10_000;
    private const int OversizedLength = 2_000_000;
    private const int UnknownTemplate = 10_999;

    private readonly WireWriter _writer = new();
    private int _left = frames;

    public override void OnFrame(ReadOnlySpan<byte> payload, Onward onward)
    {
        if (_left == 0)
        {
            onward.Pass(payload);
            return;
        }
        _left--;
        _writer.Clear();
        if (onward.IsBinary) Binary(payload);
        else Json(payload);
        onward.Pass(_writer.Written);
    }

    private void Binary(ReadOnlySpan<byte> payload)
    {
        if (mode == Corruption.NewEvent)
        {
            Span<byte> copy = _writer.Take(payload.Length);
            payload.CopyTo(copy);
            BinaryPrimitives.WriteUInt16LittleEndian(copy[2..], UnknownTemplate);
        }
        else _writer.Raw(payload[..(payload.Length / 2)]);
    }

    private void Json(ReadOnlySpan<byte> payload)
    {
        switch (mode)
        {
            case Corruption.Cut:
                _writer.Raw(payload[..(payload.Length / 2)]);
                break;
            case Corruption.Nested:
                _writer.Take(NestingDepth).Fill((byte)'[');
                _writer.Take(NestingDepth).Fill((byte)']');
                break;
            case Corruption.Oversized:
                _writer.Raw("{\"x\":\""u8);
                _writer.Take(OversizedLength).Fill((byte)'x');
                _writer.Raw("\","u8).Raw(payload[1..]);
                break;
            case Corruption.BadUtf8:
                _writer.Raw("{\"x\":\""u8).Raw([0xC3, 0x28, 0xFF]).Raw("\","u8).Raw(payload[1..]);
                break;
            case Corruption.Html:
                _writer.Raw("<html><body>We will be back soon</body></html>"u8);
                break;
            case Corruption.NewField:
                _writer.Raw("{\"zz\":{\"is\":[\"new\",1,null]},"u8).Raw(payload[1..]);
                break;
            default:
                _writer.Raw("{\"e\":\"somethingNew\",\"E\":1790526539033,\"s\":\"BTCUSDT\"}"u8);
                break;
        }
    }
}
