using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Peregrine.Simulator.Sockets;

/// <summary>
/// Stands between the web server and one TCP socket. What leaves goes through its own sends, so that it can be cut into segments of any size, and the
/// socket can be reset.
/// </summary>
internal sealed class TransportControl : IDuplexPipe
{
    /// <summary>How long the last bytes of a connection may take.</summary>
    private static readonly TimeSpan LastBytesTimeout = TimeSpan.FromSeconds(3);

    private readonly Socket _socket;
    private readonly IDuplexPipe _original;
    private readonly Pipe _output = new(new PipeOptions(pauseWriterThreshold: 1 << 20, resumeWriterThreshold: 1 << 19, useSynchronizationContext: false));
    private volatile int _sliceBytes;

    private TransportControl(Socket socket, IDuplexPipe original) => (_socket, _original) = (socket, original);

    public PipeReader Input => _original.Input;
    public PipeWriter Output => _output.Writer;

    /// <summary>Everything leaves in segments of so many bytes; 0 for as it comes.</summary>
    public int SliceBytes
    {
        get => _sliceBytes;
        set => _sliceBytes = value;
    }

    /// <summary>Ends the connection with a TCP reset.</summary>
    public void Reset()
    {
        try
        {
            _socket.LingerState = new LingerOption(true, 0);
            _socket.Close();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }
    }

    /// <summary>The middleware of a listener: every connection gets a control, found among its features.</summary>
    public static ConnectionDelegate Middleware(ConnectionDelegate next, TimeProvider time) => async connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>() is not { } feature)
        {
            await next(connection);
            return;
        }
        IDuplexPipe original = connection.Transport;
        TransportControl control = new(feature.Socket, original);
        connection.Transport = control;
        connection.Features.Set(control);
        Task pump = control.PumpAsync();
        try
        {
            await next(connection);
        }
        finally
        {
            await control.Output.CompleteAsync();
            try
            {
                await pump.WaitAsync(LastBytesTimeout, time);
            }
            catch (TimeoutException)
            {
                control.Reset(); // It does not read.
                await pump;
            }
            connection.Transport = original;
        }
    };

    private async Task PumpAsync()
    {
        try
        {
            while (true)
            {
                ReadResult read = await _output.Reader.ReadAsync();
                foreach (ReadOnlyMemory<byte> segment in read.Buffer) await SendAsync(segment);
                _output.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }
            await _output.Reader.CompleteAsync();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            await _output.Reader.CompleteAsync(new IOException("The connection is gone.", e));
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int slice = _sliceBytes;
            int sent = await _socket.SendAsync(slice > 0 && slice < bytes.Length ? bytes[..slice] : bytes, SocketFlags.None);
            bytes = bytes[sent..];
            if (slice > 0) await Task.Yield(); // Gives the kernel the time to send it as a segment of its own.
        }
    }
}
