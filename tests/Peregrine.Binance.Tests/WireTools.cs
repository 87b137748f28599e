using System.Net.Sockets;
using System.Text;

using Peregrine.Binance.Wire;

namespace Peregrine.Binance.Tests;

/// <summary>Time that passes when a test says so.</summary>
internal sealed class HandTime : TimeProvider
{
    private long _ticks = TimeSpan.TicksPerDay;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    public override long GetTimestamp() => Volatile.Read(ref _ticks);
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(GetTimestamp());
    public void Pass(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
}

/// <summary>A connection made of two lists: what the server said, given out in any pieces, and what the client said.</summary>
internal sealed class ListTransport : Transport
{
    private readonly Queue<byte[]> _incoming = [];

    [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
    public ListTransport() => Socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public List<byte> Sent { get; } = [];

    /// <summary>What the kernel takes of each send; null for all of it.</summary>
    public Func<int, int>? Takes { get; set; }

    public bool IsDisposed { get; private set; }

    public override bool IsDrained => false;

    public bool IsEmpty => _incoming.Count == 0;

    public void Say(byte[] piece) => _incoming.Enqueue(piece);

    public override int Receive(byte[] buffer, int offset, int count)
    {
        if (!_incoming.TryPeek(out byte[]? piece)) return WouldBlock;
        int given = Math.Min(piece.Length, count);
        piece.AsSpan(0, given).CopyTo(buffer.AsSpan(offset));
        _incoming.Dequeue();
        if (given < piece.Length) throw new InvalidOperationException("The line asked for too few bytes.");
        return given;
    }

    public override int Send(byte[] buffer, int offset, int count)
    {
        int taken = Takes?.Invoke(count) ?? count;
        Sent.AddRange(buffer.AsSpan(offset, taken));
        return taken;
    }

    public override void Dispose()
    {
        IsDisposed = true;
        base.Dispose();
    }

    /// <summary>The frames that the client sent, unmasked.</summary>
    public List<(int Opcode, string Text)> SentFrames()
    {
        List<(int, string)> frames = [];
        byte[] bytes = [.. Sent];
        for (int at = 0; at < bytes.Length;)
        {
            if ((bytes[at] & 0xF0) != 0x80 || (bytes[at + 1] & 0x80) == 0) throw new InvalidOperationException("Not a whole masked frame.");
            int length = bytes[at + 1] & 0x7F, header = 2;
            if (length == 126) (length, header) = ((bytes[at + 2] << 8) | bytes[at + 3], 4);
            byte[] payload = [.. Enumerable.Range(0, length).Select(i => (byte)(bytes[at + header + 4 + i] ^ bytes[at + header + (i & 3)]))];
            frames.Add((bytes[at] & 15, Encoding.Latin1.GetString(payload)));
            at += header + 4 + length;
        }
        return frames;
    }
}

internal static class Lines
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Trusts the certificate of <see cref="LocalServer"/>, and loses no time.</summary>
    public static readonly WireOptions Quick = new()
    {
        CertificateCheck = (_, certificate, _, _) => certificate?.Subject == "CN=localhost",
        BackoffFirst = TimeSpan.FromMilliseconds(20),
        BackoffCap = TimeSpan.FromMilliseconds(100),
    };

    public static WireLine Start(int port, bool tls = false, WireOptions? options = null, string name = "test")
    {
        var line = new WireLine(name, new Uri($"{(tls ? "wss" : "ws")}://127.0.0.1:{port}/stream?streams=a@b"), options ?? Quick, TimeProvider.System, new Random(7), _ => { });
        line.Start();
        return line;
    }

    /// <summary>A line over bytes of the test's own, up from the beginning.</summary>
    public static WireLine Over(Transport transport, WireOptions? options = null, TimeProvider? time = null)
    {
        var line = new WireLine("test", new Uri("ws://127.0.0.1:1/"), options ?? Quick, time ?? TimeProvider.System, new Random(7), _ => { });
        line.Offer(transport);
        return line;
    }

    /// <summary>Polls as the hot thread does, sleeping in between as its blocking policy does, until there is a message.</summary>
    public static string Next(this WireLine line, LinePoller poller)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < Patience)
        {
            if (line.TryReceive(out ReadOnlySpan<byte> message)) return Encoding.UTF8.GetString(message);
            poller.Wait(TimeSpan.FromMilliseconds(50));
        }
        throw new TimeoutException($"No message; the line says '{line.LastError}'.");
    }

    public static void Until(this WireLine line, LinePoller poller, Func<bool> reached)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (!reached())
        {
            if (TimeProvider.System.GetElapsedTime(began) > Patience) throw new TimeoutException($"Not reached; the line says '{line.LastError}'.");
            line.TryReceive(out _);
            poller.Wait(TimeSpan.FromMilliseconds(20));
        }
    }
}
