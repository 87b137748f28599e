using System.Net.Security;
using System.Net.Sockets;

namespace Peregrine.Binance.Wire;

/// <summary>A connection that has been upgraded to frames: what the connector hands to the hot thread. Neither direction ever blocks.</summary>
internal abstract class Transport : IDisposable
{
    public const int WouldBlock = -1;
    public const int Ended = 0;

    public required Socket Socket { get; init; }

    /// <summary>Bytes behind the server's answer to the upgrade: the first frames may have come with it.</summary>
    public byte[] Early { get; set; } = [];

    /// <summary>Whether the last read left nothing behind: the next one would find nothing unless something came since.</summary>
    public abstract bool IsDrained { get; }

    /// <summary>Whether there are bytes that the next read gives without asking the socket: the poller would not tell of them.</summary>
    public virtual bool HasMore => false;

    public int Descriptor => (int)Socket.SafeHandle.DangerousGetHandle();

    /// <summary>Bytes into the buffer, <see cref="WouldBlock"/> where there are none yet, <see cref="Ended"/> where there never will be.</summary>
    public abstract int Receive(byte[] buffer, int offset, int count);

    /// <summary>How many of the bytes were taken. Fewer than all: the kernel's buffer is full.</summary>
    /// <exception cref="IOException">The connection is broken.</exception>
    public abstract int Send(byte[] buffer, int offset, int count);

    /// <summary>The handshake is over: from here on nothing may block.</summary>
    public virtual void BeginPolling() { }

    /// <summary>Sends what an earlier <see cref="Send"/> took but could not get rid of. True when nothing is left.</summary>
    public virtual bool Flush() => true;

    /// <summary>After our goodbye: reads until the server ends the connection, so that it hears the goodbye rather than a reset. The only thing here that waits.</summary>
    public void Drain(TimeSpan atMost, TimeProvider time)
    {
        byte[] rest = new byte[1 << 15];
        long began = time.GetTimestamp();
        while (atMost - time.GetElapsedTime(began) is { Ticks: > 0 } left)
        {
            try
            {
                if (Receive(rest, 0, rest.Length) == Ended) return;
                if (!HasMore && !Socket.Poll(left, SelectMode.SelectRead)) return;
            }
            catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
            {
                return; // It ended less politely.
            }
        }
    }

    public virtual void Dispose() => Socket.Dispose();
}

/// <summary>Bytes as they are.</summary>
internal sealed class PlainTransport(SocketReader reader) : Transport
{
    public override bool IsDrained => reader.IsDrained;

    public override int Receive(byte[] buffer, int offset, int count) => reader.Receive(buffer.AsSpan(offset, count));

    public override int Send(byte[] buffer, int offset, int count)
    {
        int sent = Socket.Send(buffer.AsSpan(offset, count), SocketFlags.None, out SocketError error);
        return error switch
        {
            SocketError.Success => sent,
            SocketError.WouldBlock or SocketError.IOPending or SocketError.TryAgain => 0,
            _ => throw new IOException($"Sending failed: {error}."),
        };
    }

    public override void Dispose()
    {
        reader.TakeSeen();
        base.Dispose();
    }
}

/// <summary>
/// TLS through <see cref="SslStream"/>, over an inner stream that only ever has whole TLS records to give: a read never waits for the rest of a
/// record, and nothing stays inside.
/// </summary>
internal sealed class TlsTransport(SslStream tls, RecordStream records) : Transport
{
    public override bool IsDrained => records.IsDrained && !records.HasRecord;

    public override bool HasMore => records.HasRecord;

    public override int Receive(byte[] buffer, int offset, int count)
    {
        if (!records.HasRecord && !records.Fill()) return records.IsEnded ? Ended : WouldBlock;
        try
        {
            return tls.Read(buffer, offset, count);
        }
        catch (NoRecordException)
        {
            return WouldBlock; // The record was TLS's own (a session ticket): no bytes of ours.
        }
        catch (IOException)
        {
            return Ended;
        }
    }

    public override int Send(byte[] buffer, int offset, int count)
    {
        if (!records.FlushPending()) return 0;
        tls.Write(buffer, offset, count);
        return count; // The records that did not leave wait in the record stream, in order.
    }

    public override void BeginPolling() => records.BeginPolling();

    public override bool Flush() => records.FlushPending();

    public override void Dispose()
    {
        records.TakeSeen();
        base.Dispose();
        tls.Dispose();
    }
}

