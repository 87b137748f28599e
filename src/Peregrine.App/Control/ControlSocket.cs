using System.Net.Sockets;
using System.Text.Json;

using Peregrine.Kernel;

namespace Peregrine.App.Control;

/// <summary>
/// Takes requests over a Unix socket in the state folder, one connection at a time, one line each way. Who may open the folder's files may ask:
/// the socket is its owner's alone. It hands every request to the appliance and decides nothing itself.
/// </summary>
internal sealed class ControlSocket : IActor, IDisposable
{
    /// <summary>The socket's name in the state folder.</summary>
    public const string Name = "control.sock";

    private const int RequestBytesMax = 4_096;
    private const int PatienceMillis = 1_000;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    private readonly string _path;
    private readonly Func<ControlRequest, ControlAnswer> _serve;
    private readonly Socket _listener;

    /// <param name="folder">The state folder.</param>
    /// <param name="serve">Does what is asked; on this actor's thread.</param>
    public ControlSocket(string folder, Func<ControlRequest, ControlAnswer> serve)
    {
        _path = Path.Combine(folder, Name);
        _serve = serve;
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(_path); // Of a process that was killed: the folder is locked, so nobody else can be listening.
            using (SocketAddressPath address = new(_path)) _listener.Bind(address.EndPoint);
            File.SetUnixFileMode(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            _listener.Listen(4);
        }
        catch
        {
            _listener.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public bool Turn()
    {
        if (!_listener.Poll(LookEvery, SelectMode.SelectRead)) return false;
        using Socket connection = _listener.Accept();
        try
        {
            connection.ReceiveTimeout = connection.SendTimeout = PatienceMillis;
            connection.Send(JsonSerializer.SerializeToUtf8Bytes(Answer(connection), ControlJson.Default.ControlAnswer));
        }
        catch (SocketException)
        {
            // Who asked has gone, or never came to the point: the next one is served.
        }
        return true;
    }

    public void Dispose()
    {
        _listener.Dispose();
        File.Delete(_path);
    }

    private ControlAnswer Answer(Socket connection)
    {
        Span<byte> line = stackalloc byte[RequestBytesMax];
        int length = 0;
        while (length == 0 || line[length - 1] != '\n')
        {
            if (length == line.Length) return new ControlAnswer(false, $"a request has at most {RequestBytesMax} bytes");
            int read = connection.Receive(line[length..]);
            if (read == 0) return new ControlAnswer(false, "a request is one line of JSON");
            length += read;
        }
        try
        {
            return JsonSerializer.Deserialize(line[..length], ControlJson.Default.ControlRequest) is { } request ? _serve(request) : new ControlAnswer(false, "a request is an object");
        }
        catch (JsonException e)
        {
            return new ControlAnswer(false, $"not a request: {e.Message}");
        }
    }
}
