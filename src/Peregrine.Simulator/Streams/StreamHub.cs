using Peregrine.Simulator.Sockets;

namespace Peregrine.Simulator.Streams;

/// <summary>One thing that is published, with those who listen. The list is replaced, never changed, so that publishing needs no copy.</summary>
internal sealed class StreamChannel(string key)
{
    public string Key { get; } = key;
    public Subscription[] Subscriptions { get; set; } = [];
    public bool IsWanted => Subscriptions.Length > 0;
}

/// <summary>A stream name as one session asked for it.</summary>
internal sealed class Subscription(StreamSession session, StreamChannel channel, string name)
{
    public StreamSession Session { get; } = session;
    public StreamChannel Channel { get; } = channel;
    public string Name { get; } = name;

    /// <summary>The envelope up to the payload: {"stream":"btcusdt@trade","data":</summary>
    public byte[] EnvelopeHead { get; } = System.Text.Encoding.UTF8.GetBytes($"{{\"stream\":\"{name}\",\"data\":");
}

/// <summary>One market-data socket and what it listens to.</summary>
internal sealed class StreamSession(WebSocketConnection connection, bool combined)
{
    public WebSocketConnection Connection { get; } = connection;

    /// <summary>Whether payloads come in an envelope that names their stream.</summary>
    public bool Combined { get; set; } = combined;

    /// <summary>In the order in which they were asked for.</summary>
    public List<Subscription> Subscriptions { get; } = [];
}

/// <summary>Who listens to what. Used under the exchange's gate.</summary>
internal sealed class StreamHub(Func<string, string> keyOf)
{
    /// <summary>A real-time subscriber that lets this much wait is cut, as the exchange would.</summary>
    private const long UnsentMax = 64 << 20;

    private readonly Dictionary<string, StreamChannel> _channels = new(StringComparer.Ordinal);

    public HashSet<StreamSession> Sessions { get; } = [];

    /// <summary>Called when a session has subscribed to something.</summary>
    public Action? Subscribed { get; set; }

    /// <summary>The channel under its canonical name, made on first use.</summary>
    public StreamChannel Channel(string key)
    {
        if (!_channels.TryGetValue(key, out StreamChannel? channel)) _channels.Add(key, channel = new StreamChannel(key));
        return channel;
    }

    /// <summary>Names that nobody publishes are accepted in silence, as the exchange does.</summary>
    public void Subscribe(StreamSession session, IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (session.Subscriptions.Exists(s => s.Name == name)) continue;
            StreamChannel channel = Channel(keyOf(name));
            Subscription subscription = new(session, channel, name);
            session.Subscriptions.Add(subscription);
            channel.Subscriptions = [.. channel.Subscriptions, subscription];
        }
        if (session.Subscriptions.Count > 0) Subscribed?.Invoke();
    }

    public void Unsubscribe(StreamSession session, IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            int at = session.Subscriptions.FindIndex(s => s.Name == name);
            if (at < 0) continue;
            Subscription gone = session.Subscriptions[at];
            session.Subscriptions.RemoveAt(at);
            gone.Channel.Subscriptions = Array.FindAll(gone.Channel.Subscriptions, s => s != gone);
        }
    }

    public void Remove(StreamSession session)
    {
        Unsubscribe(session, [.. session.Subscriptions.Select(s => s.Name)]);
        Sessions.Remove(session);
    }

    /// <summary>Hands a payload to all who listen; <see cref="WebSocketConnection.Flush"/> is called when <paramref name="flush"/> says so.</summary>
    public static void Publish(StreamChannel channel, ReadOnlySpan<byte> payload, bool flush = true)
    {
        foreach (Subscription subscription in channel.Subscriptions)
        {
            WebSocketConnection connection = subscription.Session.Connection;
            if (subscription.Session.Combined) connection.AppendText(subscription.EnvelopeHead, payload, "}"u8);
            else connection.AppendText(payload);
            if (!flush) continue;
            connection.Flush();
            if (connection.Unsent > UnsentMax) connection.Abort();
        }
    }
}
