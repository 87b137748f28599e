using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Peregrine.Kernel;

/// <summary>
/// Tells the service manager how we are, by its datagram protocol (sd_notify(3)); without a service manager it does nothing. It never throws
/// and never blocks: a notification that cannot be delivered is counted.
/// </summary>
public sealed class SystemdNotifier : IDisposable
{
    private static readonly byte[] WatchdogMessage = "WATCHDOG=1"u8.ToArray();

    private readonly Lock _gate = new();
    private readonly Socket? _socket;
    private readonly SocketAddress? _manager;
    private long _undelivered;

    /// <param name="notifySocket">A path, or with a leading @ a name in the abstract namespace; null or empty for no service manager.</param>
    /// <param name="watchdogEvery">How often the watchdog wants to hear from us; null for no watchdog.</param>
    public SystemdNotifier(string? notifySocket, TimeSpan? watchdogEvery)
    {
        if (string.IsNullOrEmpty(notifySocket)) return;
        try
        {
            // The abstract namespace is written with @ and means a leading zero byte.
            string path = notifySocket[0] == '@' ? "\0" + notifySocket[1..] : notifySocket;
            _socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
            _manager = new UnixDomainSocketEndPoint(path).Serialize();
            WatchdogEvery = watchdogEvery;
        }
        catch (Exception failure) when (failure is SocketException or ArgumentException or PlatformNotSupportedException)
        {
            _socket?.Dispose();
            _socket = null;
            _undelivered++;
        }
    }

    /// <summary>From NOTIFY_SOCKET and WATCHDOG_USEC, as the service manager sets them; half the watchdog's patience is the interval it recommends.</summary>
    public static SystemdNotifier FromEnvironment()
    {
        bool isForUs = Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { Length: > 0 } pid
            || pid == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        bool isOn = long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out long micros) && micros > 0;
        return new SystemdNotifier(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), isOn && isForUs ? TimeSpan.FromMicroseconds(micros / 2) : null);
    }

    /// <summary>Null without a watchdog.</summary>
    public TimeSpan? WatchdogEvery { get; }

    public bool IsActive => _socket is not null;

    /// <summary>Notifications that could not be delivered.</summary>
    public long Undelivered => Volatile.Read(ref _undelivered);

    /// <summary>The start is complete.</summary>
    public void Ready() => Send("READY=1"u8);

    /// <summary>The end has begun.</summary>
    public void Stopping() => Send("STOPPING=1"u8);

    /// <summary>All is well; allocates nothing.</summary>
    public void Watchdog() => Send(WatchdogMessage);

    /// <summary>One line for the person who asks the service manager.</summary>
    public void Status(string text) => Send(Encoding.UTF8.GetBytes("STATUS=" + text.ReplaceLineEndings(" ")));

    public void Dispose() => _socket?.Dispose();

    private void Send(ReadOnlySpan<byte> message)
    {
        if (_socket is null) return;
        try
        {
            lock (_gate) _socket.SendTo(message, SocketFlags.None, _manager!); // Not connected: the manager may be restarted.
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            Interlocked.Increment(ref _undelivered);
        }
    }
}
