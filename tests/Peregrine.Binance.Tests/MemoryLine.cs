using System.Text;
using System.Text.Json;

using Peregrine.Binance.Orders;
using Peregrine.Binance.Wire;

namespace Peregrine.Binance.Tests;

/// <summary>A line in memory whose other end is the test: what is sent is kept, and answered as the test says.</summary>
internal sealed class MemoryLine : IOrderLine
{
    private readonly Queue<byte[]> _incoming = new();

    public List<string> Sent { get; } = [];

    /// <summary>Answers a request with any number of messages; null for a request that gets none.</summary>
    public Func<JsonElement, string[]?>? Answer { get; set; }

    /// <summary>Keeps no text of what is sent, so that a test may count bytes that the session allocates.</summary>
    public bool IsSilent { get; set; }

    public bool IsUp { get; private set; }
    public long Connects { get; private set; }
    public string LastError { get; private set; } = "";

    public IEnumerable<string> Methods => Sent.Select(text => JsonDocument.Parse(text).RootElement.GetProperty("method").GetString()!);

    public JsonElement Last(string method) => Sent.Select(text => JsonDocument.Parse(text).RootElement).Last(request => request.GetProperty("method").GetString() == method);

    public void Connect()
    {
        Connects++;
        IsUp = true;
    }

    public void Push(string message) => _incoming.Enqueue(Encoding.UTF8.GetBytes(message));

    public bool TryReceive(out ReadOnlySpan<byte> message)
    {
        message = default;
        if (!IsUp || !_incoming.TryDequeue(out byte[]? next)) return false;
        message = next;
        return true;
    }

    public LineSend TrySend(ReadOnlySpan<byte> text)
    {
        if (!IsUp) return LineSend.NotSent;
        if (IsSilent) return LineSend.Sent;
        string request = Encoding.UTF8.GetString(text);
        Sent.Add(request);
        foreach (string answer in Answer?.Invoke(JsonDocument.Parse(request).RootElement) ?? []) Push(answer);
        return LineSend.Sent;
    }

    public void Abort(string reason)
    {
        IsUp = false;
        LastError = reason;
        _incoming.Clear();
    }
}

/// <summary>A wall clock and a monotonic one that stand still until a test moves them, together or apart.</summary>
internal sealed class TwoClocks : TimeProvider
{
    private long _ticks = 1_000_000;
    private DateTimeOffset _wall = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => 1_000_000;

    public override DateTimeOffset GetUtcNow() => _wall;

    public override long GetTimestamp() => _ticks;

    public void Pass(TimeSpan time)
    {
        _ticks += (long)time.TotalMicroseconds;
        _wall += time;
    }

    /// <summary>The wall clock alone.</summary>
    public void Step(TimeSpan time) => _wall += time;

    public void SetWall(DateTimeOffset wall) => _wall = wall;
}
