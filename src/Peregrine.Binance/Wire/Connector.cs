using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

#pragma warning disable CA2000 // The socket owns all of it, and whoever ends up with the transport disposes of the socket.

namespace Peregrine.Binance.Wire;

/// <summary>Makes one WebSocket connection from name to first frame, with plain blocking calls on a thread that may wait, all under one deadline.</summary>
internal static class Connector
{
    private const int HeadBytesMax = 16 * 1024;
    private const int TlsRecordBytesMax = 16 * 1024;

    // RFC 6455, section 1.3.
    private const string AcceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <param name="dialled">Is told the socket while the rest is still to be done: whoever closes it ends the attempt.</param>
    /// <exception cref="IOException">It did not work; the message says at which step.</exception>
    public static Transport Connect(Uri address, WireOptions options, Action<Socket> dialled)
    {
        long began = Stopwatch.GetTimestamp();
        TimeSpan timeout = options.ConnectTimeout;
        bool secure = address.Scheme is "wss" or "https";
        Socket socket = Dial(address, began, timeout);
        try
        {
            dialled(socket);
            int millis = Remaining(began, timeout);
            socket.ReceiveTimeout = millis;
            socket.SendTimeout = millis;
            var reader = new SocketReader(socket, options.LooksFirst);
            Transport transport = secure ? Secure(socket, reader, address, options.CertificateCheck, out Stream stream) : Plain(socket, reader, out stream);
            transport.Early = Upgrade(stream, address, options.Headers, began, timeout);
            socket.Blocking = false;
            transport.BeginPolling();
            return transport;
        }
        catch (Exception error)
        {
            socket.Dispose();
            if (error is SocketException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
                throw new IOException($"{address.Host}:{address.Port}: {error.Message}", error);
            throw;
        }
    }

    /// <summary>Tries the host's addresses in turn; each gets an equal part of the time, so that a dead one does not use up all of it.</summary>
    private static Socket Dial(Uri address, long began, TimeSpan timeout)
    {
        IPAddress[] hosts;
        try
        {
            hosts = IPAddress.TryParse(address.DnsSafeHost, out IPAddress? literal) ? [literal] : Dns.GetHostAddresses(address.DnsSafeHost);
        }
        catch (SocketException error)
        {
            throw new IOException($"{address.Host} has no address: {error.SocketErrorCode}.", error);
        }
        string last = "no address";
        for (int i = 0; i < hosts.Length; i++)
        {
            var socket = new Socket(hosts[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 1 << 20 };
            try
            {
                return Dial(socket, new IPEndPoint(hosts[i], address.Port), Math.Max(1, Remaining(began, timeout) / (hosts.Length - i)));
            }
            catch (SocketException error)
            {
                last = error.SocketErrorCode.ToString();
                socket.Dispose();
            }
        }
        throw new IOException($"{address.Host}:{address.Port} does not answer: {last}.");
    }

    /// <summary>
    /// Connects with a time limit, without .NET ever hearing that the socket does not block: it would put the socket into its event loop for good, and a
    /// thread of the runtime would wake for every message that we read ourselves.
    /// </summary>
    private static unsafe Socket Dial(Socket socket, IPEndPoint host, int millis)
    {
        int descriptor = (int)socket.SafeHandle.DangerousGetHandle();
        SocketAddress name = host.Serialize();
        int flags = Libc.Fcntl(descriptor, Libc.GetFlags, 0);
        _ = Libc.Fcntl(descriptor, Libc.SetFlags, flags | Libc.NonBlocking);
        int failed;
        fixed (byte* bytes = name.Buffer.Span) failed = Libc.Connect(descriptor, bytes, (uint)name.Size) == 0 ? 0 : System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
        if (failed is not (0 or Libc.InProgress)) throw new SocketException((int)SocketError.ConnectionRefused);
        Libc.PollEntry entry = new() { Descriptor = descriptor, Events = Libc.PollOut };
        if (failed != 0 && Libc.Poll(&entry, 1, millis) <= 0) throw new SocketException((int)SocketError.TimedOut);
        if ((int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)! != 0) throw new SocketException((int)SocketError.ConnectionRefused);
        _ = Libc.Fcntl(descriptor, Libc.SetFlags, flags);
        Socket connected = new(socket.SafeHandle); // One that knows that it is connected.
#pragma warning disable CA1816 // The descriptor has a new owner, and the old one must not close it from the finalizer.
        GC.SuppressFinalize(socket);
#pragma warning restore CA1816
        return connected;
    }

    private static PlainTransport Plain(Socket socket, SocketReader reader, out Stream stream)
    {
        stream = new NetworkStream(socket, ownsSocket: false);
        return new PlainTransport(reader) { Socket = socket };
    }

    private static TlsTransport Secure(Socket socket, SocketReader reader, Uri address, RemoteCertificateValidationCallback? certificateCheck, out Stream stream)
    {
        var records = new RecordStream(socket, reader);
        var tls = new SslStream(records, leaveInnerStreamOpen: false);
        tls.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = address.Host,
            RemoteCertificateValidationCallback = certificateCheck,
        });
        stream = tls;
        return new TlsTransport(tls, records) { Socket = socket };
    }

