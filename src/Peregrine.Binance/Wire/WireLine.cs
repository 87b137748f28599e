using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Unicode;

using Peregrine.Common;

namespace Peregrine.Binance.Wire;

/// <summary>
/// A WebSocket client for a thread that may not wait. A thread of its own makes the connection, for ever, with backoff; the hot thread polls: it reads
/// what the socket holds into one buffer and walks the frames in place. Everything public is for the polling thread, but the counters and texts, which any
/// thread may read. In steady state nothing is allocated.
/// </summary>
/// <remarks>A message lies in memory with at least 8 readable bytes before it and 64 behind it, so that a vectorised reader need not look for its ends.</remarks>
public sealed class WireLine : Orders.IOrderLine, IDisposable
{
    /// <summary>Readable bytes behind every message.</summary>
    public const int SlackAfter = 64;

    /// <summary>Readable bytes before every message.</summary>
    public const int SlackBefore = 8;

    private const int HeaderBytesMax = 10;

    /// <summary>A length beyond this is a broken server rather than a large message.</summary>
    private const long SkipBytesMax = 64L << 20;

    /// <summary>How long the server may take to answer our goodbye.</summary>
    private static readonly TimeSpan GoodbyeMax = TimeSpan.FromMilliseconds(250);

    /// <summary>While messages keep coming, pings and pongs are still looked after so often.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a ban is waited for before it is looked at again.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Reads are at least this long, so that a TLS record always fits.</summary>
    private const int ReadBytesMin = 1 << 15;

    /// <summary>Reads are at most this long: what was read is walked while the processor's cache still holds it.</summary>
    private const int ReadBytesMax = 1 << 17;

    /// <summary>So much of an unfinished frame is moved to the front before a read; more only where there is no room behind it.</summary>
    private const int MoveBytesMax = 1 << 12;

    private readonly Uri _address;
    private readonly WireOptions _options;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly Thread _connector;
    private readonly AutoResetEvent _wanted = new(true);
    private readonly ManualResetEvent _stop = new(false);
    private readonly Backoff _backoff;

    private readonly byte[] _buffer;
    private readonly FrameSender _sender;
    private byte[]? _message;
#pragma warning disable CA2213 // The connector takes it over at the end: it waits for the goodbye, and disposes of it.
    private Transport? _transport;
#pragma warning restore CA2213
    private Transport? _fresh;
    private Transport? _leaving;
    private Socket? _dialling;
    private int _start;
    private int _end;
    private long _skip;
    private int _messageBytes;
    private bool _inMessage;
    private bool _dropping;
    private bool _drained;
    private bool _isPlain;
    private readonly long _idleLookTicks;
    private long _lastBytes;
    private long _lastLook;
    private long _cameUp;
    private long _connects;
    private long _oversized;
    private volatile string _lastError = "";
    private bool _disposed;

    /// <param name="name">For people: spot streams 1.</param>
    public WireLine(string name, Uri address, WireOptions options, TimeProvider time, Random random, Action<string> log)
    {
        Name = name;
        _address = address;
        _options = options;
        _time = time;
        _log = log;
        _backoff = new Backoff(options.BackoffFirst, options.BackoffCap, new Random(random.Next()));
        _buffer = GC.AllocateArray<byte>(SlackAfter + options.MessageBytesMax + HeaderBytesMax + ReadBytesMin + SlackAfter, pinned: true);
        _start = _end = SlackAfter;
        _sender = new FrameSender(options, time);
        _idleLookTicks = time.TimestampFrequency / 5_000;
        _connector = new Thread(ConnectAndLeave) { IsBackground = true, Name = $"connect {name}" };
    }

    public string Name { get; }

    /// <summary>Whether frames can be read and sent, as the polling thread knows it.</summary>
    public bool IsUp => _transport is not null;

    /// <summary>Whether a text could be sent now, as far as the limit on frames goes.</summary>
    public bool MaySend => _transport is not null && _sender.MaySpeak;

    /// <summary>Connections that were made so far.</summary>
    public long Connects => Volatile.Read(ref _connects);

    /// <summary>Messages that were longer than allowed and passed over.</summary>
    public long Oversized => Volatile.Read(ref _oversized);

    /// <summary>Why the last connection ended or could not be made.</summary>
    public string LastError => _lastError;

    /// <summary><see cref="Stopwatch.GetTimestamp"/> of the last read that brought bytes: one stamp for all messages in it.</summary>
    public long LastReadTicks { get; private set; }

