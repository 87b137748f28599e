using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Sockets;

namespace Peregrine.Simulator.Streams;

/// <summary>One thing that is published, with those who listen. The list is replaced, never changed, so that publishing needs no copy.</summary>
internal sealed class StreamChannel(string key, StreamHub hub)
{
    /// <summary>The hub that it belongs to.</summary>
    public StreamHub Hub { get; } = hub;

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

    /// <summary>What faults do to its frames, in the order in which they were applied; nearly always nothing.</summary>
    public FrameFilter[] Filters { get; set; } = [];

    /// <summary>Hands a payload to the filters from the given one on, and what they let through to the connection.</summary>
    public void Deliver(ReadOnlySpan<byte> payload, int filter = 0)
    {
        WebSocketConnection connection = Session.Connection;
        if (filter < Filters.Length) Filters[filter].OnFrame(payload, new Onward(this, filter + 1));
        else if (Session.IsBinary) connection.AppendBinary(payload);
        else if (Session.Combined) connection.AppendText(EnvelopeHead, payload, "}"u8);
        else connection.AppendText(payload);
    }
}

/// <summary>Hears what happens in a <see cref="StreamHub"/>.</summary>
internal interface IStreamWatcher
{
    void OnOpened(StreamSession session);
    void OnSubscribed(Subscription subscription);

    /// <summary>Whether a name is acknowledged and then forgotten.</summary>
    bool Ignores(StreamSession session, string name);
}

/// <summary>Who listens to what. Used under the exchange's gate.</summary>
internal sealed class StreamHub(Func<StreamSession, string, string> keyOf)
{
    /// <summary>A real-time subscriber that lets this much wait is cut, as the exchange would.</summary>
    private const long UnsentMax = 64 << 20;

    private readonly Dictionary<string, StreamChannel> _channels = new(StringComparer.Ordinal);

    /// <summary>The open ones, those longest open first.</summary>
    public List<StreamSession> Sessions { get; } = [];

    /// <summary>Called when a session has subscribed to something.</summary>
    public Action? Subscribed { get; set; }

    /// <summary>Hears of sessions and subscriptions, and may ignore some.</summary>
    public IStreamWatcher? Watcher { get; set; }

    public void Add(StreamSession session)
    {
        Sessions.Add(session);
        Watcher?.OnOpened(session);
    }

    /// <summary>The channel under its canonical name, made on first use.</summary>
    public StreamChannel Channel(string key)
    {
        if (!_channels.TryGetValue(key, out StreamChannel? channel)) _channels.Add(key, channel = new StreamChannel(key, this));
        return channel;
    }

    /// <summary>Names that nobody publishes are accepted in silence, as the exchange does.</summary>
    public void Subscribe(StreamSession session, IEnumerable<string> names)
    {
        foreach (string name in names)
        {
            if (session.Subscriptions.Exists(s => s.Name == name) || Watcher?.Ignores(session, name) == true) continue;
            StreamChannel channel = Channel(keyOf(session, name));
            Subscription subscription = new(session, channel, name);
            session.Subscriptions.Add(subscription);
            channel.Subscriptions = [.. channel.Subscriptions, subscription];
            Watcher?.OnSubscribed(subscription);
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

    /// <summary>While set, frames only pile up: <see cref="FlushAll"/> sends them off, one write for many.</summary>
    public bool IsBatching { get; set; }

    /// <summary>Hands a payload to all who listen, and sends it off unless the hub is batching.</summary>
    public static void Publish(StreamChannel channel, ReadOnlySpan<byte> payload)
    {
        foreach (Subscription subscription in channel.Subscriptions)
        {
            subscription.Deliver(payload);
            if (!channel.Hub.IsBatching) subscription.Session.Connection.Flush();
        }
    }

    /// <summary>Sends off what has piled up, and cuts whoever does not take it.</summary>
    /// <param name="cutsTheSlow">Whether a subscriber is cut that lets too much wait.</param>
    public void FlushAll(bool cutsTheSlow)
    {
        foreach (StreamSession session in Sessions)
        {
            session.Connection.Flush();
            if (cutsTheSlow && session.Connection.Unsent > UnsentMax) session.Connection.Abort();
        }
    }
}
