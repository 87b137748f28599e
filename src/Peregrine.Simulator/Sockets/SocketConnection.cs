using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Peregrine.Common;

namespace Peregrine.Simulator.Sockets;

/// <summary>
/// The server's end of one WebSocket. Frames are appended to memory by whoever has something to say and leave in as few writes as the
/// peer's reading allows: a replay at full speed sends thousands of frames with one call.
/// </summary>
internal sealed class SocketConnection : WebSocketConnection
{
    /// <summary>The longest message that is taken from a peer; longer ones end the connection.</summary>
    private const int MessageMax = 1 << 20;

    /// <summary>How long a peer has to answer a goodbye.</summary>
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(5);

    private readonly Stream _stream;
    private readonly TimeProvider _time;
    private readonly TimeSpan _pingInterval;
    private readonly TimeSpan _pongTimeout;
    private readonly Lock _lock = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _over;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _filling = new byte[1 << 16];
    private byte[] _leaving = new byte[1 << 16];
    private int _filled;
    private long _unsent;
    private long _owedPongSince;
    private bool _closeSent;
    private ITimer? _goodbye;

    public SocketConnection(Stream stream, TimeProvider time, TimeSpan pingInterval, TimeSpan pongTimeout, CancellationToken stop)
    {
        _stream = stream;
        _time = time;
        _pingInterval = pingInterval;
        _pongTimeout = pongTimeout;
        _over = CancellationTokenSource.CreateLinkedTokenSource(stop);
    }

    public override long Unsent => Volatile.Read(ref _unsent);

    public override Task Ended => _ended.Task;

    public override void Flush()
    {
        if (Volatile.Read(ref _filled) > 0) _wake.Writer.TryWrite(true);
    }

    public override void SendClose(int code, string reason)
    {
        Span<byte> payload = stackalloc byte[125];
        BinaryPrimitives.WriteUInt16BigEndian(payload, (ushort)code);
        int length = 2 + Encoding.UTF8.GetBytes(reason.AsSpan(0, Math.Min(reason.Length, 100)), payload[2..]);
        Append(0x88, payload[..length], default, default);
        Flush();
        _goodbye ??= _time.CreateTimer(static self => ((SocketConnection)self!).AbortQuietly(), this, GoodbyeTimeout, Timeout.InfiniteTimeSpan);
    }

    private void AbortQuietly()
    {
        try
        {
            _over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It is over already.
        }
    }

    public override void Abort() => AbortQuietly();

    /// <summary>Runs the connection to its end; each whole text message of the peer is handed on.</summary>
    public async Task RunAsync(Action<ReadOnlySpan<byte>> onText)
    {
        Task writer = WriteLoopAsync();
        Task pinger = PingLoopAsync();
        try
        {
            await ReadLoopAsync(onText);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The peer is gone, or we are stopping: the same end.
        }
        _wake.Writer.TryComplete();
        try
        {
            await writer.WaitAsync(TimeSpan.FromSeconds(2), _time); // The last words, among them our goodbye.
        }
        catch (TimeoutException)
        {
            // It does not read any more.
        }
        await _over.CancelAsync();
        await writer;
        await pinger;
        _ended.TrySetResult();
    }

    public override void Dispose()
    {
        _goodbye?.Dispose();
        _over.Dispose();
        _stream.Dispose();
    }