/// <summary>There is no whole record: not an end, only a "not yet".</summary>
internal sealed class NoRecordException : IOException
{
    public static NoRecordException Instance { get; } = new();
}

/// <summary>
/// What SslStream reads from and writes to. During the handshake it blocks (with the socket's timeouts), afterwards it hands out one whole record at a
/// time and keeps what the kernel did not take.
/// </summary>
internal sealed class RecordStream(Socket socket, SocketReader reader) : Stream
{
    private const int HeaderBytes = 5;
    private const int PendingBytesMax = 1 << 20;

    private readonly byte[] _incoming = GC.AllocateArray<byte>(1 << 18, pinned: true);
    private byte[] _outgoing = new byte[1 << 14];
    private int _start;
    private int _end;
    private int _given;
    private int _outgoingCount;
    private bool _polled;

    public bool IsEnded { get; private set; }

    /// <summary>Whether the last look into the socket saw all that it had.</summary>
    public bool IsDrained => reader.IsDrained;

    public bool HasRecord => RecordBytes() is > 0 and var bytes && _end - _start >= bytes;

    public void TakeSeen() => reader.TakeSeen();

    /// <summary>From here on reads and writes never block.</summary>
    public void BeginPolling() => _polled = true;

    /// <summary>Takes what the socket holds. True when a whole record is there.</summary>
    public bool Fill()
    {
        MakeRoom();
        int received = reader.Receive(_incoming.AsSpan(_end));
        if (received > 0) _end += received;
        else IsEnded |= received == Transport.Ended;
        return HasRecord;
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        while (!_polled && _given == 0 && !HasRecord)
        {
            MakeRoom();
            int received = socket.Receive(_incoming.AsSpan(_end)); // The handshake may wait; the socket's timeout bounds it.
            if (received == 0) return 0;
            _end += received;
        }
        int record = RecordBytes();
        if (_given == 0 && (record == 0 || _end - _start < record)) throw NoRecordException.Instance;
        if (_given == 0) _given = record; // A record that does not fit the reader's buffer at once is given in parts.
        int count = Give(buffer, _given);
        _given -= count;
        return count;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!_polled)
        {
            while (!buffer.IsEmpty) buffer = buffer[socket.Send(buffer)..];
            return;
        }
        if (_outgoingCount == 0)
        {
            int sent = socket.Send(buffer, SocketFlags.None, out SocketError error);
            if (error == SocketError.Success) buffer = buffer[sent..];
            else if (error is not (SocketError.WouldBlock or SocketError.IOPending or SocketError.TryAgain)) throw new IOException($"Sending failed: {error}.");
            if (buffer.IsEmpty) return;
        }
        if (_outgoingCount + buffer.Length > PendingBytesMax) throw new IOException("The server takes no bytes.");
        if (_outgoingCount + buffer.Length > _outgoing.Length) Array.Resize(ref _outgoing, Math.Max(_outgoing.Length * 2, _outgoingCount + buffer.Length));
        buffer.CopyTo(_outgoing.AsSpan(_outgoingCount));
        _outgoingCount += buffer.Length;
    }

    /// <summary>Sends what waits. True when nothing is left.</summary>
    public bool FlushPending()
    {
        if (_outgoingCount == 0) return true;
        int sent = socket.Send(_outgoing.AsSpan(0, _outgoingCount), SocketFlags.None, out SocketError error);
        if (error is SocketError.WouldBlock or SocketError.IOPending or SocketError.TryAgain) return false;
        if (error != SocketError.Success) throw new IOException($"Sending failed: {error}.");
        _outgoing.AsSpan(sent, _outgoingCount - sent).CopyTo(_outgoing);
        _outgoingCount -= sent;
        return _outgoingCount == 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    public override void Flush() => FlushPending();
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    private void MakeRoom()
    {
        if (_start == _end) _start = _end = 0;
        if (_incoming.Length - _end < (1 << 15))
        {
            _incoming.AsSpan(_start, _end - _start).CopyTo(_incoming);
            _end -= _start;
            _start = 0;
        }
    }

    private int Give(Span<byte> buffer, int atMost)
    {
        int count = Math.Min(buffer.Length, atMost);
        _incoming.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    /// <summary>The length of the record at the start, its header included; 0 while the header is not whole.</summary>
    private int RecordBytes() => _end - _start < HeaderBytes ? 0 : HeaderBytes + ((_incoming[_start + 3] << 8) | _incoming[_start + 4]);
}
