using System.Buffers;

using Peregrine.Binance.Rest;
using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution;

namespace Peregrine.Binance.Orders;

/// <summary>
/// Spot orders over the WebSocket API, without sockets, threads or clocks of its own: one line that carries placements, cancels, queries and the account's own
/// events. A reply that does not come, or does not say anything certain, becomes an Unknown report; nothing is ever sent twice, and nothing is kept to be sent
/// later. Polled and called by one thread; allocates nothing in steady state.
/// </summary>
public sealed class OrderSession : IOrderGateway
{
    private const int MessagesPerPollMax = 64;

    /// <summary>A clock that is more uncertain than this is measured again.</summary>
    private const long UncertaintyMaxMicros = 100_000;

    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan DoubtEvery = TimeSpan.FromSeconds(1);

    private static readonly SearchValues<byte> ClientIdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    private readonly IOrderLine _line;
    private readonly ServerClock _clock;
    private readonly ExchangeDeadlines _deadlines;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly RequestSigner _signer;
    private readonly OrderRequests _requests;
    private readonly RequestDesk _desk;
    private readonly SessionDoor _door;
    private readonly ReportPublisher _publisher;
    private readonly AccountEventReader _accountEvents;
    private readonly ReplyTaker _replies;
    private readonly ReconcileRound _round;
    private readonly InFlightRequest[] _unaskable = new InFlightRequest[64];
    private int _unasked;
    private bool _lineKnown;
    private long _connectionKnown;
    private bool _leaving;
    private long _lastLook;
    private long _lastDoubt;
    private bool _ready;
    private volatile string _lastError = "";

    /// <param name="line">Where messages go and come from.</param>
    /// <param name="key">Who we are; the session logs on with an Ed25519 key and signs each request with any other.</param>
    /// <param name="instruments">The symbols of the run.</param>
    /// <param name="events">Takes the reports: the ring.</param>
    /// <param name="clock">The exchange's clock; nothing is sent before it is known.</param>
    /// <param name="limits">What the exchange grants, from exchangeInfo.</param>
    /// <param name="deadlines">Until when it wants us away, shared with all that talks to it.</param>
    /// <param name="time">Our clocks.</param>
    /// <param name="log">Takes lines for people. No secret ever goes there.</param>
    public OrderSession(
        IOrderLine line, ApiKey key, InstrumentTable instruments, IEventWriter events, ServerClock clock, RateLimits limits, ExchangeDeadlines deadlines,
        TimeProvider time, Action<string> log)
    {
        _line = line;
        _clock = clock;
        _deadlines = deadlines;
        _time = time;
        _log = log;
        _signer = new RequestSigner(key);
        _requests = new OrderRequests(key, instruments, _signer);
        _desk = new RequestDesk(line, _requests, new RequestBudget(limits, deadlines), clock, time);
        _door = new SessionDoor(_desk, key, time, log);
        _publisher = new ReportPublisher(events, line, time);
        var symbols = new StreamTable(instruments, []);
        var rows = new RowReader(symbols);
        _accountEvents = new AccountEventReader(symbols);
        _round = new ReconcileRound(_desk, rows, _publisher, instruments.Count);
        _replies = new ReplyTaker(_desk, rows, _publisher, log);
        _requests.Prepare(key.Kind == KeyKind.Ed25519 ? Proof.None : Proof.Signature);
        OrderRehearsal.Run(_requests, instruments);
    }

    /// <inheritdoc/>
    public bool IsReady => _line.IsUp && _door.IsOpen && !_leaving && _clock.IsKnown && !_deadlines.IsAway;

    /// <summary>Whether the exchange did not accept the key when it was last used.</summary>
    public bool IsKeyRefused => _door.IsKeyRefused;

    /// <inheritdoc/>
    public ClockReading Clock => _clock.Reading;

    /// <inheritdoc/>
    public long LastEncodedTicks { get; private set; }

    /// <inheritdoc/>
    public GatewayStatus Status => new(
        Volatile.Read(ref _ready), _desk.Sent, _publisher.Refused, Math.Max(0, _line.Connects - 1), _lastError.Length > 0 ? _lastError : _line.LastError);

