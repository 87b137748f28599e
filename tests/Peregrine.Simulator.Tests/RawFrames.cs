using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>Reads frames off a plain socket whatever is in them: a library's client refuses text that is no UTF-8.</summary>
internal sealed class RawFrames : IAsyncDisposable
{
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp);
    private NetworkStream? _stream;

    public static async Task<RawFrames> OpenAsync(TestExchange exchange, string path)
    {
        RawFrames raw = new();
        Uri url = new(exchange.Server.Url);
        await raw._socket.ConnectAsync(url.Host, url.Port, TestContext.Current.CancellationToken);
        raw._stream = new NetworkStream(raw._socket);
        string hello = $"GET {path} HTTP/1.1\r\nHost: {url.Authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
        await raw._stream.WriteAsync(Encoding.ASCII.GetBytes(hello), TestContext.Current.CancellationToken);
        int newLines = 0;
        byte[] one = new byte[1];
        while (newLines < 4)
        {
            await raw._stream.ReadExactlyAsync(one, TestContext.Current.CancellationToken);
            newLines = one[0] is (byte)'\r' or (byte)'\n' ? newLines + 1 : 0;
        }
        return raw;
    }

    /// <summary>The payload of the next frame that is none of the protocol's own.</summary>
    public async Task<byte[]> NextAsync()
    {
        while (true)
        {
            (int opcode, byte[] payload) = await ReadAsync();
            if (opcode < 8) return payload;
        }
    }

    private async Task<(int Opcode, byte[] Payload)> ReadAsync()
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(10));
        byte[] head = new byte[10];
        await _stream!.ReadExactlyAsync(head.AsMemory(0, 2), limit.Token);
        int opcode = head[0] & 0x0F;
        long length = head[1];
        if (length == 126)
        {
            await _stream.ReadExactlyAsync(head.AsMemory(0, 2), limit.Token);
            length = BinaryPrimitives.ReadUInt16BigEndian(head);
        }
        else if (length == 127)
        {
            await _stream.ReadExactlyAsync(head.AsMemory(0, 8), limit.Token);
            length = BinaryPrimitives.ReadInt64BigEndian(head);
        }
        byte[] payload = new byte[length];
        await _stream.ReadExactlyAsync(payload, limit.Token);
        return (opcode, payload);
    }

    public async ValueTask DisposeAsync()
    {
        if (_stream is not null) await _stream.DisposeAsync();
        _socket.Dispose();
    }
}
