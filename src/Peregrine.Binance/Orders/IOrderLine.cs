using Peregrine.Binance.Wire;

namespace Peregrine.Binance.Orders;

/// <summary>
/// What an order session talks over: text messages in order, over connections that come and go by themselves. A <see cref="WireLine"/> is one; a simulation
/// has one in memory. For one thread.
/// </summary>
public interface IOrderLine
{
    /// <summary>Whether messages can be sent and received, as the polling thread knows it. It changes only within the other calls.</summary>
    bool IsUp { get; }

    /// <summary>The next message, valid until the next call. False: there is none now, or the line is down. A lost connection is asked for again on the way.</summary>
    bool TryReceive(out ReadOnlySpan<byte> message);

    LineSend TrySend(ReadOnlySpan<byte> text);

    /// <summary>Gives the connection up and asks for another.</summary>
    void Abort(string reason);

    /// <summary>Connections that were made so far. From any thread.</summary>
    long Connects { get; }

    /// <summary>Why the last connection ended or could not be made. From any thread.</summary>
    string LastError { get; }

    /// <summary>Our clock when the last message was read, nanoseconds since 1970; 0 where the line keeps none and the session's own clock counts.</summary>
    long LastReadUnixNanos => 0;
}
