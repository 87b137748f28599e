using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;

using Peregrine.Binance.Streams;
using Peregrine.Binance.Wire;
using Peregrine.MarketData;

namespace Peregrine.Benchmarks.Feed.Sockets;

/// <summary>One way to receive, connected to a sender of its own.</summary>
internal abstract class Receiver : IDisposable
{
    protected Receiver(bool tls) => Server = new FrameServer(tls);

    protected FrameServer Server { get; }

    /// <summary>Receives a burst; the sample is processor time of everything but the sender, for one message.</summary>
    internal Sample Burst(FrameMix mix)
    {
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        long cpu = Processor.ProcessNanos;
        Server.Burst(mix);
        Take(mix);
        Server.WaitUntilSent();
        cpu = Processor.ProcessNanos - cpu - Server.CpuNanos;
        return new Sample((double)cpu / mix.Messages, (double)(GC.GetTotalAllocatedBytes(precise: true) - allocated) / mix.Messages);
    }

    /// <summary>Receives frames at a pace: the median from leaving to being handled, and processor time of everything but the sender, for one frame.</summary>
    internal (double P50Nanos, double CpuNanos) Paced(int frames, TimeSpan every, bool spins)
    {
        long[] took = new long[frames];
        long cpu = Processor.ProcessNanos;
        Server.Pace(frames, every);
        TakePaced(took, spins);
        Server.WaitUntilSent();
        cpu = Processor.ProcessNanos - cpu - Server.CpuNanos;
        return (Statistics.Median(took.Select(static ticks => (double)ticks)) * 1e9 / Stopwatch.Frequency, (double)cpu / frames);
    }

    protected abstract void Take(FrameMix mix);

    protected virtual void TakePaced(long[] took, bool spins) => throw new NotSupportedException();

    protected static long Age(ReadOnlySpan<byte> message) => Stopwatch.GetTimestamp() - BinaryPrimitives.ReadInt64LittleEndian(message);

    public virtual void Dispose() => Server.Dispose();
}

/// <summary>Peregrine's own client, alone or with every message decoded.</summary>
internal sealed class WireReceiver : Receiver
{
    private readonly WireLine _line;
    private readonly LinePoller _poller = new();
    private readonly StreamDecoder? _decoder;
    private readonly EventRing? _ring;

    internal WireReceiver(bool tls, bool decodes = false, bool looksFirst = false) : base(tls)
    {
        if (decodes)
        {
            _decoder = new StreamDecoder(Common.Market.Spot, FrameMix.Streams());
            _ring = new EventRing(4_096, 1 << 18);
        }
#pragma warning disable CA5359 // The certificate was made a moment ago, by the server in this process.
        WireOptions options = new() { CertificateCheck = static (_, _, _, _) => true, LooksFirst = looksFirst };
#pragma warning restore CA5359
        _line = new WireLine("bench", Server.Address, options, TimeProvider.System, new Random(1), static _ => { });
        _poller.Add(_line);
        _line.Start();
        while (!_line.IsUp)
        {
            _line.TryReceive(out _);
            _poller.Wait(TimeSpan.FromMilliseconds(10));
        }
    }

    protected override void Take(FrameMix mix)
    {
        long bytes = 0;
        for (int got = 0; got < mix.Messages;)
        {
            if (!_line.TryReceive(out ReadOnlySpan<byte> message))
            {
                _poller.Wait(TimeSpan.FromMilliseconds(10));
                continue;
            }
            bytes += message.Length;
            got++;
            if (_decoder is null) continue;
            if (!_decoder.DecodeInPlace(message, _ring!, _line.LastReadUnixNanos).IsEvent) throw new InvalidOperationException("A message was not read.");
            _ring!.Publish();
        }
        if (bytes != mix.PayloadBytes) throw new InvalidOperationException("Something was lost.");
    }

    protected override void TakePaced(long[] took, bool spins)
    {
        for (int got = 0; got < took.Length;)
        {
            if (_line.TryReceive(out ReadOnlySpan<byte> message)) took[got++] = Age(message);
            else if (!spins) _poller.Wait(TimeSpan.FromMilliseconds(10));
        }
    }

