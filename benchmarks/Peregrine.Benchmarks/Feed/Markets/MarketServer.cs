using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Peregrine.Benchmarks.Feed.Markets;

/// <summary>
/// A market of many symbols at a steady rate, with next to no cost: frames that were encoded beforehand over as many WebSockets as the client opens, and depth snapshots
/// over HTTP, from one port. Of twenty frames twelve are best prices, five trades, two aggregates and one a diff.
/// </summary>
internal sealed class MarketServer : IDisposable
{
    private const int TickMillis = 1;

    private readonly MarketSymbolFrames[] _symbols;
    private readonly Dictionary<string, int> _byName;
    private readonly TimeProvider _time;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Connection> _connections = [];
    private readonly Connection?[] _of;
    private volatile bool _stopping;

    private sealed class Connection(Socket socket)
    {
        public Socket Socket => socket;
        public byte[] Buffer { get; } = new byte[1 << 20];
        public int Used { get; set; }
    }

    public MarketServer(int symbols, TimeProvider time)
    {
        _time = time;
        _symbols = [.. Enumerable.Range(0, symbols).Select(static i => new MarketSymbolFrames(i))];
        _byName = _symbols.Select(static (symbol, i) => (symbol.Name, i)).ToDictionary(static pair => pair.Name, static pair => pair.i, StringComparer.OrdinalIgnoreCase);
        _of = new Connection?[symbols * Kinds];
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
        new Thread(Accept) { IsBackground = true, Name = "market server" }.Start();
    }

    private const int Kinds = 4;

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}";
    public IReadOnlyList<string> Names => [.. _symbols.Select(static symbol => symbol.Name)];

    /// <summary>Frames sent so far: trades, aggregates, best prices, diffs.</summary>
    public long[] Sent { get; } = new long[Kinds];

    /// <summary>How often the sender could not keep its pace by more than 10 ms.</summary>
    public long LateTicks { get; private set; }

    /// <summary>Sends at the rate until told to stop; on a thread of its own.</summary>
    public Thread Send(int perSecond, Func<bool> isOver)
    {
        Thread thread = new(() => SendUntil(perSecond * TickMillis / 1_000, isOver)) { IsBackground = true, Name = "market sender" };
        thread.Start();
        return thread;
    }

    public void Dispose()
    {
        _stopping = true;
        _listener.Dispose();
        lock (_connections)
            foreach (Connection connection in _connections) connection.Socket.Dispose();
    }

    private void SendUntil(int perTick, Func<bool> isOver)
    {
        long step = Stopwatch.Frequency * TickMillis / 1_000, next = Stopwatch.GetTimestamp();
        long turn = 0;
        try
        {
            while (!isOver())
            {
                long millis = _time.GetUtcNow().ToUnixTimeMilliseconds();
                for (int i = 0; i < perTick; i++) Append(turn++, millis);
                foreach (Connection connection in _connections)
                {
                    if (connection.Used == 0) continue;
                    connection.Socket.Send(connection.Buffer.AsSpan(0, connection.Used));
                    connection.Used = 0;
                }
                next += step;
                long now = Stopwatch.GetTimestamp();
                if (now - next > Stopwatch.Frequency / 100) LateTicks++;
                if (next > now) Thread.Sleep(TimeSpan.FromMilliseconds((next - now) * 1_000.0 / Stopwatch.Frequency));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The client left.
        }
    }

    private void Append(long turn, long millis)
    {
        int symbol = (int)(turn / 20 % _symbols.Length);
        int part = (int)(turn % 20);
        (int kind, MarketFrame frame) = part switch
        {
            19 => (3, _symbols[symbol].NextDepth(millis)),
            >= 17 => (1, _symbols[symbol].NextAggregate(millis)),
            >= 12 => (0, _symbols[symbol].NextTrade(millis)),
            _ => (2, _symbols[symbol].NextTicker(millis)),
        };
        if (_of[(symbol * Kinds) + kind] is not { } connection) return;
        frame.Bytes.CopyTo(connection.Buffer.AsSpan(connection.Used));
        connection.Used += frame.Bytes.Length;
        Sent[kind]++;
    }

    private void Accept()
    {
        try
        {
            while (!_stopping)
            {
                Socket socket = _listener.Accept();
                socket.NoDelay = true;
                new Thread(() => Serve(socket)) { IsBackground = true, Name = "market connection" }.Start();
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It is over.
        }
    }

    private void Serve(Socket socket)
    {
        byte[] bytes = new byte[1 << 16];
        int have = 0;
        try
        {
            while (true)
            {
                int read = socket.Receive(bytes.AsSpan(have));
                if (read == 0) return;
                have += read;
                int end = bytes.AsSpan(0, have).IndexOf("\r\n\r\n"u8);
                if (end < 0) continue;
                string head = Encoding.ASCII.GetString(bytes, 0, end);
                bytes.AsSpan(end + 4, have - end - 4).CopyTo(bytes);
                have -= end + 4;
                string target = Uri.UnescapeDataString(head.Split(' ')[1]);
                if (target.Contains("/stream?streams=", StringComparison.Ordinal))
                {
                    Upgrade(socket, head, target);
                    while (socket.Receive(bytes) > 0) { } // Its pings need no answer within the bench's minute.
                    return;
                }
                string symbol = target.Split("symbol=")[1].Split('&')[0];
                string body = _symbols[_byName[symbol]].Snapshot();
                socket.Send(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The client left, or it is over.
        }
    }

    private void Upgrade(Socket socket, string head, string target)
    {
        string key = head.Split("\r\n").First(static line => line.StartsWith("Sec-WebSocket-Key:", StringComparison.OrdinalIgnoreCase)).Split(':')[1].Trim();
#pragma warning disable CA5350 // SHA-1 is what the protocol says.
        string accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        socket.Send(Encoding.ASCII.GetBytes($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"));
        Connection connection = new(socket);
        foreach (string stream in target.Split("streams=")[1].Split('/'))
        {
            string[] parts = stream.Split('@');
            int kind = parts[1] switch { "trade" => 0, "aggTrade" => 1, "bookTicker" => 2, _ => 3 };
            _of[(_byName[parts[0]] * Kinds) + kind] = connection;
        }
        lock (_connections) _connections.Add(connection);
    }
}
