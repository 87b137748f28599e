using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Peregrine.Benchmarks.Feed.Sockets;

/// <summary>
/// The sender of the contests: one connection and one thread on a processor of its own, that upgrades whoever comes and then sends what it is told, frames
/// that were encoded beforehand or one at a time at a pace. It counts its own processor time, so that the rest of the process's is the client's.
/// </summary>
internal sealed class FrameServer : IDisposable
{
    private const int ChunkBytes = 64 * 1024;
    private const int TlsChunkBytes = 16 * 1024;

    /// <summary>A frame of <see cref="Pace"/>, and the message in it.</summary>
    internal const int PacedFrameBytes = 4 + PacedPayloadBytes;
    internal const int PacedPayloadBytes = 200;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly X509Certificate2? _certificate;
    private readonly Thread _thread;
    private readonly SemaphoreSlim _orders = new(0);
    private readonly ManualResetEventSlim _done = new();
    private Action<Stream>? _order;
    private Socket? _socket;
    private long _cpuNanos;
    private volatile Exception? _failure;

    internal FrameServer(bool tls)
    {
        if (tls) _certificate = Certificate();
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _thread = new Thread(Serve) { IsBackground = true, Name = "bench server" };
        _thread.Start();
    }

    internal Uri Address => new($"{(_certificate is null ? "ws" : "wss")}://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}/stream");

    /// <summary>What the sender used for the last order, nanoseconds of processor time.</summary>
    internal long CpuNanos => Volatile.Read(ref _cpuNanos);

    /// <summary>Sends all frames as fast as they are taken.</summary>
    internal void Burst(FrameMix mix) => Order(stream =>
    {
        int chunk = _certificate is null ? ChunkBytes : TlsChunkBytes;
        for (int at = 0; at < mix.Bytes.Length; at += chunk) stream.Write(mix.Bytes, at, Math.Min(chunk, mix.Bytes.Length - at));
    });

    /// <summary>Sends frames one after the other, each with the time at which it left: <see cref="Stopwatch"/> ticks in its first eight bytes.</summary>
    internal void Pace(int frames, TimeSpan every) => Order(stream =>
    {
        using MemoryStream encoded = new();
        FrameMix.Write(encoded, 0x2, new byte[PacedPayloadBytes]);
        byte[] frame = encoded.ToArray();
        int head = frame.Length - PacedPayloadBytes;
        long step = (long)(every.TotalSeconds * Stopwatch.Frequency), next = Stopwatch.GetTimestamp() + step;
        for (int i = 0; i < frames; i++, next += step)
        {
            while (Stopwatch.GetTimestamp() < next) { }
            BinaryPrimitives.WriteInt64LittleEndian(frame.AsSpan(head), Stopwatch.GetTimestamp());
            stream.Write(frame, 0, frame.Length);
        }
    });

    /// <summary>Waits until the last order is done.</summary>
    internal void WaitUntilSent()
    {
        if (!_done.Wait(TimeSpan.FromSeconds(60)) || _failure is not null) throw new InvalidOperationException("The bench's server failed.", _failure);
    }

    private void Order(Action<Stream> order)
    {
        _done.Reset();
        _order = order;
        _orders.Release();
    }

    private void Serve()
    {
        try
        {
            _socket = _listener.Accept();
            _socket.NoDelay = true;
            Processor.Pin(toLast: false);
            using Stream stream = Open(_socket);
            while (true)
            {
                _orders.Wait();
                if (_order is not { } order) return;
                long began = Processor.ThreadNanos;
                order(stream);
                Volatile.Write(ref _cpuNanos, Processor.ThreadNanos - began);
                _done.Set();
            }
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            _failure = error;
            _done.Set();
        }
    }

    private Stream Open(Socket socket)
    {
        Stream stream = new NetworkStream(socket, ownsSocket: false);
        if (_certificate is not null)
        {
            SslStream tls = new(stream);
            tls.AuthenticateAsServer(_certificate);
            stream = tls;
        }
        byte[] head = new byte[4_096];
        int have = 0;
        while (!head.AsSpan(0, have).EndsWith("\r\n\r\n"u8))
        {
            int read = stream.Read(head, have, head.Length - have);
            if (read == 0) throw new IOException("The client left.");
            have += read;
        }
        string key = Encoding.ASCII.GetString(head, 0, have).Split("Sec-WebSocket-Key: ")[1].Split("\r\n")[0];
#pragma warning disable CA5350 // SHA-1 is what the protocol says.
        string accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        byte[] answer = Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
        stream.Write(answer, 0, answer.Length);
        return stream;
    }

    private static X509Certificate2 Certificate()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 made = request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    public void Dispose()
    {
        _order = null;
        _orders.Release();
        _socket?.Dispose();
        _listener.Dispose();
        _thread.Join(TimeSpan.FromSeconds(5));
        _certificate?.Dispose();
        _orders.Dispose();
        _done.Dispose();
    }
}
