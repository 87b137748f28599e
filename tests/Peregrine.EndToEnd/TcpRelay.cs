using System.Net;
using System.Net.Sockets;

namespace Peregrine.EndToEnd;

/// <summary>A wire between the appliance and its exchange that can be cut, and that can swallow everything while both ends believe it is there.</summary>
internal sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _target;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<Socket> _sockets = [];
    private readonly Task _accepting;
    private volatile bool _isStalled;

    public TcpRelay(string exchangeUrl)
    {
        _target = new Uri(exchangeUrl).Port;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Resets every connection, market data and orders alike.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            foreach (Socket socket in _sockets) Reset(socket);
            _sockets.Clear();
        }
    }

    /// <summary>Connections stay, and nothing passes any more on those that are there; they are reset at the end, as a router does that forgot them.</summary>
    public async Task StallAsync(TimeSpan time)
    {
        _isStalled = true;
        await Task.Delay(time);
        Cut();
        _isStalled = false;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        Cut();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stop.Token);
                Socket exchange = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                client.NoDelay = true;
                lock (_lock) _sockets.AddRange([client, exchange]);
                _ = CarryAsync(client, exchange);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(Socket client, Socket exchange)
    {
        try
        {
            await exchange.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
            await Task.WhenAny(PumpAsync(client, exchange), PumpAsync(exchange, client));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One of the ends is gone.
        }
        Reset(client);
        Reset(exchange);
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[65_536];
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and int count)
            {
                if (_isStalled) continue; // Swallowed.
                for (int sent = 0; sent < count;) sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _stop.Token);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One of the ends is gone.
        }
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is closed already.
        }
        socket.Dispose();
    }
}