    protected override void Append(byte head, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        int length = first.Length + second.Length + third.Length;
        lock (_lock)
        {
            if (_closeSent || IsDumb) return;
            if (head == 0x88) _closeSent = true;
            if (_filling.Length - _filled < length + 10) Array.Resize(ref _filling, Math.Max(_filling.Length * 2, _filled + length + 10));
            Span<byte> to = _filling.AsSpan(_filled);
            to[0] = head;
            int at;
            if (length < 126)
            {
                to[1] = (byte)length;
                at = 2;
            }
            else if (length <= ushort.MaxValue)
            {
                to[1] = 126;
                BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)length);
                at = 4;
            }
            else
            {
                to[1] = 127;
                BinaryPrimitives.WriteUInt64BigEndian(to[2..], (ulong)length);
                at = 10;
            }
            first.CopyTo(to[at..]);
            second.CopyTo(to[(at + first.Length)..]);
            third.CopyTo(to[(at + first.Length + second.Length)..]);
            _filled += at + length;
            _unsent += at + length;
        }
    }

    private async Task WriteLoopAsync()
    {
        try
        {
            while (await _wake.Reader.WaitToReadAsync(_over.Token))
            {
                _wake.Reader.TryRead(out _);
                while (true)
                {
                    int length;
                    lock (_lock)
                    {
                        length = _filled;
                        if (length == 0) break;
                        (_filling, _leaving) = (_leaving, _filling);
                        _filled = 0;
                    }
                    await _stream.WriteAsync(_leaving.AsMemory(0, length), _over.Token);
                    await _stream.FlushAsync(_over.Token);
                    lock (_lock) _unsent -= length;
                    Drained?.Invoke();
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            lock (_lock)
            {
                _closeSent = true; // Nothing more is taken in for a peer that is gone.
                _unsent = 0;
                _filled = 0;
            }
            if (!_over.IsCancellationRequested) await _over.CancelAsync();
            Drained?.Invoke();
        }
    }

    private async Task PingLoopAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(_pingInterval, _time, _over.Token);
                long now = _time.GetTimestamp();
                long owed = Interlocked.Read(ref _owedPongSince);
                if (IsDumb) Interlocked.Exchange(ref _owedPongSince, 0);
                else if (owed != 0 && _time.GetElapsedTime(owed, now) >= _pongTimeout)
                {
                    await _over.CancelAsync();
                    return;
                }
                Interlocked.CompareExchange(ref _owedPongSince, now, 0);
                Append(0x89, Encoding.ASCII.GetBytes((_time.GetUnixMicros() / 1_000).ToString(CultureInfo.InvariantCulture)), default, default);
                Flush();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The connection is over.
        }
    }

    private async Task ReadLoopAsync(Action<ReadOnlySpan<byte>> onText)
    {
        byte[] buffer = new byte[1 << 14];
        int held = 0;
        byte[] message = new byte[1 << 12];
        int messageLength = 0;
        while (true)
        {
            int at = 0;
            while (true)
            {
                ClientFrame frame = ClientFrame.Parse(buffer.AsSpan(at, held - at));
                if (frame.Length == 0) break;
                if (frame.Failure != 0 || messageLength + frame.PayloadLength > MessageMax)
                {
                    SendClose(frame.Failure != 0 ? frame.Failure : 1009, "");
                    return;
                }
                if (IsDeaf)
                {
                    at += frame.Length;
                    continue;
                }
                if (Admit?.Invoke(frame.Opcode) == false)
                {
                    SendClose(1008, "Too many requests");
                    return;
                }
                Memory<byte> payload = buffer.AsMemory(at + frame.Length - frame.PayloadLength, frame.PayloadLength);
                frame.Unmask(payload.Span);
                switch (frame.Opcode)
                {
                    case 0x8:
                        Append(0x88, payload.Span, default, default);
                        Flush();
                        return;
                    case 0x9:
                        Append(0x8A, payload.Span, default, default);
                        Flush();
                        break;
                    case 0xA:
                        if (!payload.IsEmpty) Interlocked.Exchange(ref _owedPongSince, 0); // An unsolicited, empty pong answers nothing.
                        break;
                    default:
                        if (message.Length < messageLength + frame.PayloadLength) Array.Resize(ref message, (messageLength + frame.PayloadLength) * 2);
                        payload.Span.CopyTo(message.AsSpan(messageLength));
                        messageLength += frame.PayloadLength;
                        if (frame.IsFinal)
                        {
                            onText(message.AsSpan(0, messageLength));
                            messageLength = 0;
                        }
                        break;
                }
                at += frame.Length;
            }
            buffer.AsSpan(at, held - at).CopyTo(buffer);
            held -= at;
            if (held == buffer.Length)
            {
                if (held > MessageMax + 14)
                {
                    SendClose(1009, "");
                    return;
                }
                Array.Resize(ref buffer, buffer.Length * 2);
            }
            int read = await _stream.ReadAsync(buffer.AsMemory(held), _over.Token);
            if (read == 0) return;
            held += read;
        }
    }
}
