using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution;
using Peregrine.Simulator;
using Peregrine.Simulator.Trading;

namespace Peregrine.App.Appliance;

/// <summary>Paper trading: orders meet the live prices in a fill model instead of going out. The core cannot tell the difference.</summary>
internal sealed class PaperGateway : IOrderGateway
{
    private readonly PaperVenue _venue;
    private readonly TimeProvider _time;
    private IEventWriter _events = null!;
    private long _sent;
    private bool _balancesTold;
    private EventKind _tradeKind;

    public PaperGateway(InstrumentTable instruments, Notional quoteBalance, TimeProvider time)
    {
        _time = time;
        Dictionary<string, Quantity> balances = [];
        foreach (Instrument instrument in instruments.All) balances[instrument.QuoteAsset] = new Quantity(quoteBalance.ToUnits());
        _venue = new PaperVenue(new PaperVenueOptions { Balances = balances }, OnReport, OnBalance, time);
    }

    /// <inheritdoc/>
    public bool IsReady => _events is not null;

    /// <inheritdoc/>
    public GatewayStatus Status => new(IsReady, Volatile.Read(ref _sent), 0, 0, "");

    /// <summary>Gives it the ring, on which reports go.</summary>
    public void Attach(IEventWriter events) => _events = events;

    /// <inheritdoc/>
    public bool Poll()
    {
        if (_balancesTold) return false;
        _balancesTold = true;
        foreach (AssetBalance balance in _venue.Balances.ToArray()) OnBalance(balance);
        return true;
    }

    /// <summary>Hot thread: lets the fill model see what the market did, right after the core.</summary>
    public void OnEvent(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        switch (entry.Kind)
        {
            case EventKind.BookTicker:
                _venue.OnBestPrices(entry.Symbol, entry.Ticker.BidPrice, entry.Ticker.BidQuantity, entry.Ticker.AskPrice, entry.Ticker.AskQuantity);
                break;
            case EventKind.Depth20 when entry.Depth.BidCount > 0 && entry.Depth.AskCount > 0:
                Level bid = Payload.Bids(in entry, payload)[0], ask = Payload.Asks(in entry, payload)[0];
                _venue.OnBestPrices(entry.Symbol, bid.Price, bid.Quantity, ask.Price, ask.Quantity);
                break;
            case EventKind.Trade or EventKind.AggTrade when (entry.Flags & EventFlags.OffMarket) == 0:
                if (_tradeKind == EventKind.None) _tradeKind = entry.Kind;
                if (entry.Kind != _tradeKind) break; // Both tell the same trades.
                _venue.OnTrade(entry.Symbol, entry.Trade.Price, entry.Trade.Quantity, (entry.Flags & EventFlags.BuyerIsMaker) != 0);
                break;
        }
    }

    /// <inheritdoc/>
    public SendResult Place(in OrderIntent intent, Instrument instrument, bool closes = false)
    {
        Volatile.Write(ref _sent, _sent + 1);
        _venue.Place(in intent, instrument);
        return SendResult.Sent;
    }

    /// <inheritdoc/>
    public SendResult PlaceList(in OrderListIntent intent, Instrument instrument)
    {
        Volatile.Write(ref _sent, _sent + 1);
        _venue.PlaceList(in intent, instrument);
        return SendResult.Sent;
    }

    /// <inheritdoc/>
    public SendResult Cancel(in CancelIntent intent, Instrument instrument)
    {
        _venue.Cancel(in intent, instrument);
        return SendResult.Sent;
    }

    /// <inheritdoc/>
    public void Query(ClientOrderId clientId, Instrument instrument) => _venue.Query(clientId, instrument);

    /// <inheritdoc/>
    public bool Reconcile(long round, ReadOnlySpan<long> tradesFrom)
    {
        Phase(round, ReconcilePhase.Begun);
        foreach (AssetBalance balance in _venue.Balances.ToArray()) Tell(balance, ReportSource.Query);
        Phase(round, ReconcilePhase.Done);
        return true;
    }

    public void Dispose()
    {
        // The venue holds nothing but memory.
    }

    private void OnReport(Instrument instrument, in OrderReport report)
    {
        MarketEvent entry = new()
        {
            Kind = EventKind.OrderReport,
            Symbol = instrument.Id,
            ExchangeTimeMicros = report.TransactionTimeMicros,
            ReceiveTimeNanos = _time.GetUnixNanos(),
        };
        OrderReport copy = report;
        _events.Append(in entry, Payload.Of(ref copy));
    }

    private void OnBalance(AssetBalance balance) => Tell(balance, ReportSource.Stream);

    private void Phase(long round, ReconcilePhase phase)
    {
        MarketEvent entry = new()
        {
            Kind = EventKind.Reconcile, ReceiveTimeNanos = _time.GetUnixNanos(), Plain = new PlainFields { A = round, B = (long)phase, C = _venue.OpenOrders },
        };
        _events.Append(in entry, default);
    }

    private void Tell(AssetBalance balance, ReportSource source)
    {
        BalanceUpdate update = new() { Asset = AssetCode.Create(balance.Asset), FreeUnits = balance.Free, LockedUnits = balance.Locked };
        MarketEvent entry = new() { Kind = EventKind.Balance, ReceiveTimeNanos = _time.GetUnixNanos(), Plain = new PlainFields { A = (long)source } };
        _events.Append(in entry, Payload.Of(ref update));
    }
}