    /// <summary>The HTTP upgrade; returns the bytes that came behind the answer's head.</summary>
    private static byte[] Upgrade(Stream stream, Uri address, IReadOnlyList<KeyValuePair<string, string>> headers, long began, TimeSpan timeout)
    {
        string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        var request = new StringBuilder()
            .Append("GET ").Append(address.PathAndQuery).Append(" HTTP/1.1\r\nHost: ").Append(address.Authority)
            .Append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ").Append(key).Append("\r\n");
        foreach ((string name, string value) in headers) request.Append(name).Append(": ").Append(value).Append("\r\n");
        byte[] bytes = Encoding.ASCII.GetBytes(request.Append("\r\n").ToString());
        stream.Write(bytes, 0, bytes.Length);

        byte[] answer = new byte[HeadBytesMax + TlsRecordBytesMax]; // A record is always taken whole: what TLS kept for itself would wait for the next.
        int have = 0;
        while (true)
        {
            if (have >= HeadBytesMax) throw new IOException($"{address.Host} answered the upgrade with an endless head.");
            if (Remaining(began, timeout) <= 1) throw new IOException($"{address.Host} did not finish its answer to the upgrade in time.");
            int received = stream.Read(answer, have, answer.Length - have);
            if (received == 0) throw new IOException($"{address.Host} closed the connection instead of answering the upgrade.");
            int from = Math.Max(0, have - 3);
            have += received;
            int end = from + answer.AsSpan(from, have - from).IndexOf("\r\n\r\n"u8);
            if (end < from) continue;
            CheckAnswer(Encoding.ASCII.GetString(answer, 0, end), key, address);
            return answer[(end + 4)..have];
        }
    }

    private static void CheckAnswer(string head, string key, Uri address)
    {
        string[] lines = head.Split("\r\n");
        if (!lines[0].StartsWith("HTTP/1.1 101", StringComparison.Ordinal)) throw new IOException($"{address.Host} refused the upgrade: {lines[0]}");
#pragma warning disable CA5350 // SHA-1 is what the protocol says; nothing is protected by it.
        string expected = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + AcceptGuid)));
#pragma warning restore CA5350
        bool accepted = false;
        foreach (string line in lines.AsSpan(1))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0) continue;
            if (line.AsSpan(0, colon).Equals("Sec-WebSocket-Accept", StringComparison.OrdinalIgnoreCase)) accepted = line.AsSpan(colon + 1).Trim().SequenceEqual(expected);
            else if (line.AsSpan(0, colon).Equals("Sec-WebSocket-Extensions", StringComparison.OrdinalIgnoreCase)) throw new IOException($"{address.Host} wants an extension that nobody asked for: {line}");
        }
        if (!accepted) throw new IOException($"{address.Host} answered the upgrade without the right Sec-WebSocket-Accept.");
    }

    private static int Remaining(long began, TimeSpan timeout) => Math.Max(1, (int)(timeout - Stopwatch.GetElapsedTime(began)).TotalMilliseconds);
}
