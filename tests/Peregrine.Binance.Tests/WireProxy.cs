using System.Net;
using System.Net.Sockets;

namespace Peregrine.Binance.Tests;

/// <summary>Stands between a client and a server and passes bytes on in pieces, of a given size or of any, or swallows them.</summary>
internal sealed class SlicingProxy : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly int _target;
    private readonly int _piece;
    private readonly Random _random = new(71);
    private readonly List<Socket> _sockets = [];
    private volatile bool _swallowsUp;
    private volatile bool _swallowsDown;

    /// <param name="piece">Bytes; 0: any number from 1 to 200, a different one each time.</param>
    public SlicingProxy(int target, int piece)
    {
        _target = target;
        _piece = piece;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        new Thread(Accept) { IsBackground = true }.Start();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>From now on nothing passes, and nobody is told.</summary>
    public void SwallowEverything() => Swallow(up: true, down: true);

    /// <summary>From now on nothing passes from the client (up), to it (down), or both; the ends of connections do not pass either.</summary>
    public void Swallow(bool up, bool down)
    {
        _swallowsUp = up;
        _swallowsDown = down;
    }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_sockets) _sockets.ForEach(socket => socket.Dispose());
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                Socket client = _listener.Accept();
                var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                client.NoDelay = true;
                server.Connect(IPAddress.Loopback, _target);
                lock (_sockets) _sockets.AddRange([client, server]);
                new Thread(() => Pass(client, server, isUp: true)) { IsBackground = true }.Start();
                new Thread(() => Pass(server, client, isUp: false)) { IsBackground = true }.Start();
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
        }
    }

    private void Pass(Socket from, Socket to, bool isUp)
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (from.Receive(buffer) is > 0 and var received)
            {
                if (isUp ? _swallowsUp : _swallowsDown) continue;
                for (int at = 0; at < received;)
                {
                    int piece = Math.Min(_piece > 0 ? _piece : Any(), received - at);
                    to.Send(buffer.AsSpan(at, piece));
                    at += piece;
                }
            }
            if (!_swallowsUp && !_swallowsDown) to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
        }
    }

    private int Any()
    {
        lock (_random) return _random.Next(1, 201);
    }
}