    public override void Dispose()
    {
        _line.Dispose();
        _poller.Dispose();
        base.Dispose();
    }
}

/// <summary>.NET's own client, with one buffer for everything.</summary>
internal sealed class ClientWebSocketReceiver : Receiver
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[1 << 18];

    internal ClientWebSocketReceiver(bool tls) : base(tls)
    {
        _socket.Options.KeepAliveInterval = TimeSpan.Zero;
#pragma warning disable CA5359 // The certificate was made a moment ago, by the server in this process.
        _socket.Options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        _socket.ConnectAsync(Server.Address, CancellationToken.None).GetAwaiter().GetResult();
    }

    protected override void Take(FrameMix mix) => TakeAsync(mix).GetAwaiter().GetResult();

    private async Task TakeAsync(FrameMix mix)
    {
        long bytes = 0;
        for (int got = 0; got < mix.Messages;)
        {
            ValueWebSocketReceiveResult result = await _socket.ReceiveAsync(_buffer.AsMemory(), CancellationToken.None).ConfigureAwait(false);
            bytes += result.Count;
            if (result.EndOfMessage) got++;
        }
        if (bytes != mix.PayloadBytes) throw new InvalidOperationException("Something was lost.");
    }

    protected override void TakePaced(long[] took, bool spins) => TakePacedAsync(took).GetAwaiter().GetResult();

    private async Task TakePacedAsync(long[] took)
    {
        for (int got = 0; got < took.Length;)
        {
            ValueWebSocketReceiveResult result = await _socket.ReceiveAsync(_buffer.AsMemory(), CancellationToken.None).ConfigureAwait(false);
            if (result.EndOfMessage) took[got++] = Age(_buffer);
        }
    }

    public override void Dispose()
    {
        _socket.Abort();
        _socket.Dispose();
        base.Dispose();
    }
}

/// <summary>The same bytes without a look at them: what the kernel and TLS cost alone.</summary>
internal sealed class RawReceiver : Receiver
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 1 << 20 };
    private readonly Stream? _tls;
    private readonly byte[] _buffer = GC.AllocateArray<byte>(1 << 17, pinned: true);

    internal RawReceiver(bool tls) : base(tls)
    {
        _socket.Connect(IPAddress.Loopback, Server.Address.Port);
        if (tls)
        {
#pragma warning disable CA5359 // As above.
            SslStream secure = new(new NetworkStream(_socket, ownsSocket: false), leaveInnerStreamOpen: false, static (_, _, _, _) => true);
#pragma warning restore CA5359
            secure.AuthenticateAsClient("localhost");
            _tls = secure;
        }
        byte[] request = Encoding.ASCII.GetBytes("GET /stream HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        if (_tls is null) _socket.Send(request);
        else _tls.Write(request, 0, request.Length);
        int have = 0;
        while (!_buffer.AsSpan(0, have).EndsWith("\r\n\r\n"u8)) have += Read(have);
    }

    private int Read(int offset) => _tls is null ? _socket.Receive(_buffer, offset, _buffer.Length - offset, SocketFlags.None) : _tls.Read(_buffer, offset, _buffer.Length - offset);

    protected override void Take(FrameMix mix)
    {
        for (long got = 0; got < mix.Bytes.Length;) got += Read(0);
    }

    /// <summary>Asks the socket without a pause, and looks at nothing but the time inside each frame.</summary>
    protected override void TakePaced(long[] took, bool spins)
    {
        _socket.Blocking = false;
        int have = 0;
        for (int got = 0; got < took.Length;)
        {
            while (have < FrameServer.PacedFrameBytes)
            {
                int read = _socket.Receive(_buffer.AsSpan(have), SocketFlags.None, out SocketError error);
                if (error == SocketError.Success) have += read;
            }
            took[got++] = Age(_buffer.AsSpan(FrameServer.PacedFrameBytes - FrameServer.PacedPayloadBytes));
            // More than one where the machine stood still for a moment.
            have -= FrameServer.PacedFrameBytes;
            _buffer.AsSpan(FrameServer.PacedFrameBytes, have).CopyTo(_buffer);
        }
    }

    public override void Dispose()
    {
        _tls?.Dispose();
        _socket.Dispose();
        base.Dispose();
    }
}