    /// <summary>Our clock at the same moment, nanoseconds since 1970.</summary>
    public long LastReadUnixNanos { get; private set; }

    /// <summary>Whether the last message was a binary one.</summary>
    public bool IsBinary { get; private set; }

    internal LinePoller? Poller { get; set; }

    internal bool HasFresh => Volatile.Read(ref _fresh) is not null;

    internal bool WantsToWrite => _transport is not null && _sender.WantsToWrite;

    internal int Descriptor => _transport?.Descriptor ?? -1;

    /// <summary>Begins to connect. Nothing happens before.</summary>
    public void Start() => _connector.Start();

    /// <summary>Gives the line a connection that was made elsewhere.</summary>
    internal void Offer(Transport transport) => Volatile.Write(ref _fresh, transport);

    /// <summary>
    /// The next message, in place: it is valid until the next call. False: there is none now, or the line is down. Reads the socket at most once, never blocks;
    /// pings are answered, the line's health is looked after, and a connection that was lost is asked for again on the way.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReceive(out ReadOnlySpan<byte> message) => TakeWhole(out message) || TryReceiveMore(out message);

    /// <summary>
    /// Sends a text message. Never blocks; what could not be sent at once (Partial) follows during <see cref="TryReceive"/>. NotSent also where it would be one
    /// frame too many (<see cref="WireOptions.FramesPerSecond"/>): try again a moment later.
    /// </summary>
    public LineSend TrySend(ReadOnlySpan<byte> text)
    {
        if (_transport is null) return LineSend.NotSent;
        try
        {
            return _sender.Text(text);
        }
        catch (IOException error)
        {
            Down(error.Message);
            return LineSend.Partial; // Whether any of it left cannot be known.
        }
    }

    /// <summary>Gives the connection up and asks for another.</summary>
    public void Abort(string reason) => Down(reason);