    /// <inheritdoc/>
    public bool Poll()
    {
        bool any = false;
        for (int i = 0; i < MessagesPerPollMax; i++)
        {
            bool received = _line.TryReceive(out ReadOnlySpan<byte> message);
            FollowLine();
            if (!received) break;
            any = true;
            Take(message);
        }
        if (_line.IsUp) LookAfter();
        if (_unasked > 0) AnswerUnasked();
        Volatile.Write(ref _ready, IsReady);
        return any;
    }

    /// <inheritdoc/>
    public SendResult Place(in OrderIntent intent, Instrument instrument, bool closes = false) =>
        Place(in intent, closes ? new OrderTerms(Lane: Lane.Close) : default, instrument);

    /// <summary>Places an order that says more than its intent does (a stop price, an iceberg, …).</summary>
    public SendResult Place(in OrderIntent intent, in OrderTerms terms, Instrument instrument)
    {
        if (!CanPlace(in intent) || !_desk.TryOpen(RequestKind.Place, terms.Lane, Weights.Place, 1, out long id)) return NotSent();
        _desk.InFlight[id].Describe(in intent, instrument.Id);
        ReadOnlySpan<byte> request = _requests.Place(id, in intent, in terms, instrument.Id, _desk.NowMillis);
        LastEncodedTicks = System.Diagnostics.Stopwatch.GetTimestamp();
        return _desk.Send(id, request, Weights.Place, 1);
    }

    /// <summary>Has the exchange check an order without placing it. The answer is a report of type Status with status None, or Rejected.</summary>
    public SendResult Test(in OrderIntent intent, in OrderTerms terms, Instrument instrument)
    {
        if (!CanPlace(in intent) || !_desk.TryOpen(RequestKind.Test, Lane.Open, Weights.Place, 0, out long id)) return NotSent();
        _desk.InFlight[id].Describe(in intent, instrument.Id);
        return _desk.Send(id, _requests.Written(id, "order.test"u8, in intent, in terms, instrument.Id, _desk.NowMillis), Weights.Place, 0);
    }

    /// <inheritdoc/>
    public SendResult Cancel(in CancelIntent intent, Instrument instrument) =>
        Ask(RequestKind.Cancel, "order.cancel"u8, Lane.Cancel, Weights.Cancel, intent.ClientId, instrument);

    /// <summary>Cancels one order and places another as one request. Each of the two is reported by itself.</summary>
    public SendResult CancelReplace(in CancelIntent cancel, ReplaceMode mode, in OrderIntent intent, in OrderTerms terms, Instrument instrument)
    {
        if (!CanPlace(in intent) || !IsPlain(cancel.ClientId.Utf8) || !_desk.TryOpen(RequestKind.Replace, terms.Lane, Weights.Place, 1, out long id)) return NotSent();
        ref InFlightRequest request = ref _desk.InFlight[id];
        request.Describe(in intent, instrument.Id);
        request.OtherId = cancel.ClientId;
        return _desk.Send(id, _requests.CancelReplace(id, cancel.ClientId, mode, in intent, in terms, instrument.Id, _desk.NowMillis), Weights.Place, 1);
    }

    /// <summary>Makes an order smaller; it keeps its place in the book and its client id. The answer is a report of type Replaced, or CancelRejected where it stays as it is.</summary>
    public SendResult Amend(ClientOrderId clientId, Quantity quantity, Instrument instrument)
    {
        if (!IsReady || !IsPlain(clientId.Utf8) || !_desk.TryOpen(RequestKind.Amend, Lane.Close, Weights.Amend, 0, out long id)) return NotSent();
        ref InFlightRequest request = ref _desk.InFlight[id];
        request.ClientId = clientId;
        request.Symbol = instrument.Id;
        request.Quantity = quantity;
        return _desk.Send(id, _requests.Amend(id, clientId, quantity, instrument.Id, _desk.NowMillis), Weights.Amend, 0);
    }

