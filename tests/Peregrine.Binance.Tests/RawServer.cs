using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Peregrine.Binance.Tests;

/// <summary>A WebSocket server down to the byte, for frames that no decent server would send.</summary>
internal sealed class RawServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private Socket? _client;

    public RawServer()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Takes the next connection and upgrades it.</summary>
    /// <param name="accept">Instead of the right answer to the client's key.</param>
    /// <param name="more">Header lines.</param>
    /// <param name="behind">Sent together with the answer.</param>
    public void Accept(string? accept = null, string more = "", byte[]? behind = null)
    {
        _client?.Dispose();
        _listener.ReceiveTimeout = 15_000;
        _client = _listener.Accept();
        _client.ReceiveTimeout = 15_000;
        _client.NoDelay = true;
        var head = new StringBuilder();
        byte[] one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && _client.Receive(one) == 1) head.Append((char)one[0]);
        string key = head.ToString().Split("Sec-WebSocket-Key: ")[1].Split("\r\n")[0];
        accept ??= Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
        string answer = $"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nConnection: Upgrade\r\n{more}sec-websocket-accept: {accept}\r\n\r\n";
        Send([.. Encoding.ASCII.GetBytes(answer), .. behind ?? []]);
    }

    public void Send(byte[] bytes)
    {
        for (int sent = 0; sent < bytes.Length;) sent += _client!.Send(bytes.AsSpan(sent));
    }

    public byte[] Read(int count)
    {
        byte[] bytes = new byte[count];
        for (int have = 0; have < count;)
        {
            int received = _client!.Receive(bytes.AsSpan(have));
            if (received == 0) throw new IOException("The client closed the connection.");
            have += received;
        }
        return bytes;
    }

    public void Dispose()
    {
        _client?.Dispose();
        _listener.Dispose();
    }
}
