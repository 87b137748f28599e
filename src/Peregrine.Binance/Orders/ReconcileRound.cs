using Peregrine.Binance.Rest;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution;

namespace Peregrine.Binance.Orders;

/// <summary>
/// One round of questions about the account, one after the other: open orders, then balances, then trades (an order that fills meanwhile is seen by the later
/// question). What an answer tells is published while it is read; a missing or doubtful answer fails the round, and nothing may be concluded from it.
/// </summary>
internal sealed class ReconcileRound : IRowSink
{
    /// <summary>What the exchange gives at once, and so how a last page is known.</summary>
    private const int TradesPerPage = 1_000;

    private readonly RequestDesk _desk;
    private readonly RowReader _reader;
    private readonly ReportPublisher _publisher;
    private readonly int _symbols;
    private readonly long[] _tradesFrom;
    private readonly bool _asksAllAtOnce;
    private long _round;
    private long _openOrders;
    private long _askedId;
    private SymbolId _asked;
    private RequestKind _step;
    private int _symbol;

    public ReconcileRound(RequestDesk desk, RowReader reader, ReportPublisher publisher, int symbols)
    {
        _desk = desk;
        _reader = reader;
        _publisher = publisher;
        _symbols = symbols;
        _tradesFrom = new long[symbols];
        _asksAllAtOnce = symbols * Weights.OpenOrders > Weights.AllOpenOrders;
    }

    /// <summary>A round is going on.</summary>
    public bool IsRunning => _step != RequestKind.None;

    /// <summary>Sends the first question. False: it could not leave, and nothing was published.</summary>
    public bool TryBegin(long round, ReadOnlySpan<long> tradesFrom)
    {
        if (IsRunning || _symbols == 0) return false;
        _tradesFrom.AsSpan().Fill(-1);
        tradesFrom[..Math.Min(tradesFrom.Length, _symbols)].CopyTo(_tradesFrom);
        _round = round;
        _openOrders = 0;
        _symbol = 1;
        _step = RequestKind.RoundOrders;
        if (Ask())
        {
            _publisher.Round(round, ReconcilePhase.Begun, 0);
            return true;
        }
        _step = RequestKind.None;
        return false;
    }

    /// <summary>An answer to one of the round's questions.</summary>
    public void Take(in InFlightRequest request, Verdict verdict, ReadOnlySpan<byte> body)
    {
        if (!IsRunning || request.Id != _askedId) return; // Of a round that failed already.
        if (verdict != Verdict.Accepted)
        {
            Fail();
            return;
        }
        _asked = request.Symbol;
        int rows;
        switch (request.Kind)
        {
            case RequestKind.RoundOrders when _reader.TryReadOrders(body, this, out rows):
                _openOrders += rows;
                if (!_asksAllAtOnce && _symbol++ < _symbols) break;
                _step = RequestKind.RoundAccount;
                break;
            case RequestKind.RoundAccount when _reader.TryReadAccount(body, this, out _):
                _step = RequestKind.RoundTrades;
                _symbol = 1;
                break;
            case RequestKind.RoundTrades when _reader.TryReadTrades(body, this, out rows, out long last):
                if (_tradesFrom[_symbol - 1] >= 0 && rows >= TradesPerPage && last >= _tradesFrom[_symbol - 1])
                {
                    _tradesFrom[_symbol - 1] = last + 1;
                    break;
                }
                if (_symbol++ < _symbols) break;
                _step = RequestKind.None;
                _publisher.Round(_round, ReconcilePhase.Done, _openOrders);
                return;
            default:
                Fail();
                return;
        }
        if (!Ask()) Fail();
    }

    /// <summary>An answer did not come, or will not.</summary>
    public void Fail()
    {
        if (!IsRunning) return;
        _step = RequestKind.None;
        _publisher.Round(_round, ReconcilePhase.Failed, _openOrders);
    }

    void IRowSink.OnOrder(ref OrderRow row)
    {
        if (row.Symbol.IsNone) return; // Another symbol of the account: not ours to judge.
        row.Order.Report = row.Order.Status == OrderStatus.Unknown ? ReportType.Unknown : ReportType.Status;
        row.Order.Source = ReportSource.Query;
        _publisher.Report(in row.Order, row.Symbol, row.Order.TransactionTimeMicros);
    }

    void IRowSink.OnTrade(ref OrderRow row)
    {
        row.Order.Report = ReportType.Trade;
        row.Order.Source = ReportSource.Query;
        _publisher.Report(in row.Order, _asked, row.Order.TransactionTimeMicros);
    }

    void IRowSink.OnBalance(in BalanceUpdate balance) => _publisher.Balance(in balance, ReportSource.Query, 0, 0);

    private bool Ask()
    {
        int weight = _step switch
        {
            RequestKind.RoundOrders => _asksAllAtOnce ? Weights.AllOpenOrders : Weights.OpenOrders,
            RequestKind.RoundAccount => Weights.Account,
            _ => Weights.Trades,
        };
        if (!_desk.TryOpen(_step, Lane.Poll, weight, 0, out long id)) return false;
        _askedId = id;
        SymbolId symbol = _step == RequestKind.RoundAccount || (_step == RequestKind.RoundOrders && _asksAllAtOnce) ? SymbolId.None : new SymbolId((ushort)_symbol);
        _desk.InFlight[id].Symbol = symbol;
        long from = _step == RequestKind.RoundTrades ? _tradesFrom[_symbol - 1] : -1;
        ReadOnlySpan<byte> request = _step switch
        {
            RequestKind.RoundOrders => _desk.Requests.AboutSymbol(id, "openOrders.status"u8, symbol, _desk.NowMillis),
            RequestKind.RoundAccount => _desk.Requests.Account(id, _desk.NowMillis),
            _ => _desk.Requests.Trades(id, symbol, -1, from, from < 0 ? 1 : TradesPerPage, _desk.NowMillis),
        };
        return _desk.Send(id, request, weight, 0) != SendResult.NotSent;
    }
}