    /// <inheritdoc/>
    public SendResult PlaceList(in OrderListIntent intent, Instrument instrument)
    {
        bool hasWorking = !intent.Working.ClientId.IsEmpty, hasBelow = !intent.Below.ClientId.IsEmpty;
        if (!IsPlain(intent.ListId.Utf8) || !CanPlace(in intent.Above) || (hasBelow && !CanPlace(in intent.Below)) || (hasWorking && !CanPlace(in intent.Working))
            || !(hasWorking || hasBelow))
            return NotSent();
        int orders = 1 + (hasWorking ? 1 : 0) + (hasBelow ? 1 : 0);
        if (!_desk.TryOpen(RequestKind.PlaceList, hasWorking ? Lane.Open : Lane.Close, Weights.Place, orders, out long id)) return NotSent();
        ref InFlightRequest request = ref _desk.InFlight[id];
        request.Describe(in intent.Above, instrument.Id);
        request.OtherId = intent.ListId;
        _desk.InFlight.List(id) = intent;
        return _desk.Send(id, _requests.PlaceList(id, in intent, SelfTradePrevention.ExpireTaker, instrument.Id, _desk.NowMillis), Weights.Place, orders);
    }

    /// <summary>Cancels all orders of a list; each of them is reported by its own client id.</summary>
    public SendResult CancelList(ClientOrderId listId, Instrument instrument)
    {
        if (!IsReady || !IsPlain(listId.Utf8) || !_desk.TryOpen(RequestKind.CancelList, Lane.Cancel, Weights.Cancel, 0, out long id)) return NotSent();
        ref InFlightRequest request = ref _desk.InFlight[id];
        request.OtherId = listId;
        request.Symbol = instrument.Id;
        return _desk.Send(id, _requests.CancelList(id, listId, instrument.Id, _desk.NowMillis), Weights.Cancel, 0);
    }

    /// <inheritdoc/>
    public void Query(ClientOrderId clientId, Instrument instrument)
    {
        SendResult result = Ask(RequestKind.Query, "order.status"u8, Lane.Close, Weights.Query, clientId, instrument);
        if (result != SendResult.NotSent || _unasked == _unaskable.Length) return;
        // Whoever asked waits for an answer. It comes with the next poll: asking again upon it must not end in a circle.
        _unaskable[_unasked++] = new InFlightRequest { Kind = RequestKind.Query, ClientId = clientId, Symbol = instrument.Id };
    }

    /// <inheritdoc/>
    public bool Reconcile(long round, ReadOnlySpan<long> tradesFrom) => IsReady && _round.TryBegin(round, tradesFrom);

    /// <summary>
    /// Asks something whose answer is handed out as it came, for people and tools: allOrders, account.commission, session.status. The buffer that
    /// <paramref name="answer"/> sees is valid during the call only.
    /// </summary>
    public SendResult AskRaw(RawQuestion question, Instrument instrument, long fromId, RawAnswer answer)
    {
        int weight = question == RawQuestion.Status ? Weights.Session : Weights.AllOrders;
        if (!IsReady || _replies.Raw is not null || !_desk.TryOpen(RequestKind.Raw, Lane.Poll, weight, 0, out long id)) return NotSent();
        _replies.Raw = answer;
        ReadOnlySpan<byte> request = question switch
        {
            RawQuestion.AllOrders => _requests.AllOrders(id, instrument.Id, fromId, 1_000, _desk.NowMillis),
            RawQuestion.Commission => _requests.AboutSymbol(id, "account.commission"u8, instrument.Id, _desk.NowMillis),
            _ => _requests.Bare(id, "session.status"u8),
        };
        SendResult result = _desk.Send(id, request, weight, 0);
        if (result == SendResult.NotSent) _replies.Raw = null;
        return result;
    }

    public void Dispose() => _signer.Dispose();

    private bool CanPlace(in OrderIntent intent) =>
        IsReady && !OrderText.Of(intent.Type).IsEmpty && intent.Side != Side.None && IsPlain(intent.ClientId.Utf8);

    private SendResult NotSent()
    {
        if (IsReady) _lastError = "a request did not leave: the exchange's limits, too many unanswered ones, or an id or type that cannot be sent";
        return SendResult.NotSent;
    }

