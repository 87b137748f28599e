using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Peregrine.Binance.Wire;

/// <summary>
/// Reads what a socket holds without ever waiting, by the system call itself: a socket that is polled without a pause is asked a million times a second.
/// One thread.
/// </summary>
/// <param name="looksFirst">
/// Bytes are looked at, and taken from the kernel only when more are asked for. Linux acknowledges what was taken before it gives it to the reader, and sending
/// that acknowledgement takes a quarter of a message's whole way over loopback; so it happens once the message has been handled. It costs one more system call
/// for each read that brought something, which a thread that never sleeps has the time for.
/// </param>
internal sealed unsafe class SocketReader(Socket socket, bool looksFirst)
{
    private readonly bool _looksFirst = looksFirst && OperatingSystem.IsLinux(); // Elsewhere, bytes cannot be taken without copying them again.
    private nint _seen;

    /// <summary>Whether the last read left nothing behind.</summary>
    public bool IsDrained { get; private set; }

    /// <summary>Bytes into the buffer, or <see cref="Transport.WouldBlock"/>, or <see cref="Transport.Ended"/>.</summary>
    public int Receive(Span<byte> buffer)
    {
        if (_seen > 0 && Take() is var error and not 0) return error;
        nint received;
        fixed (byte* to = buffer) received = Libc.Receive(Descriptor, to, (nuint)buffer.Length, Libc.DoNotWait | (_looksFirst ? Libc.Peek : 0));
        IsDrained = received < buffer.Length;
        if (received < 0) return WhyNone();
        if (_looksFirst) _seen = received;
        return (int)received;
    }

    /// <summary>Before the socket is closed: one that is closed with bytes left in the kernel resets the connection, and the other side may never hear our last words.</summary>
    public void TakeSeen()
    {
        if (_seen > 0 && !socket.SafeHandle.IsClosed) _ = Take();
    }

    private int Descriptor => (int)socket.SafeHandle.DangerousGetHandle();

    /// <summary>Takes what was seen. It lies in the kernel already, so that only an interruption can come between. Zero when all of it was taken.</summary>
    private int Take()
    {
        while (_seen > 0)
        {
            nint taken = Libc.Receive(Descriptor, null, (nuint)_seen, Libc.DoNotWait | Libc.Discard);
            if (taken < 0) return WhyNone();
            if (taken == 0) return Transport.Ended;
            _seen -= taken;
        }
        return 0;
    }

    private static int WhyNone() => Marshal.GetLastPInvokeError() is Libc.TryAgain or Libc.Interrupted ? Transport.WouldBlock : Transport.Ended;
}
