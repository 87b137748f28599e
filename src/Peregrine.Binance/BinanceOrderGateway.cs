using Peregrine.Binance.Orders;
using Peregrine.Binance.Rest;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution;

namespace Peregrine.Binance;

/// <summary>Spot orders for life: an <see cref="OrderSession"/> over a real line, with the exchange's clock kept beside it.</summary>
public sealed class BinanceOrderGateway : IOrderGateway
{
    private readonly WireLine _line;
    private readonly ClockKeeper _keeper;
    private readonly OrderSession _session;

    /// <param name="events">Takes the reports: the ring.</param>
    /// <param name="ordersPer10Seconds">From exchangeInfo.</param>
    /// <param name="log">Takes lines for people; from several threads. No secret ever goes there.</param>
    public BinanceOrderGateway(
        BinanceEndpoints endpoints, ApiKey key, InstrumentTable instruments, IEventWriter events, TimeProvider time, Random random, Action<string> log,
        int ordersPer10Seconds = 50, WireOptions? options = null)
        : this(endpoints, key, instruments, events, new RateLimits(OrdersPer10Seconds: ordersPer10Seconds), new ExchangeDeadlines(time), time, random, log, options)
    {
    }

    /// <param name="events">Takes the reports: the ring.</param>
    /// <param name="limits">From exchangeInfo.</param>
    /// <param name="deadlines">Until when the exchange wants us away; kept over a restart where they have a store. Nothing is sent, and no connection made, before.</param>
    /// <param name="log">Takes lines for people; from several threads. No secret ever goes there.</param>
    public BinanceOrderGateway(
        BinanceEndpoints endpoints, ApiKey key, InstrumentTable instruments, IEventWriter events, RateLimits limits, ExchangeDeadlines deadlines, TimeProvider time,
        Random random, Action<string> log, WireOptions? options = null)
    {
        ExchangeClock = new ServerClock(time);
        _line = new WireLine("orders", endpoints.WebSocketApi, (options ?? new WireOptions()) with { StayAway = () => deadlines.Away }, time, random, log);
        _session = new OrderSession(_line, key, instruments, events, ExchangeClock, limits, deadlines, time, log);
        _keeper = new ClockKeeper(endpoints, Market.Spot, ExchangeClock, deadlines, time, log);
        _line.Start();
    }

    /// <summary>All that a session can do beyond the port.</summary>
    public OrderSession Session => _session;

    /// <summary>The exchange's clock, as far as it is known.</summary>
    public ServerClock ExchangeClock { get; }

    /// <summary>For a <see cref="LinePoller"/> that waits on it.</summary>
    public WireLine Line => _line;

    /// <inheritdoc/>
    public bool IsReady => _session.IsReady;

    /// <inheritdoc/>
    public GatewayStatus Status => _session.Status;

    /// <inheritdoc/>
    public ClockReading Clock => _session.Clock;

    /// <inheritdoc/>
    public long LastEncodedTicks => _session.LastEncodedTicks;

    /// <inheritdoc/>
    public bool Poll() => _session.Poll();

    /// <inheritdoc/>
    public SendResult Place(in OrderIntent intent, Instrument instrument, bool closes = false) => _session.Place(in intent, instrument, closes);

    /// <inheritdoc/>
    public SendResult PlaceList(in OrderListIntent intent, Instrument instrument) => _session.PlaceList(in intent, instrument);

    /// <inheritdoc/>
    public SendResult Cancel(in CancelIntent intent, Instrument instrument) => _session.Cancel(in intent, instrument);

    /// <inheritdoc/>
    public void Query(ClientOrderId clientId, Instrument instrument) => _session.Query(clientId, instrument);

    /// <inheritdoc/>
    public bool Reconcile(long round, ReadOnlySpan<long> tradesFrom) => _session.Reconcile(round, tradesFrom);

    public void Dispose()
    {
        _line.Dispose();
        _keeper.Dispose();
        _session.Dispose();
    }
}
