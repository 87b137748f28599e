using Peregrine.Simulator.Sockets;

namespace Peregrine.Simulator.Virtual;

/// <summary>A client's end of a WebSocket that has no socket. Used on the thread that drives the exchange.</summary>
public sealed class VirtualConnection
{
    private readonly VirtualSocket _socket;

    internal VirtualConnection(VirtualSocket socket) => _socket = socket;

    internal Action<byte[]>? OnText { get; set; }
    internal Action? OnEnded { get; set; }

    /// <summary>Whether the exchange still hears us. What it sent before its end can still be received.</summary>
    public bool IsOpen => !_socket.IsOver;

    /// <summary>The exchange's close code; 1006 when it cut the connection, 0 while it is open.</summary>
    public int CloseCode => _socket.CloseCode;

    /// <summary>Frames that were not received yet.</summary>
    public int Pending => _socket.Frames.Count;

    /// <summary>Sends a text message; over a dead connection it is lost.</summary>
    public void Send(ReadOnlySpan<byte> utf8)
    {
        if (_socket.IsOver || _socket.IsDeaf) return;
        if (_socket.Admit?.Invoke(1) == false) _socket.SendClose(1008, "Too many requests");
        else OnText?.Invoke(utf8.ToArray());
        Settle();
    }

    /// <summary>The next frame that the exchange sent; false when there is none (yet).</summary>
    public bool TryReceive(out ReadOnlyMemory<byte> frame)
    {
        Settle();
        bool found = _socket.Frames.TryDequeue(out byte[]? bytes);
        frame = bytes;
        return found;
    }

    /// <summary>Ends the connection from our side.</summary>
    public void Close()
    {
        _socket.End(1000);
        Settle();
    }

    /// <summary>Lets the exchange forget a connection that is over.</summary>
    internal void Settle()
    {
        if (!_socket.IsOver || OnEnded is not { } ended) return;
        OnEnded = null;
        ended();
    }
}

/// <summary>The exchange's end of it.</summary>
internal sealed class VirtualSocket : WebSocketConnection
{
    private readonly TaskCompletionSource _ended = new();

    public Queue<byte[]> Frames { get; } = new();
    public bool IsOver { get; private set; }
    public int CloseCode { get; private set; }
    public override long Unsent => 0;
    public override Task Ended => _ended.Task;

    public void End(int code)
    {
        if (IsOver) return;
        IsOver = true;
        CloseCode = code;
        _ended.TrySetResult();
    }

    public override void Flush()
    {
        // What is appended is there at once.
    }

    public override void SendClose(int code, string reason) => End(code);

    public override void Abort()
    {
        Frames.Clear(); // What was under way is lost with the connection.
        End(1006);
    }

    public override void Dispose() => End(1006);

    protected override void Append(byte head, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third)
    {
        if (IsOver || IsDumb) return;
        byte[] frame = new byte[first.Length + second.Length + third.Length];
        first.CopyTo(frame);
        second.CopyTo(frame.AsSpan(first.Length));
        third.CopyTo(frame.AsSpan(first.Length + second.Length));
        Frames.Enqueue(frame);
    }
}
