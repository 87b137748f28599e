using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Execution;

/// <summary>What the gateway did with an order. Zero means nothing left.</summary>
public enum SendResult : byte
{
    None = 0,

    /// <summary>All bytes were handed to the kernel; the answer comes as an OrderReport event.</summary>
    Sent = 1,

    /// <summary>Not a single byte left (not connected, not logged on, rate budget used up): the order does not exist.</summary>
    NotSent = 2,

    /// <summary>Some bytes may have left: the order's state is unknown.</summary>
    Unknown = 3,
}

/// <summary>
/// Where orders go: the exchange, the simulated fills of paper trading, or a test. Polled and called by the hot thread only; neither blocks nor allocates.
/// Every answer becomes an OrderReport or Balance event in the ring.
/// </summary>
public interface IOrderGateway : IDisposable
{
    /// <summary>True when orders can be sent and their reports will be heard (connected, subscribed to the user stream).</summary>
    bool IsReady { get; }

    /// <summary>Takes in replies and account events and publishes them. True when there was anything.</summary>
    bool Poll();

    /// <summary>Sends an order.</summary>
    /// <param name="closes">It only brings the position nearer to zero: it may go further into the exchange's limits than one that opens.</param>
    SendResult Place(in OrderIntent intent, Instrument instrument, bool closes = false);

    SendResult Cancel(in CancelIntent intent, Instrument instrument);

    /// <summary>Asks for the order's state; the answer comes as an OrderReport of type Status (or Unknown).</summary>
    void Query(ClientOrderId clientId, Instrument instrument);

    /// <summary>Places an OCO, OTO or OTOCO as one request: all of its orders come into being, or none.</summary>
    SendResult PlaceList(in OrderListIntent intent, Instrument instrument) => SendResult.NotSent;

    /// <summary>
    /// Asks for all open orders of the run's symbols, the account's balances and the trades since those given, and publishes what it learns: a
    /// <see cref="Common.Events.EventKind.Reconcile"/> event that begins the round, OrderReports whose source is <see cref="ReportSource.Query"/> (Status for an
    /// order that is open; Trade for a trade, which has the exchange's order id but no client id), Balance events with that source for every asset of the
    /// account, and the Reconcile event that ends it (Done, or Failed). False when it could not begin: nothing is published then.
    /// </summary>
    /// <param name="round">The round's number, for its events.</param>
    /// <param name="tradesFrom">The first trade id wanted, by symbol id minus one; negative where none is known: then only the newest trade is asked for.</param>
    bool Reconcile(long round, ReadOnlySpan<long> tradesFrom) => false;

    /// <summary>How the exchange's clock differs from ours.</summary>
    ClockReading Clock => ClockReading.Same;

    /// <summary><see cref="System.Diagnostics.Stopwatch.GetTimestamp"/> of when the last order's bytes were ready to be sent; 0 where none are made.</summary>
    long LastEncodedTicks => 0;

    /// <summary>Counters for screens and results; read from any thread.</summary>
    GatewayStatus Status { get; }
}

/// <summary>How the exchange's clock differs from ours, microseconds.</summary>
/// <param name="OffsetMicros">Exchange minus ours.</param>
/// <param name="UncertaintyMicros">How wrong that may be: half the round trip it was measured with, and what has drifted since; negative while it was never measured.</param>
public readonly record struct ClockReading(long OffsetMicros, long UncertaintyMicros)
{
    /// <summary>There is only one clock (paper trading, a test).</summary>
    public static ClockReading Same => default;
}

/// <summary>What a gateway has done. Counts only grow.</summary>
public readonly record struct GatewayStatus(bool Ready, long Sent, long Refused, long Reconnects, string LastError);
