using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;

namespace Peregrine.Binance.Orders;

/// <summary>Turns what was learned into events of the ring. One thread; allocates nothing.</summary>
internal sealed class ReportPublisher(IEventWriter events, IOrderLine line, TimeProvider time)
{
    private long _refused;

    /// <summary>Refusals and messages that could not be read. Any thread.</summary>
    public long Refused => Volatile.Read(ref _refused);

    public void CountRefusal() => Volatile.Write(ref _refused, _refused + 1);

    public void Report(in OrderReport report, SymbolId symbol, long eventTimeMicros)
    {
        MarketEvent entry = default;
        entry.Kind = EventKind.OrderReport;
        entry.Symbol = symbol;
        entry.ExchangeTimeMicros = eventTimeMicros;
        entry.TransactionLagMicros = report.TransactionTimeMicros == 0 ? 0 : (int)Math.Clamp(eventTimeMicros - report.TransactionTimeMicros, int.MinValue, int.MaxValue);
        entry.ReceiveTimeNanos = report.Source == ReportSource.Local ? time.GetUnixNanos() : ReadNanos;
        _ = events.Append(in entry, Payload.Of(in report));
    }

    public void Refusal(in InFlightRequest request, ReportType type, OrderStatus status, int code)
    {
        CountRefusal();
        OrderReport report = About(in request, ReportSource.Reply);
        report.Report = type;
        report.Status = status;
        report.ErrorCode = code;
        Report(in report, request.Symbol, 0);
    }

    public void Unknown(in InFlightRequest request, int code, ReportSource source)
    {
        OrderReport report = About(in request, source);
        report.Report = ReportType.Unknown;
        report.Status = OrderStatus.Unknown;
        report.ErrorCode = code;
        Report(in report, request.Symbol, 0);
    }

    public void Balance(in BalanceUpdate balance, ReportSource source, long deltaUnits, long eventTimeMicros)
    {
        MarketEvent entry = default;
        entry.Kind = EventKind.Balance;
        entry.ExchangeTimeMicros = eventTimeMicros;
        entry.ReceiveTimeNanos = ReadNanos;
        entry.Plain = new PlainFields { A = (long)source, B = deltaUnits };
        _ = events.Append(in entry, Payload.Of(in balance));
    }

    public void Round(long round, ReconcilePhase phase, long openOrders)
    {
        MarketEvent entry = default;
        entry.Kind = EventKind.Reconcile;
        entry.ReceiveTimeNanos = time.GetUnixNanos();
        entry.Plain = new PlainFields { A = round, B = (long)phase, C = openOrders };
        _ = events.Append(in entry, default);
    }

    private long ReadNanos => line.LastReadUnixNanos is > 0 and long nanos ? nanos : time.GetUnixNanos();

    private static OrderReport About(in InFlightRequest request, ReportSource source) => new()
    {
        ClientId = request.ClientId,
        ExchangeOrderId = request.ExchangeOrderId,
        TradeId = -1,
        Price = request.Price,
        Quantity = request.Quantity,
        Side = request.Side,
        Type = request.Type,
        TimeInForce = request.TimeInForce,
        Source = source,
    };
}
