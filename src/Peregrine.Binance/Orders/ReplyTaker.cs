using Peregrine.Binance.Rest;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution;

namespace Peregrine.Binance.Orders;

/// <summary>Turns the answers about orders into reports, by what was asked; an answer that is missing or doubtful makes an order's fate unknown.</summary>
internal sealed class ReplyTaker(RequestDesk desk, RowReader reader, ReportPublisher publisher, Action<string> log) : IRowSink
{
    /// <summary>What an order has at most in one answer; more are asked for by the round.</summary>
    private const int TradesMax = 1_000;

    private InFlightRequest _asked;
    private uint _legsSeen;

    /// <summary>Who waits for an answer as it is.</summary>
    public RawAnswer? Raw { get; set; }

    public void Take(in InFlightRequest request, in Answer answer, Verdict verdict, ReadOnlySpan<byte> body)
    {
        _asked = request;
        switch (request.Kind)
        {
            case RequestKind.Place:
                if (verdict == Verdict.Accepted) desk.Budget.GiveBack(Weights.Place, 0); // A placement that succeeds costs no weight.
                TakeOrder(in request, in answer, verdict, body, ReportType.Rejected, OrderStatus.Rejected);
                break;
            case RequestKind.Cancel:
                TakeCancel(in request, in answer, verdict, body);
                break;
            case RequestKind.Amend:
                TakeOrder(in request, in answer, verdict, body, ReportType.CancelRejected, OrderStatus.None);
                break;
            case RequestKind.Query:
                TakeQuery(in request, in answer, verdict, body);
                break;
            case RequestKind.Test:
                TakeTest(in request, in answer, verdict);
                break;
            case RequestKind.Replace:
                TakeReplace(in request, in answer, verdict, body);
                break;
            case RequestKind.PlaceList:
                TakeList(in request, in answer, verdict, body);
                break;
            case RequestKind.CancelList:
                if (verdict != Verdict.Accepted || !reader.TryReadOrderOrList(body, this, out _)) log($"orders: an order list was not canceled ({answer.Code}); its orders are as they were");
                break;
            case RequestKind.Trades:
                if (verdict != Verdict.Accepted || !reader.TryReadTrades(body, this, out _, out _))
                    log($"orders: the fills of an order could not be read ({answer.Code}); what they cost is not in the ledger");
                break;
            case RequestKind.Raw:
                TakeRaw(verdict, body);
                break;
            default:
                break;
        }
    }

    /// <summary>No answer came, and none will: the line is gone, or it took too long.</summary>
    public void GiveUp(in InFlightRequest request)
    {
        switch (request.Kind)
        {
            case RequestKind.Place or RequestKind.Cancel or RequestKind.Query or RequestKind.Amend:
                publisher.Unknown(in request, 0, ReportSource.Local);
                break;
            case RequestKind.Replace:
                publisher.Unknown(in request, 0, ReportSource.Local);
                publisher.Unknown(Cancelled(in request), 0, ReportSource.Local);
                break;
            case RequestKind.PlaceList:
                Legs(in request, 0, null, 0, ReportSource.Local);
                break;
            case RequestKind.Raw:
                TakeRaw(Verdict.Unknown, default);
                break;
            default:
                break;
        }
    }

    /// <summary>A question that may be asked again: it changes nothing at the exchange.</summary>
    public void Retry(in InFlightRequest request)
    {
        if (request.Kind == RequestKind.Trades) AskTrades(in request, request.ExchangeOrderId);
        else TakeRaw(Verdict.Unknown, default);
    }

    void IRowSink.OnOrder(ref OrderRow row)
    {
        if (row.Symbol.IsNone) return;
        if (_asked.Kind == RequestKind.PlaceList)
        {
            ref readonly OrderListIntent list = ref desk.InFlight.List(_asked.Id);
            if (row.Order.ClientId == list.Working.ClientId) _legsSeen |= 1;
            else if (row.Order.ClientId == list.Above.ClientId) _legsSeen |= 2;
            else if (row.Order.ClientId == list.Below.ClientId) _legsSeen |= 4;
        }
        row.Order.Source = ReportSource.Reply;
        row.Order.Report = OrderText.Report(row.Order.Status);
        publisher.Report(in row.Order, row.Symbol, row.Order.TransactionTimeMicros);
    }

