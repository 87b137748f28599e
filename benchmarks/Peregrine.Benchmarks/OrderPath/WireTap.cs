using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Peregrine.Benchmarks.OrderPath;

/// <summary>
/// Stands between a trading program and the exchange, passes every byte on, and notes two moments: before a message of market data is written to the program,
/// and after an order was read from it. Two threads for each connection, so that neither direction waits for the other.
/// </summary>
internal sealed class WireTap : IDisposable
{
    private const int ChunkBytes = 1 << 16;

    private readonly Uri _exchange;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _newest = new(StringComparer.Ordinal); // By symbol, and by the client id that a trade is answered with.
    private readonly List<double> _latencies = [];
    private readonly List<Socket> _sockets = [];
    private bool _closed;

    public WireTap(Uri exchange)
    {
        _exchange = exchange;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Begin(Accept);
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}";

    /// <summary>Market data to order, microseconds, of every order so far.</summary>
    public IReadOnlyList<double> Latencies
    {
        get
        {
            lock (_gate) return [.. _latencies];
        }
    }

    /// <summary>Returns when so many orders were seen, the time is over, or the program has ended.</summary>
    public void WaitForOrders(int orders, TimeSpan within, CancellationToken cancel, Func<bool>? hasEnded = null)
    {
        long began = Stopwatch.GetTimestamp();
        while (Latencies.Count < orders && Stopwatch.GetElapsedTime(began) < within && hasEnded?.Invoke() != true)
        {
            if (cancel.WaitHandle.WaitOne(100)) cancel.ThrowIfCancellationRequested();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (Socket socket in _sockets) socket.Dispose();
        }
        _listener.Dispose();
    }

    private static void Begin(Action work) => new Thread(() =>
    {
        try
        {
            work();
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // One of the two hung up, or the tap is closed.
        }
    }) { IsBackground = true, Name = "bench tap" }.Start();

    private void Accept()
    {
        while (true)
        {
            Socket client = Keep(_listener.Accept());
            Begin(() => Serve(client));
        }
    }

    private Socket Keep(Socket socket)
    {
        socket.NoDelay = true;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _sockets.Add(socket);
        }
        return socket;
    }

    private void Serve(Socket client)
    {
        byte[] bytes = new byte[ChunkBytes];
        int length = client.Receive(bytes);
        if (length == 0) return;
        Socket exchange = Keep(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        exchange.Connect(IPAddress.Loopback, _exchange.Port);
        string request = Encoding.ASCII.GetString(bytes, 0, Math.Min(length, 200)).Split('\n')[0];
        bool takesOrders = request.Contains("/ws-api", StringComparison.Ordinal);
        bool brings = !takesOrders && (request.Contains(" /ws", StringComparison.Ordinal) || request.Contains(" /stream", StringComparison.Ordinal));
        FrameReader? orders = takesOrders ? new FrameReader() : null;
        FrameReader? market = brings ? new FrameReader() : null;
        Begin(() => Pass(exchange, client, market, new byte[ChunkBytes], 0));
        Pass(client, exchange, orders, bytes, length);
    }

    /// <summary>Passes one direction on until its end. Only one of the two kinds of message lies on a connection, so the reader says which.</summary>
    private void Pass(Socket from, Socket to, FrameReader? reader, byte[] bytes, int length)
    {
        bool isToExchange = length > 0;
        if (length == 0) length = from.Receive(bytes);
        for (; length > 0; length = from.Receive(bytes))
        {
            long now = Stopwatch.GetTimestamp();
            if (reader is not null && isToExchange) reader.Take(bytes.AsSpan(0, length), message => OnOrder(message, now));
            else if (reader is not null) reader.Take(bytes.AsSpan(0, length), OnMarketData);
            to.Send(bytes.AsSpan(0, length));
        }
        to.Shutdown(SocketShutdown.Send);
    }

    private void OnMarketData(ReadOnlySpan<byte> message)
    {
        string symbol = ValueOf(message, "\"s\":\""u8);
        if (symbol.Length == 0 && message.StartsWith("{\"stream\":\""u8)) symbol = ValueOf(message, "\"stream\":\""u8).Split('@')[0].ToUpperInvariant(); // A partial book names itself no other way.
        if (symbol.Length == 0) return;
        string trade = message.IndexOf("\"e\":\"trade\""u8) >= 0 ? NumberOf(message, "\"t\":"u8) : "";
        lock (_gate)
        {
            long now = Stopwatch.GetTimestamp(); // It is about to be written.
            _newest[symbol] = now;
            if (trade.Length > 0) _newest[$"t-{symbol}-{trade}"] = now;
        }
    }

    private void OnOrder(ReadOnlySpan<byte> message, long readTicks)
    {
        if (message.IndexOf("\"order.place\""u8) < 0) return;
        string symbol = ValueOf(message, "\"symbol\":\""u8), client = ValueOf(message, "\"newClientOrderId\":\""u8);
        lock (_gate)
        {
            int trade = Math.Max(0, client.IndexOf("t-", StringComparison.Ordinal)); // Behind a library's own prefix.
            if (!_newest.TryGetValue(client[trade..], out long written) && !_newest.TryGetValue(symbol, out written)) return;
            _latencies.Add(Stopwatch.GetElapsedTime(written, readTicks).TotalMicroseconds);
        }
    }

    private static string ValueOf(ReadOnlySpan<byte> message, ReadOnlySpan<byte> name)
    {
        int at = message.IndexOf(name);
        if (at < 0) return "";
        ReadOnlySpan<byte> rest = message[(at + name.Length)..];
        return Encoding.UTF8.GetString(rest[..Math.Max(0, rest.IndexOf((byte)'"'))]);
    }

    private static string NumberOf(ReadOnlySpan<byte> message, ReadOnlySpan<byte> name)
    {
        int at = message.IndexOf(name);
        return at >= 0 && System.Buffers.Text.Utf8Parser.TryParse(message[(at + name.Length)..], out long number, out _) ? number.ToString(CultureInfo.InvariantCulture) : "";
    }
}
