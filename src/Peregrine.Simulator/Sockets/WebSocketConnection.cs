namespace Peregrine.Simulator.Sockets;

/// <summary>The exchange's end of one WebSocket, over a socket or without one.</summary>
internal abstract class WebSocketConnection : IDisposable
{
    /// <summary>Bytes that wait to be taken by the peer.</summary>
    public abstract long Unsent { get; }

    /// <summary>Completes when the peer has said goodbye or is gone.</summary>
    public abstract Task Ended { get; }

    /// <summary>Called after each write, on the writer's thread: room was made.</summary>
    public Action? Drained { get; set; }

    /// <summary>Nothing that the peer sends is seen.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>Nothing that is said leaves, and the peer is not expected to answer pings.</summary>
    public bool IsDumb { get; set; }

    /// <summary>Called with each frame of the peer (its opcode); false ends the connection with the close code 1008.</summary>
    public Func<byte, bool>? Admit { get; set; }

    /// <summary>Appends one text frame made of three parts; <see cref="Flush"/> sends it off.</summary>
    public void AppendText(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, ReadOnlySpan<byte> tail) => Append(0x81, head, body, tail);

    public void AppendText(ReadOnlySpan<byte> message) => Append(0x81, message, default, default);

    public void AppendBinary(ReadOnlySpan<byte> message) => Append(0x82, message, default, default);

    public void SendText(ReadOnlySpan<byte> message)
    {
        AppendText(message);
        Flush();
    }

    /// <summary>Sends off what was appended.</summary>
    public abstract void Flush();

    /// <summary>Says goodbye behind everything that was appended so far. What comes later is not sent.</summary>
    public abstract void SendClose(int code, string reason);

    /// <summary>Cuts the connection without a word.</summary>
    public abstract void Abort();

    public abstract void Dispose();

    protected abstract void Append(byte head, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third);
}
