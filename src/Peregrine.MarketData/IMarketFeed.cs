using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.MarketData;

/// <summary>
/// Market data of a set of symbols, decoded straight into the ring by the thread that polls it (the hot thread). Everything that must wait or
/// allocate (connecting, REST) happens elsewhere and reaches the ring through the next <see cref="Poll"/>.
/// </summary>
public interface IMarketFeed : IDisposable
{
    /// <summary>Reads what the sockets hold and publishes it, up to a bounded number of frames. True when there was anything. Never blocks, never allocates.</summary>
    bool Poll();

    /// <summary>Asks for a depth snapshot of the symbol; it arrives as a DepthSnapshot event. Repeated and too frequent requests are merged.</summary>
    void RequestSnapshot(SymbolId symbol);

    /// <summary>Asks for the symbol's rules and state; they arrive as a Rules event. Repeated and too frequent requests are merged.</summary>
    void RequestRules(SymbolId symbol);

    /// <summary>A stream of the symbol brings nothing new although its connection lives: another connection is made, and takes over. Paced; repeated requests are merged.</summary>
    void Renew(SymbolId symbol, EventKind kind);

    /// <summary><see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> of the last socket read, for latencies.</summary>
    long LastReadTicks { get; }

    /// <summary>The same clock when the last message was decoded.</summary>
    long LastDecodedTicks { get; }

    /// <summary>Counters for screens and results; read from any thread.</summary>
    FeedStatus Status { get; }
}

/// <summary>What a feed has seen. Counts only grow.</summary>
/// <param name="ConnectedLines">Connections that are up now.</param>
/// <param name="Lines">Connections that should be up.</param>
/// <param name="Frames">Messages received.</param>
/// <param name="Refused">Messages set aside because they were not what they should be: malformed, oversized, a number without an exact value.</param>
/// <param name="Unknown">Messages of a kind or symbol that nobody asked for.</param>
/// <param name="Reconnects">Connections that were made anew after they were lost.</param>
/// <param name="Renewed">Connections that were replaced by another one while they lived.</param>
/// <param name="Duplicates">Events that another connection had brought before.</param>
/// <param name="LastError">Why the last connection ended or message was refused, for people.</param>
public readonly record struct FeedStatus(int ConnectedLines, int Lines, long Frames, long Refused, long Unknown, long Reconnects, long Renewed, long Duplicates, string LastError);