    private SendResult Ask(RequestKind kind, ReadOnlySpan<byte> method, Lane lane, int weight, ClientOrderId clientId, Instrument instrument)
    {
        if (!IsReady || !IsPlain(clientId.Utf8) || !_desk.TryOpen(kind, lane, weight, 0, out long id)) return NotSent();
        ref InFlightRequest request = ref _desk.InFlight[id];
        request.ClientId = clientId;
        request.Symbol = instrument.Id;
        return _desk.Send(id, _requests.AboutOrder(id, method, clientId, instrument.Id, _desk.NowMillis), weight, 0);
    }

    /// <summary>Queries that could not be sent say that nothing is known.</summary>
    private void AnswerUnasked()
    {
        int count = _unasked;
        for (int i = 0; i < count; i++)
        {
            InFlightRequest request = _unaskable[i];
            _publisher.Unknown(in request, 0, ReportSource.Local);
        }
        // What was asked meanwhile stays for the next poll.
        _unaskable.AsSpan(count, _unasked - count).CopyTo(_unaskable);
        _unasked -= count;
    }

    /// <summary>A line that was lost takes all its open requests with it: their fate is unknown. A new one knows nothing of the session before.</summary>
    private void FollowLine()
    {
        bool isUp = _line.IsUp;
        if (isUp == _lineKnown && _line.Connects == _connectionKnown) return;
        bool wasUp = _lineKnown;
        _lineKnown = isUp;
        // A connection that is being made counts before it is up: only one that replaced another while we did not look has to be told from it.
        bool replaced = wasUp && isUp && _line.Connects != _connectionKnown;
        _connectionKnown = _line.Connects;
        if (wasUp == isUp && !replaced) return;
        _door.Reset();
        _leaving = false;
        if (isUp && !replaced) return;
        foreach (ref InFlightRequest place in _desk.InFlight.All)
        {
            InFlightRequest request = place;
            place = default;
            if (request.Kind != RequestKind.None && !request.IsOverdue) _replies.GiveUp(in request);
        }
        _round.Fail();
    }

    private void LookAfter()
    {
        long now = _time.GetTimestamp();
        if (_clock.IsKnown && !_deadlines.IsAway) _door.Turn(now);
        if (_time.GetElapsedTime(_lastLook, now) < LookEvery) return;
        _lastLook = now;
        if (_clock.IsKnown && _time.GetElapsedTime(_lastDoubt, now) >= DoubtEvery && _clock.Reading.UncertaintyMicros > UncertaintyMaxMicros)
        {
            _lastDoubt = now;
            _clock.Doubt();
        }
        bool open = false;
        foreach (ref InFlightRequest place in _desk.InFlight.All)
        {
            if (place.Kind == RequestKind.None || place.IsOverdue) continue;
            if (_time.GetElapsedTime(place.SentAt, now) < AnswerWithin)
            {
                open = true;
                continue;
            }
            place.IsOverdue = true;
            InFlightRequest request = place;
            _lastError = "a request was not answered in time";
            switch (request.Kind)
            {
                case RequestKind.Subscribe or RequestKind.Logon:
                    place = default;
                    _door.GiveUp();
                    break;
                case RequestKind.RoundOrders or RequestKind.RoundAccount or RequestKind.RoundTrades:
                    place = default;
                    _round.Fail();
                    break;
                case RequestKind.Trades or RequestKind.Raw:
                    place = default;
                    _replies.Retry(in request);
                    break;
                default:
                    _replies.GiveUp(in request);
                    break;
            }
        }
        if (_leaving && !open) _line.Abort("the server announced its shutdown");
    }

