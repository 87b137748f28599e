using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>Reads a socket in the background and keeps every frame with when it came.</summary>
internal sealed class FrameLog : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly List<(long Stamp, byte[] Frame)> _frames = [];
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _reader = Task.CompletedTask;

    public static async Task<FrameLog> OpenAsync(TestExchange exchange, string path, string? apiKey = null)
    {
        FrameLog log = new();
        log._socket.Options.KeepAliveInterval = TimeSpan.Zero;
        if (apiKey is not null) log._socket.Options.SetRequestHeader("X-MBX-APIKEY", apiKey);
        await log._socket.ConnectAsync(new Uri(exchange.Server.Url.Replace("http", "ws", StringComparison.Ordinal) + path), TestContext.Current.CancellationToken);
        log._reader = log.ReadAsync();
        return log;
    }

    public ClientWebSocket Socket => _socket;

    /// <summary>Completes when the connection is over.</summary>
    public Task Ended => _reader;

    /// <summary>How it ended; null while it is open, and when it was cut without a close frame.</summary>
    public int? CloseCode { get; private set; }

    public Exception? Failure { get; private set; }

    public int Count
    {
        get
        {
            lock (_lock) return _frames.Count;
        }
    }

    public IReadOnlyList<byte[]> Frames
    {
        get
        {
            lock (_lock) return [.. _frames.Select(f => f.Frame)];
        }
    }

    public IReadOnlyList<JsonNode> Json => [.. Frames.Select(f => JsonNode.Parse(f)!)];

    /// <summary>Waits until so many frames have come, or fails.</summary>
    public async Task<IReadOnlyList<JsonNode>> AtLeastAsync(int count, double seconds = 10)
    {
        await UntilAsync(() => Count >= count, seconds, () => $"{Count} of {count} frames came");
        return Json;
    }

    public static async Task UntilAsync(Func<bool> condition, double seconds = 10, Func<string>? otherwise = null)
    {
        long begin = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds, otherwise?.Invoke() ?? "it did not happen in time");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>How many frames come within a time, after what is under way has landed.</summary>
    public async Task<int> WithinAsync(double milliseconds)
    {
        await Task.Delay(60, TestContext.Current.CancellationToken);
        int before = Count;
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TestContext.Current.CancellationToken);
        return Count - before;
    }

    public Task SendAsync(string text) => _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Abort();
        await _reader;
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[1 << 20];
        int length = 0;
        try
        {
            while (true)
            {
                ValueWebSocketReceiveResult part = await _socket.ReceiveAsync(buffer.AsMemory(length), _stop.Token);
                if (part.MessageType == WebSocketMessageType.Close)
                {
                    CloseCode = (int?)_socket.CloseStatus;
                    await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _stop.Token);
                    return;
                }
                length += part.Count;
                if (!part.EndOfMessage) continue;
                lock (_lock) _frames.Add((Stopwatch.GetTimestamp(), buffer.AsSpan(0, length).ToArray()));
                length = 0;
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            Failure = e;
        }
    }
}