    /// <summary>A fill as a report that carries no sum: the quantity is booked by the order's own state, the commission by the trade's id.</summary>
    void IRowSink.OnTrade(ref OrderRow row)
    {
        row.Order.ClientId = _asked.ClientId;
        row.Order.Report = ReportType.Trade;
        row.Order.Source = ReportSource.Query;
        publisher.Report(in row.Order, _asked.Symbol, row.Order.TransactionTimeMicros);
    }

    void IRowSink.OnBalance(in BalanceUpdate balance)
    {
    }

    private void TakeOrder(in InFlightRequest request, in Answer answer, Verdict verdict, ReadOnlySpan<byte> body, ReportType refusal, OrderStatus refused)
    {
        if (verdict == Verdict.Accepted && reader.TryReadOrder(body, out OrderRow row) && row.HasOrder && !row.IsBroken) Publish(ref row, in request, ReportSource.Reply);
        else if (verdict.IsRefusal()) publisher.Refusal(in request, refusal, refused, answer.Code);
        else publisher.Unknown(in request, answer.Code, ReportSource.Reply);
    }

    /// <summary>The cancel of an order that belongs to a list cancels, and answers with, the whole list.</summary>
    private void TakeCancel(in InFlightRequest request, in Answer answer, Verdict verdict, ReadOnlySpan<byte> body)
    {
        if (verdict == Verdict.Accepted && reader.TryReadOrder(body, out OrderRow row) && row.HasOrder && !row.IsBroken) Publish(ref row, in request, ReportSource.Reply);
        else if (verdict == Verdict.Accepted && reader.TryReadOrderOrList(body, this, out int rows) && rows > 0) return;
        else if (verdict.IsRefusal()) publisher.Refusal(in request, ReportType.CancelRejected, OrderStatus.None, answer.Code);
        else publisher.Unknown(in request, answer.Code, ReportSource.Reply);
    }

    private void TakeQuery(in InFlightRequest request, in Answer answer, Verdict verdict, ReadOnlySpan<byte> body)
    {
        if (verdict == Verdict.Accepted && reader.TryReadOrder(body, out OrderRow row) && row.HasOrder && !row.IsBroken)
        {
            Publish(ref row, in request, ReportSource.Query);
            if (row.Order is { CumulativeQuantity.Raw: > 0, ExchangeOrderId: > 0 }) AskTrades(in request, row.Order.ExchangeOrderId);
        }
        else
        {
            publisher.Unknown(in request, answer.Code, ReportSource.Query); // "No such order" is evidence, never proof.
        }
    }

    private void TakeTest(in InFlightRequest request, in Answer answer, Verdict verdict)
    {
        if (verdict.IsRefusal())
        {
            publisher.Refusal(in request, ReportType.Rejected, OrderStatus.Rejected, answer.Code);
            return;
        }
        OrderReport report = new()
        {
            ClientId = request.ClientId, TradeId = -1, Price = request.Price, Quantity = request.Quantity, Side = request.Side, Type = request.Type, TimeInForce = request.TimeInForce,
            Source = ReportSource.Reply, Report = verdict == Verdict.Accepted ? ReportType.Status : ReportType.Unknown, ErrorCode = answer.Code,
        };
        publisher.Report(in report, request.Symbol, 0);
    }

    /// <summary>Two results: one of the order that was to go, one of the order that was to come.</summary>
    private void TakeReplace(in InFlightRequest request, in Answer answer, Verdict verdict, ReadOnlySpan<byte> body)
    {
        InFlightRequest cancelled = Cancelled(in request);
        bool told = reader.TryReadReplace(body, out ReplaceOutcome outcome) && outcome.IsWhole;
        if (!told && verdict.IsRefusal())
        {
            publisher.Refusal(in request, ReportType.Rejected, OrderStatus.Rejected, answer.Code);
            publisher.Refusal(in cancelled, ReportType.CancelRejected, OrderStatus.None, answer.Code);
            return;
        }
        if (!told)
        {
            publisher.Unknown(in request, answer.Code, ReportSource.Reply);
            publisher.Unknown(in cancelled, answer.Code, ReportSource.Reply);
            return;
        }
        if (outcome.Cancelled.HasOrder) Publish(ref outcome.Cancelled, in cancelled, ReportSource.Reply);
        else if (Half(outcome.CancelCode, false).IsRefusal()) publisher.Refusal(in cancelled, ReportType.CancelRejected, OrderStatus.None, outcome.CancelCode);
        else publisher.Unknown(in cancelled, outcome.CancelCode, ReportSource.Reply);

        if (outcome.Placed.HasOrder) Publish(ref outcome.Placed, in request, ReportSource.Reply);
        else if (!outcome.WasPlacingTried || Half(outcome.PlaceCode, outcome.IsDuplicateOrder).IsRefusal())
            publisher.Refusal(in request, ReportType.Rejected, OrderStatus.Rejected, outcome.PlaceCode != 0 ? outcome.PlaceCode : answer.Code);
        else publisher.Unknown(in request, outcome.PlaceCode, ReportSource.Reply);
    }

