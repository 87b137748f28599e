using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Peregrine.Binance.Wire;

/// <summary>
/// What a line sends: masked frames within the exchange's limit, answers to pings before anything else, our own pings when nothing else wants to leave,
/// and the rest of a frame that the kernel did not take whole. Never blocks, allocates nothing. For the polling thread.
/// </summary>
internal sealed class FrameSender
{
    public const int ControlBytesMax = 125;
    public const int TextBytesMax = 1 << 16;

    /// <summary>Code 1000, a normal end.</summary>
    private static ReadOnlySpan<byte> NormalEnd => [0x03, 0xE8];

    private const int HeaderBytesMax = 14;

    private readonly WireOptions _options;
    private readonly TimeProvider _time;
    private readonly FrameBudget _budget;
    private readonly byte[] _frame = GC.AllocateArray<byte>(TextBytesMax + HeaderBytesMax, pinned: true);
    private readonly byte[] _pong = new byte[ControlBytesMax];
    private Transport _transport = null!;
    private int _unsentFrom;
    private int _unsentTo;
    private int _pongBytes = -1;
    private ulong _maskState;
    private uint _pings;
    private bool _areAnswered;
    private uint _awaitedPing;
    private long _awaitedSince;
    private long _lastPing;

    public FrameSender(WireOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _budget = new FrameBudget(options.FramesPerSecond, time);
        Span<byte> seed = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(seed);
        _maskState = BinaryPrimitives.ReadUInt64LittleEndian(seed) | 1;
    }

    /// <summary>Whether a part of a frame waits for room in the kernel.</summary>
    public bool WantsToWrite => _unsentFrom < _unsentTo;

    /// <summary>Whether anything waits to be sent, a pong among it.</summary>
    public bool HasWork => WantsToWrite || _pongBytes >= 0;

    /// <summary>Whether a text may leave now, as far as the limit goes.</summary>
    public bool MaySpeak => _pongBytes < 0 && _budget.Allows(isAnswer: false);

    /// <summary>A new connection.</summary>
    public void Begin(Transport transport)
    {
        _transport = transport;
        _unsentFrom = _unsentTo = 0;
        _pongBytes = -1;
        _awaitedPing = 0;
        _lastPing = _time.GetTimestamp();
        _budget.Reset();
    }

    /// <exception cref="IOException">The connection is broken.</exception>
    public LineSend Text(ReadOnlySpan<byte> text)
    {
        if (text.Length > TextBytesMax || !FlushUnsent()) return LineSend.NotSent;
        SendPong();
        return WantsToWrite || !MaySpeak ? LineSend.NotSent : Frame(0x1, text);
    }

    /// <summary>Answers a ping at once, or as soon as the limit and the kernel allow. Of pings that came meanwhile only the last is answered (RFC 6455, section 5.5.3).</summary>
    public void Answer(ReadOnlySpan<byte> ping)
    {
        ping.CopyTo(_pong);
        _pongBytes = ping.Length;
        SendPong();
    }

    /// <summary>A pong came. Ours carry the number of their ping; one that nobody asked for says nothing.</summary>
    public void Hear(ReadOnlySpan<byte> pong)
    {
        if (_awaitedPing == 0 || pong.Length != sizeof(uint)) return;
        uint number = BinaryPrimitives.ReadUInt32BigEndian(pong);
        if (number < _awaitedPing || number > _pings) return;
        _awaitedPing = 0;
        _areAnswered = true;
    }

    /// <summary>Says goodbye, limit or not: it is the last that we say.</summary>
    public void Close(ReadOnlySpan<byte> code)
    {
        if (FlushUnsent()) _ = Frame(0x8, code);
    }

    public void Close() => Close(NormalEnd);

    /// <summary>Sends what waits and what is due. False: our pings are not answered any more.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    public bool Turn(long now)
    {
        if (!FlushUnsent()) return !IsOverdue(now);
        _ = _transport.Flush();
        SendPong();
        if (_time.GetElapsedTime(_lastPing, now) >= _options.PingEvery && !WantsToWrite && MaySpeak) Ping(now);
        return !IsOverdue(now);
    }

    // A server that has never answered a ping of ours may not answer any: that is no sign of death while data come.
    private bool IsOverdue(long now) => _areAnswered && _awaitedPing != 0 && _time.GetElapsedTime(_awaitedSince, now) >= _options.PongWithin;

    private void Ping(long now)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(number, _pings + 1);
        if (Frame(0x9, number) == LineSend.NotSent) return;
        _pings++;
        _lastPing = now;
        if (_awaitedPing != 0) return;
        _awaitedPing = _pings;
        _awaitedSince = now;
    }

    private void SendPong()
    {
        if (_pongBytes < 0 || !FlushUnsent() || !_budget.Allows(isAnswer: true)) return;
        if (Frame(0xA, _pong.AsSpan(0, _pongBytes)) != LineSend.NotSent) _pongBytes = -1;
    }

    private LineSend Frame(int opcode, ReadOnlySpan<byte> payload)
    {
        Span<byte> frame = _frame;
        frame[0] = (byte)(0x80 | opcode);
        int header;
        if (payload.Length <= ControlBytesMax)
        {
            frame[1] = (byte)(0x80 | payload.Length);
            header = 2;
        }
        else if (payload.Length <= ushort.MaxValue)
        {
            frame[1] = 0x80 | 126;
            BinaryPrimitives.WriteUInt16BigEndian(frame[2..], (ushort)payload.Length);
            header = 4;
        }
        else
        {
            frame[1] = 0x80 | 127;
            BinaryPrimitives.WriteInt64BigEndian(frame[2..], payload.Length);
            header = 10;
        }
        // xorshift64*, seeded by the system: another mask for each frame.
        _maskState ^= _maskState >> 12;
        _maskState ^= _maskState << 25;
        _maskState ^= _maskState >> 27;
        Span<byte> mask = frame.Slice(header, 4);
        BinaryPrimitives.WriteUInt32LittleEndian(mask, (uint)((_maskState * 0x2545F4914F6CDD1D) >> 32));
        Span<byte> masked = frame.Slice(header + 4, payload.Length);
        for (int i = 0; i < payload.Length; i++) masked[i] = (byte)(payload[i] ^ mask[i & 3]);
        int length = header + 4 + payload.Length;
        int sent = _transport.Send(_frame, 0, length);
        if (sent == 0) return LineSend.NotSent;
        _budget.Count();
        if (sent == length) return LineSend.Sent;
        _unsentFrom = sent;
        _unsentTo = length;
        return LineSend.Partial;
    }

    private bool FlushUnsent()
    {
        if (WantsToWrite) _unsentFrom += _transport.Send(_frame, _unsentFrom, _unsentTo - _unsentFrom);
        return !WantsToWrite;
    }
}