    /// <summary>Says goodbye to the server and ends. A server that says it too, as it should, ends the connection within a moment.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (_transport is not null)
        {
            try
            {
                _sender.Close();
            }
            catch (IOException)
            {
                // It ends anyway.
            }
            Interlocked.Exchange(ref _leaving, _transport)?.Dispose();
            _transport = null;
        }
        _stop.Set();
        Volatile.Read(ref _dialling)?.Dispose(); // Ends an attempt that a dead server would hold up.
        if (_connector.IsAlive) _connector.Join(TimeSpan.FromSeconds(2));
        Interlocked.Exchange(ref _leaving, null)?.Dispose();
        Interlocked.Exchange(ref _fresh, null)?.Dispose();
        if (_connector.IsAlive) return; // It is still inside a name lookup; a background thread may end with the process.
        _wanted.Dispose();
        _stop.Dispose();
    }

    /// <summary>Everything but the plain case.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryReceiveMore(out ReadOnlySpan<byte> message)
    {
        message = default;
        if (_transport is null && !Adopt()) return false;
        try
        {
            if (WalkOn(out message)) return true;
            if (_transport is null) return false;
            if (_drained)
            {
                _drained = false; // The last read took all there was: asking again at once would only cost a system call.
            }
            else
            {
                while (Read())
                {
                    if (WalkOn(out message)) return true;
                    if (_transport is null) return false;
                    if (!_transport.HasMore) break; // What is still in the socket, the poller will say.
                }
            }
            if (_transport is null) return false;
            long now = _time.GetTimestamp();
            if (now - _lastLook >= _idleLookTicks || _sender.HasWork) LookAfter(now);
            return false;
        }
        catch (IOException error)
        {
            Down(error.Message);
            return false;
        }
    }

    private bool Adopt()
    {
        if (Volatile.Read(ref _fresh) is null) return false;
        Transport? fresh = Interlocked.Exchange(ref _fresh, null);
        if (fresh is null) return false;
        _start = SlackAfter;
        fresh.Early.CopyTo(_buffer, _start);
        _end = _start + fresh.Early.Length;
        _skip = 0;
        _inMessage = _dropping = false;
        _drained = false;
        _messageBytes = 0;
        _lastBytes = _lastLook = _cameUp = _time.GetTimestamp();
        Stamp();
        _sender.Begin(fresh);
        _transport = fresh;
        return true;
    }

    private void Stamp()
    {
        LastReadTicks = Stopwatch.GetTimestamp();
        LastReadUnixNanos = _time.GetUnixNanos();
    }

    /// <summary>The plain case, which is nearly all of them: a message in one frame of less than 64 KiB that lies whole in the buffer. Whatever else there is, <see cref="Walk"/> knows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TakeWhole(out ReadOnlySpan<byte> message)
    {
        message = default;
        int have = _end - _start;
        if (have < 4 || !_isPlain) return false;
        ref byte frame = ref _buffer[_start];
        int kind = frame - 0x81;
        int length = Unsafe.Add(ref frame, 1);
        int header = 2;
        if (length == 126)
        {
            length = (Unsafe.Add(ref frame, 2) << 8) | Unsafe.Add(ref frame, 3);
            header = 4;
            if (length < 126) return false;
        }
        else if (length > 126)
        {
            return false;
        }
        if ((uint)kind > 1 || have < header + length) return false;
        IsBinary = kind == 1;
        message = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref frame, header), length);
        _start += header + length;
        return true;
    }

    private bool Read()
    {
        int left = _end - _start;
        if (_start != SlackAfter && (left <= MoveBytesMax || _buffer.Length - SlackAfter - _end < ReadBytesMin))
        {
            // Only the part of one frame is moved: whole ones were handed out. It stays at the front, where the processor's cache knows the memory.
            _buffer.AsSpan(_start, left).CopyTo(_buffer.AsSpan(SlackAfter));
            _start = SlackAfter;
            _end = SlackAfter + left;
        }
        int received = _transport!.Receive(_buffer, _end, Math.Min(_buffer.Length - SlackAfter - _end, ReadBytesMax));
        if (received == Transport.WouldBlock) return false;
        if (received == Transport.Ended)
        {
            Down("the server closed the connection");
            return false;
        }
        Stamp();
        _drained = _transport.IsDrained;
        _lastBytes = _time.GetTimestamp();
        _end += received;
        if (_time.GetElapsedTime(_lastLook, _lastBytes) >= LookEvery) LookAfter(_lastBytes); // However much there is to read.
        return _transport is not null;
    }

    private bool WalkOn(out ReadOnlySpan<byte> message)
    {
        bool found = Walk(out message);
        _isPlain = _transport is not null && !_inMessage && !_dropping && _skip == 0 && !_options.ChecksUtf8 && _options.MessageBytesMax > ushort.MaxValue;
        return found;
    }

    /// <summary>Walks the frames in the buffer until one completes a message.</summary>
    private bool Walk(out ReadOnlySpan<byte> message)
    {
        message = default;
        while (_transport is not null)
        {
            if (_skip > 0)
            {
                int skipped = (int)Math.Min(_skip, _end - _start);
                _skip -= skipped;
                _start += skipped;
                if (_skip > 0) return false;
            }
            int have = _end - _start;
            if (have < 2) return false;
            byte first = _buffer[_start];
            long length = _buffer[_start + 1];
            int header = 2;
            if ((first & 0x70) != 0) throw new IOException("a frame with reserved bits");
            if (length >= 0x80) throw new IOException("a masked frame from the server");
            if (length == 126)
            {
                if (have < 4) return false;
                length = BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(_start + 2));
                if (length < 126) throw new IOException("a length that is written longer than it is");
                header = 4;
            }
            else if (length == 127)
            {
                if (have < 10) return false;
                length = BinaryPrimitives.ReadInt64BigEndian(_buffer.AsSpan(_start + 2));
                header = 10;
                if (length is < 0 or > SkipBytesMax) throw new IOException("a frame of absurd length");
                if (length <= ushort.MaxValue) throw new IOException("a length that is written longer than it is");
            }
            int opcode = first & 0x0F;
            bool final = (first & 0x80) != 0;
            if (opcode >= 8)
            {
                if (!final || length > FrameSender.ControlBytesMax) throw new IOException("a broken control frame");
                if (have < header + length) return false;
                int at = _start + header;
                _start = at + (int)length;
                Control(opcode, _buffer.AsSpan(at, (int)length));
                continue;
            }
            if (opcode > 2) throw new IOException("a frame of a kind that does not exist");
            if ((opcode == 0) != _inMessage) throw new IOException("a continuation that continues nothing, or an unfinished message");
            if (length > _options.MessageBytesMax || _dropping || _messageBytes + length > _options.MessageBytesMax)
            {
                PassOver(header, length, final);
                continue;
            }
            if (have < header + length) return false;
            int payload = _start + header;
            _start = payload + (int)length;
            if (opcode != 0) IsBinary = opcode == 2;
            if (final && opcode != 0)
            {
                message = _buffer.AsSpan(payload, (int)length);
                CheckText(message);
                return true;
            }
            Append(_buffer.AsSpan(payload, (int)length));
            _inMessage = !final;
            if (!final) continue;
            message = _message.AsSpan(SlackAfter, _messageBytes);
            _messageBytes = 0;
            CheckText(message);
            return true;
        }
        return false;
    }

    private void CheckText(ReadOnlySpan<byte> message)
    {
        if (_options.ChecksUtf8 && !IsBinary && !Utf8.IsValid(message)) throw new IOException("a text that is not UTF-8");
    }

    private void PassOver(int header, long length, bool final)
    {
        _start += header;
        _skip = length;
        _messageBytes = 0;
        _inMessage = !final;
        _dropping = !final;
        if (final) Volatile.Write(ref _oversized, _oversized + 1);
    }

    private void Append(ReadOnlySpan<byte> part)
    {
        _message ??= GC.AllocateArray<byte>(_options.MessageBytesMax + (2 * SlackAfter), pinned: true);
        part.CopyTo(_message.AsSpan(SlackAfter + _messageBytes));
        _messageBytes += part.Length;
    }

    private void Control(int opcode, ReadOnlySpan<byte> payload)
    {
        switch (opcode)
        {
            case 0x9:
                _sender.Answer(payload);
                break;
            case 0xA:
                _sender.Hear(payload);
                break;
            case 0x8:
                int code = payload.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(payload) : 1005;
                _sender.Close(payload.Length >= 2 ? payload[..2] : default);
                Down($"the server said goodbye ({code})", isParting: true);
                break;
            default:
                throw new IOException("a frame of a kind that does not exist");
        }
    }

    private void LookAfter(long now)
    {
        _lastLook = now;
        if (_time.GetElapsedTime(_lastBytes, now) >= _options.SilenceMax) Down($"not a byte for {_options.SilenceMax.TotalSeconds:0.#} s");
        else if (!_sender.Turn(now)) Down($"a ping was not answered within {_options.PongWithin.TotalSeconds:0.#} s");
        else if (_time.GetElapsedTime(_cameUp, now) > _options.SilenceMax) _backoff.Reset();
    }

    /// <param name="isParting">Both have said goodbye: ours has to arrive, which closing at once could prevent.</param>
    private void Down(string reason, bool isParting = false)
    {
        if (_transport is null) return;
        if (isParting) Interlocked.Exchange(ref _leaving, _transport)?.Dispose();
        else _transport.Dispose();
        _transport = null;
        _isPlain = false;
        _lastError = reason;
        _log($"{Name}: {reason}; connecting anew");
        if (!_disposed) _wanted.Set();
    }

    private void ConnectAndLeave()
    {
        ConnectForEver();
        Leave();
    }

    private void Leave()
    {
        using Transport? leaving = Interlocked.Exchange(ref _leaving, null);
        leaving?.Drain(GoodbyeMax, _time);
    }

    private void Dialled(Socket socket)
    {
        Volatile.Write(ref _dialling, socket);
        if (_stop.WaitOne(TimeSpan.Zero)) socket.Dispose();
    }

    private void ConnectForEver()
    {
        WaitHandle[] events = [_stop, _wanted];
        while (WaitHandle.WaitAny(events) == 1)
        {
            Leave();
            bool said = false;
            while (true)
            {
                // The very first try comes at once; after a loss even that one waits its share of the backoff. A ban is waited out before any.
                if (_options.StayAway?.Invoke() is TimeSpan away && away > TimeSpan.Zero)
                {
                    if (_stop.WaitOne(away < LongestWait ? away : LongestWait)) return;
                    continue;
                }
                if ((Connects > 0 || said) && _stop.WaitOne(_backoff.Next())) return;
                try
                {
#pragma warning disable CA2000 // The polling thread takes it over.
                    Transport transport = Connector.Connect(_address, _options, Dialled);
#pragma warning restore CA2000
                    Interlocked.Increment(ref _connects);
                    if (_stop.WaitOne(TimeSpan.Zero))
                    {
                        transport.Dispose();
                        return;
                    }
                    Volatile.Write(ref _dialling, null);
                    Volatile.Write(ref _fresh, transport);
                    _log($"{Name}: connected to {_address.Host}:{_address.Port}");
                    Poller?.Wake();
                    break;
                }
                catch (Exception error)
                {
                    _lastError = error.Message;
                    if (!said) _log($"{Name}: {error.Message}; trying again");
                    said = true; // Once is enough: it goes on trying quietly.
                }
            }
        }
    }
}