    private void TakeList(in InFlightRequest request, in Answer answer, Verdict verdict, ReadOnlySpan<byte> body)
    {
        _legsSeen = 0;
        if (verdict.IsRefusal())
        {
            Legs(in request, 0, ReportType.Rejected, answer.Code, ReportSource.Reply);
            return;
        }
        if (verdict == Verdict.Accepted) _ = reader.TryReadOrderOrList(body, this, out _);
        Legs(in request, _legsSeen, null, answer.Code, ReportSource.Reply); // Of which the answer said nothing, nothing is known.
    }

    /// <summary>Says of each order of a list, but those of the mask, that it was refused or that nothing is known.</summary>
    private void Legs(in InFlightRequest request, uint without, ReportType? refusal, int code, ReportSource source)
    {
        ref readonly OrderListIntent list = ref desk.InFlight.List(request.Id);
        if ((without & 1) == 0) Leg(in list.Working, request.Symbol, refusal, code, source);
        if ((without & 2) == 0) Leg(in list.Above, request.Symbol, refusal, code, source);
        if ((without & 4) == 0) Leg(in list.Below, request.Symbol, refusal, code, source);
    }

    private void Leg(in OrderIntent intent, SymbolId symbol, ReportType? refusal, int code, ReportSource source)
    {
        if (intent.ClientId.IsEmpty) return;
        InFlightRequest leg = default;
        leg.Describe(in intent, symbol);
        if (refusal is { } type) publisher.Refusal(in leg, type, OrderStatus.Rejected, code);
        else publisher.Unknown(in leg, code, source);
    }

    private void TakeRaw(Verdict verdict, ReadOnlySpan<byte> body)
    {
        RawAnswer? waiting = Raw;
        Raw = null;
        waiting?.Invoke(verdict, body);
    }

    /// <summary>An order that filled while nobody listened: its fills tell the commissions, which the order itself does not.</summary>
    private void AskTrades(in InFlightRequest query, long exchangeOrderId)
    {
        if (!desk.TryOpen(RequestKind.Trades, Lane.Close, Weights.TradesOfOrder, 0, out long id)) return;
        ref InFlightRequest request = ref desk.InFlight[id];
        request.ClientId = query.ClientId;
        request.ExchangeOrderId = exchangeOrderId;
        request.Symbol = query.Symbol;
        _ = desk.Send(id, desk.Requests.Trades(id, query.Symbol, exchangeOrderId, -1, TradesMax, desk.NowMillis), Weights.TradesOfOrder, 0);
    }

    private void Publish(ref OrderRow row, in InFlightRequest request, ReportSource source)
    {
        ref OrderReport order = ref row.Order;
        order.Source = source;
        // The shortest form of an answer says only that it was taken; the rest is what we asked for.
        if (order.Status == OrderStatus.None) order.Status = request.Kind == RequestKind.Cancel ? OrderStatus.Canceled : OrderStatus.New;
        if (order.Side == Side.None) order.Side = request.Side;
        if (order.Type == OrderType.None) order.Type = request.Type;
        if (order.TimeInForce == TimeInForce.None) order.TimeInForce = request.TimeInForce;
        if (order.Quantity.IsZero) order.Quantity = request.Quantity;
        if (order.Price.IsZero) order.Price = request.Price;
        order.Report = order.Status == OrderStatus.Unknown ? ReportType.Unknown : request.Kind switch
        {
            RequestKind.Query => ReportType.Status,
            RequestKind.Amend => ReportType.Replaced,
            _ => OrderText.Report(order.Status),
        };
        order.ClientId = request.ClientId;
        publisher.Report(in order, request.Symbol, order.TransactionTimeMicros);
    }

    /// <summary>The order that a replacement was to cancel, as a request of its own.</summary>
    private static InFlightRequest Cancelled(in InFlightRequest replace) => new() { Kind = RequestKind.Cancel, ClientId = replace.OtherId, Symbol = replace.Symbol };

    private static Verdict Half(int code, bool isDuplicate) => Verdicts.Judge(400, code, isDuplicate ? "Duplicate order"u8 : default);
}
