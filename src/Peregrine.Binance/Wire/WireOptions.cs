using System.Net.Security;

namespace Peregrine.Binance.Wire;

/// <summary>What became of a message that was to be sent.</summary>
public enum LineSend : byte
{
    /// <summary>Not a byte left: the line is down, the kernel is full, or the limit on frames is reached for now.</summary>
    NotSent = 0,

    /// <summary>All of it was handed to the kernel.</summary>
    Sent = 1,

    /// <summary>Some of it left, the rest follows as the kernel takes it, or never.</summary>
    Partial = 2,
}

/// <summary>How a line behaves. The defaults are those of Binance's spot market, without a limit on what is sent.</summary>
public sealed record WireOptions
{
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often we ask for a sign of life ourselves; later where other frames take up the limit.</summary>
    public TimeSpan PingEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A ping of ours that is not answered for so long says that the line is half dead: what we send is lost, although data may still come. With
    /// <see cref="PingEvery"/> it makes the time until that is known. A server that has never answered one is judged by its data alone.
    /// </summary>
    public TimeSpan PongWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A line on which not a byte arrives for so long is dead, whatever TCP believes.</summary>
    public TimeSpan SilenceMax { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Frames that may leave in any one second, pings and pongs counted: 5 on Binance's spot streams, 10 on those of USD-M; more, and the exchange cuts the
    /// connection and then bans the address. 0: no limit. Answers to pings come first, texts that would be too many are <see cref="LineSend.NotSent"/>.
    /// </summary>
    public int FramesPerSecond { get; init; }

    /// <summary>Whether a text message must be UTF-8 or the connection ends. Not where the reader of the messages looks at that itself.</summary>
    public bool ChecksUtf8 { get; init; }

    /// <summary>
    /// For a line that is polled without a pause: messages are looked at in the kernel and taken from there once they were handled, so that their acknowledgement
    /// is not in their way. Nothing else changes; a line that is waited for in <see cref="LinePoller"/> would only have more system calls.
    /// </summary>
    public bool LooksFirst { get; init; }

    public TimeSpan BackoffFirst { get; init; } = TimeSpan.FromMilliseconds(250);
    public TimeSpan BackoffCap { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long no connection may be made (a ban of our address); asked before every attempt, on the connecting thread. Null: at any time.</summary>
    public Func<TimeSpan>? StayAway { get; init; }

    /// <summary>Larger messages are passed over and counted.</summary>
    public int MessageBytesMax { get; init; } = 1 << 20;

    /// <summary>Sent with the upgrade (an API key, for streams that want one).</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Replaces the system's judgement of the server's certificate, for a server of one's own.</summary>
    public RemoteCertificateValidationCallback? CertificateCheck { get; init; }
}