    private void Take(ReadOnlySpan<byte> message)
    {
        if (!AnswerReader.TryRead(message, out Answer answer))
        {
            _publisher.CountRefusal();
            _lastError = "a message was no JSON";
            return;
        }
        ReadOnlySpan<byte> body = answer.Body(message);
        switch (answer.Kind)
        {
            case AnswerKind.Reply:
                TakeReply(in answer, body);
                break;
            case AnswerKind.ExecutionReport:
                bool named = _accountEvents.TryReadExecution(body, out OrderRow row, out long executed);
                if (row.IsBroken) _publisher.CountRefusal();
                if (named && !row.Symbol.IsNone) _publisher.Report(in row.Order, row.Symbol, executed);
                break;
            case AnswerKind.Balances:
                if (_accountEvents.TryReadBalances(body, out ReadOnlySpan<BalanceUpdate> balances, out long changed))
                {
                    foreach (ref readonly BalanceUpdate balance in balances) _publisher.Balance(in balance, ReportSource.Stream, 0, changed);
                }
                else
                {
                    _publisher.CountRefusal();
                }
                break;
            case AnswerKind.BalanceChange:
                if (AccountEventReader.TryReadDelta(body, out AssetCode asset, out long delta, out long moved))
                    _publisher.Balance(new BalanceUpdate { Asset = asset }, ReportSource.Stream, delta, moved);
                else
                    _publisher.CountRefusal();
                break;
            case AnswerKind.ListStatus:
                if (AccountEventReader.IsListRefused(body)) _lastError = "the exchange refused an order list"; // Its orders have reports of their own.
                break;
            case AnswerKind.ExternalLock:
                _log("orders: something outside locked or released a part of a balance"); // Free and locked together stay as they were.
                break;
            case AnswerKind.StreamTerminated:
                _door.Ended();
                break;
            case AnswerKind.ServerShutdown:
                _leaving = true;
                break;
            case AnswerKind.Other:
            default:
                break;
        }
    }

    private void TakeReply(in Answer answer, ReadOnlySpan<byte> body)
    {
        Verdict verdict = Verdicts.Judge(answer.Status, answer.Code, answer.IsDuplicateOrder ? "Duplicate order"u8 : default);
        if (answer.IsBroken && verdict == Verdict.Accepted) verdict = Verdict.Unknown;
        _desk.Budget.Observe(answer.WeightUsed, answer.OrdersUsed10Seconds, answer.OrdersUsedDay, _desk.NowMicros);
        if (verdict == Verdict.WrongClock) _clock.Doubt();
        if (verdict == Verdict.Throttled) ObeyThrottle(in answer);
        if (answer.Code != 0) _lastError = Say(answer.Code);
        bool wasAsked = _desk.InFlight.TryTake(answer.Id, out InFlightRequest request);
        bool isDoor = wasAsked && request.Kind is RequestKind.Subscribe or RequestKind.Logon;
        if (answer.Code is -2015 or -2014 && !isDoor) _door.Revoke(answer.Code); // The key was taken away from the session.
        if (!wasAsked) return;
        switch (request.Kind)
        {
            case RequestKind.Subscribe or RequestKind.Logon:
                _door.Take(request.Kind, verdict, answer.Code);
                break;
            case RequestKind.RoundOrders or RequestKind.RoundAccount or RequestKind.RoundTrades:
                _round.Take(in request, verdict, body);
                break;
            default:
                _replies.Take(in request, in answer, verdict, body);
                break;
        }
    }

    private void ObeyThrottle(in Answer answer)
    {
        long exchangeMillis = _desk.NowMillis, offsetMillis = _clock.OffsetMicros / 1_000;
        if (answer.Code == -1015)
        {
            long until = answer.RetryAtMillis > 0 ? answer.RetryAtMillis : ((exchangeMillis / 10_000) + 1) * 10_000;
            _deadlines.PlaceNothingUntil(until - offsetMillis);
        }
        else
        {
            long until = answer.RetryAtMillis > 0 ? answer.RetryAtMillis : ((exchangeMillis / 60_000) + 1) * 60_000;
            _deadlines.StayAwayUntil(until - offsetMillis);
        }
    }

    private static bool IsPlain(ReadOnlySpan<byte> clientId) => !clientId.IsEmpty && clientId.IndexOfAnyExcept(ClientIdCharacters) < 0;

    private static string Say(int code) => code switch
    {
        -1021 => "the exchange says our clock is wrong (-1021)",
        -2014 or -2015 => "the exchange does not accept the key (-2015)",
        -1003 or -1015 => "the exchange asks us to send less (-1015)",
        _ => "the exchange answered with an error",
    };
}
