using System.Buffers;

using Peregrine.Binance.Orders;
using Peregrine.Binance.Rest;
using Peregrine.Binance.Streams;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution;

namespace Peregrine.Binance;

/// <summary>
/// Spot orders over the WebSocket API: one line that carries placements, cancels, queries and the account's own events. A reply that does not come, or does
/// not say anything certain, becomes an Unknown report; nothing is ever sent twice, and nothing is kept to be sent later.
/// </summary>
public sealed class BinanceOrderGateway : IOrderGateway
{
    /// <summary>The exchange checks it again just before matching, so an order cannot become live more than a second late.</summary>
    private const int RecvWindowMillis = 1_000;

    private const int MessagesPerPollMax = 64;

    /// <summary>Enough for the compiler to think the code worth its best.</summary>
    private const int RehearsalOrders = 200;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan OverdueLookEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan SubscribeAgainAfter = TimeSpan.FromSeconds(1);

    /// <summary>A key that was refused is not tried again every second.</summary>
    private static readonly TimeSpan SubscribeAgainAfterRefusal = TimeSpan.FromSeconds(30);

    private static readonly SearchValues<byte> ClientIdCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    private readonly ApiKey _key;
    private readonly IEventWriter _events;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly byte[][] _symbolNames;
    private readonly WireLine _line;
    private readonly ServerClock _clock;
    private readonly ClockKeeper _keeper;
    private readonly RequestSigner _signer;
    private readonly SignedRequest _request;
    private readonly AnswerReader _reader;
    private readonly InFlightTable _inFlight = new();
    private readonly OrderRate _rate;
    private readonly InFlightRequest[] _unaskable = new InFlightRequest[64];
    private int _unasked;
    private bool _lineKnown;
    private bool _subscribed;
    private bool _subscribing;
    private bool _leaving;
    private long _subscribeNotBefore;
    private long _overdueLook;
    private long _sent;
    private long _refused;
    private bool _ready;
    private volatile string _lastError = "";

    /// <param name="events">Takes the reports: the ring.</param>
    /// <param name="ordersPer10Seconds">From exchangeInfo.</param>
    /// <param name="log">Takes lines for people; from several threads. No secret ever goes there.</param>
    public BinanceOrderGateway(
        BinanceEndpoints endpoints, ApiKey key, InstrumentTable instruments, IEventWriter events, TimeProvider time, Random random, Action<string> log,
        int ordersPer10Seconds = 50, WireOptions? options = null)
    {
        _key = key;
        _events = events;
        _time = time;
        _log = log;
        _symbolNames = [[], .. instruments.All.Select(instrument => System.Text.Encoding.UTF8.GetBytes(instrument.Symbol))];
        _signer = new RequestSigner(key.Secret);
        _request = new SignedRequest(_signer);
        Rehearse(instruments);
        _reader = new AnswerReader(new StreamTable(instruments, []));
        _rate = new OrderRate(ordersPer10Seconds);
        _clock = new ServerClock(time);
        _keeper = new ClockKeeper(endpoints, Market.Spot, _clock, time, log);
        var address = new UriBuilder(endpoints.WebSocketApi) { Query = "returnRateLimits=false" };
        _line = new WireLine("orders", address.Uri, options ?? new WireOptions(), time, random, log);
        _line.Start();
    }

    /// <inheritdoc/>
    public bool IsReady => _line.IsUp && _subscribed && !_leaving && _clock.IsKnown;

    /// <summary>The exchange's clock, as far as it is known.</summary>
    public ServerClock Clock => _clock;

    /// <summary>For a <see cref="LinePoller"/> that waits on it.</summary>
    public WireLine Line => _line;

    /// <inheritdoc/>
    public GatewayStatus Status => new(
        Volatile.Read(ref _ready), Volatile.Read(ref _sent), Volatile.Read(ref _refused), Math.Max(0, _line.Connects - 1),
        _lastError.Length > 0 ? _lastError : _line.LastError);

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
    public long LastEncodedTicks { get; private set; }

    /// <inheritdoc/>
    public SendResult Place(in OrderIntent intent, Instrument instrument)
    {
        ReadOnlySpan<byte> type = OrderText.Of(intent.Type);
        if (!IsReady || type.IsEmpty || intent.Side == Side.None || !IsPlain(intent.ClientId.Utf8)) return SendResult.NotSent;
        long now = _clock.NowMicros;
        if (!_rate.TryTake(now))
        {
            _lastError = "the exchange's limit of orders per ten seconds is used up";
            return SendResult.NotSent;
        }
        if (!_inFlight.TryAdd(RequestKind.Place, _time.GetTimestamp(), out long id))
        {
            _rate.GiveBack();
            return SendResult.NotSent;
        }
        ref InFlightRequest request = ref _inFlight[id];
        request.ClientId = intent.ClientId;
        request.Symbol = instrument.Id;
        request.Price = intent.Price;
        request.Quantity = intent.Quantity;
        request.Side = intent.Side;
        request.Type = intent.Type;
        request.TimeInForce = intent.TimeInForce;

        Render(id, now / 1_000, in intent, instrument.Id);
        LastEncodedTicks = System.Diagnostics.Stopwatch.GetTimestamp();
        SendResult result = Send(id);
        if (result == SendResult.NotSent) _rate.GiveBack();
        return result;
    }

    /// <inheritdoc/>
    public SendResult Cancel(in CancelIntent intent, Instrument instrument)
    {
        if (!IsReady) return SendResult.NotSent;
        return Ask(RequestKind.Cancel, "order.cancel"u8, intent.ClientId, instrument);
    }

    /// <inheritdoc/>
    public void Query(ClientOrderId clientId, Instrument instrument)
    {
        SendResult result = IsReady ? Ask(RequestKind.Query, "order.status"u8, clientId, instrument) : SendResult.NotSent;
        if (result != SendResult.NotSent || _unasked == _unaskable.Length) return;
        // Whoever asked waits for an answer. It comes with the next poll: asking again upon it must not end in a circle.
        _unaskable[_unasked++] = new InFlightRequest { Kind = RequestKind.Query, ClientId = clientId, Symbol = instrument.Id };
    }

    public void Dispose()
    {
        _line.Dispose();
        _keeper.Dispose();
        _signer.Dispose();
    }

    /// <summary>Queries that could not be sent say that nothing is known.</summary>
    private void AnswerUnasked()
    {
        int count = _unasked;
        for (int i = 0; i < count; i++)
        {
            InFlightRequest request = _unaskable[i];
            PublishUnknown(in request, 0, ReportSource.Local);
        }
        // What was asked meanwhile stays for the next poll.
        _unaskable.AsSpan(count, _unasked - count).CopyTo(_unaskable);
        _unasked -= count;
    }

    private SendResult Ask(RequestKind kind, ReadOnlySpan<byte> method, ClientOrderId clientId, Instrument instrument)
    {
        if (!IsPlain(clientId.Utf8) || !_inFlight.TryAdd(kind, _time.GetTimestamp(), out long id)) return SendResult.NotSent;
        ref InFlightRequest request = ref _inFlight[id];
        request.ClientId = clientId;
        request.Symbol = instrument.Id;
        _request.Begin(id, method);
        _request.Text("apiKey"u8, _key.Key);
        _request.Text("origClientOrderId"u8, clientId.Utf8);
        _request.Number("recvWindow"u8, RecvWindowMillis);
        _request.Text("symbol"u8, _symbolNames[instrument.Id.Value]);
        _request.Number("timestamp"u8, _clock.NowMicros / 1_000);
        return Send(id);
    }

    private void Render(long id, long unixMillis, in OrderIntent intent, SymbolId symbol)
    {
        _request.Begin(id, "order.place"u8);
        _request.Text("apiKey"u8, _key.Key);
        _request.Text("newClientOrderId"u8, intent.ClientId.Utf8);
        _request.Text("newOrderRespType"u8, "RESULT"u8);
        if (intent.Type != OrderType.Market) _request.Amount("price"u8, intent.Price.Raw);
        _request.Amount("quantity"u8, intent.Quantity.Raw);
        _request.Number("recvWindow"u8, RecvWindowMillis);
        _request.Text("side"u8, OrderText.Of(intent.Side));
        _request.Text("symbol"u8, _symbolNames[symbol.Value]);
        if (intent.Type == OrderType.Limit) _request.Text("timeInForce"u8, OrderText.Of(intent.TimeInForce));
        _request.Number("timestamp"u8, unixMillis);
        _request.Text("type"u8, OrderText.Of(intent.Type));
    }

    /// <summary>Writes and signs orders that go nowhere, so that the first real one does not wait for the compiler and for OpenSSL to load.</summary>
    private void Rehearse(InstrumentTable instruments)
    {
        if (instruments.Count == 0) return;
        OrderIntent intent = new()
        {
            ClientId = ClientOrderId.Create("rehearsal"), Price = new Price(6_412_345_000_000), Quantity = new Quantity(12_345_000),
            Side = Side.Buy, Type = OrderType.Limit, TimeInForce = TimeInForce.ImmediateOrCancel,
        };
        for (int i = 0; i < RehearsalOrders; i++)
        {
            Render(i, 1_700_000_000_000, in intent, instruments.All[0].Id);
            _ = _request.End();
        }
    }

    private SendResult Send(long id)
    {
        switch (_line.TrySend(_request.End()))
        {
            case LineSend.Sent:
                Volatile.Write(ref _sent, _sent + 1);
                return SendResult.Sent;
            case LineSend.Partial:
                Volatile.Write(ref _sent, _sent + 1);
                return SendResult.Unknown; // Its answer, or the line's end, still makes a report.
            default:
                _ = _inFlight.TryTake(id, out _);
                return SendResult.NotSent;
        }
    }

    /// <summary>A line that was lost takes all its open requests with it: their fate is unknown.</summary>
    private void FollowLine()
    {
        if (_line.IsUp == _lineKnown) return;
        _lineKnown = _line.IsUp;
        _subscribed = _subscribing = _leaving = false;
        _subscribeNotBefore = 0;
        if (_lineKnown) return;
        foreach (ref InFlightRequest place in _inFlight.All)
        {
            InFlightRequest request = place;
            place = default;
            if (request.Kind is RequestKind.Place or RequestKind.Cancel or RequestKind.Query && !request.IsOverdue)
                PublishUnknown(in request, 0, ReportSource.Local);
        }
    }

    private void LookAfter()
    {
        long now = _time.GetTimestamp();
        if (!_subscribed && !_subscribing && _clock.IsKnown && (_subscribeNotBefore == 0 || now >= _subscribeNotBefore)) Subscribe(now);
        if (_time.GetElapsedTime(_overdueLook, now) < OverdueLookEvery) return;
        _overdueLook = now;
        bool open = false;
        foreach (ref InFlightRequest place in _inFlight.All)
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
            if (request.Kind == RequestKind.Subscribe)
            {
                place = default;
                _subscribing = false;
            }
            else if (request.Kind == RequestKind.Trades)
            {
                place = default;
                AskTrades(in request, request.ExchangeOrderId);
            }
            else
            {
                PublishUnknown(in request, 0, ReportSource.Local);
            }
        }
        if (_leaving && !open) _line.Abort("the server announced its shutdown");
    }

    private void Subscribe(long now)
    {
        if (!_inFlight.TryAdd(RequestKind.Subscribe, now, out long id)) return;
        _request.Begin(id, "userDataStream.subscribe.signature"u8);
        _request.Text("apiKey"u8, _key.Key);
        _request.Number("recvWindow"u8, RecvWindowMillis);
        _request.Number("timestamp"u8, _clock.NowMicros / 1_000);
        _subscribing = Send(id) != SendResult.NotSent;
        _subscribeNotBefore = After(SubscribeAgainAfter);
    }

    private long After(TimeSpan wait) => _time.GetTimestamp() + (long)(wait.TotalSeconds * _time.TimestampFrequency);

    private void Take(ReadOnlySpan<byte> message)
    {
        if (!_reader.TryRead(message, out Answer answer))
        {
            Volatile.Write(ref _refused, _refused + 1);
            _lastError = "a message was no JSON";
            return;
        }
        switch (answer.Kind)
        {
            case AnswerKind.Reply:
                TakeReply(ref answer);
                break;
            case AnswerKind.ExecutionReport:
                if (answer.IsBroken) Volatile.Write(ref _refused, _refused + 1);
                if (answer.HasOrder && !answer.Symbol.IsNone) Publish(in answer.Order, answer.Symbol, answer.EventTimeMicros);
                break;
            case AnswerKind.Balances:
                if (answer.IsBroken) Volatile.Write(ref _refused, _refused + 1);
                else PublishBalances(in answer);
                break;
            case AnswerKind.StreamTerminated:
                _subscribed = false;
                _subscribeNotBefore = 0;
                _log("orders: the exchange ended the account's event stream; subscribing again");
                break;
            case AnswerKind.ServerShutdown:
                _leaving = true;
                break;
            case AnswerKind.Other:
            default:
                break;
        }
    }

    private void TakeReply(ref Answer answer)
    {
        Verdict verdict = Verdicts.Judge(answer.Status, answer.Code, answer.IsDuplicateOrder ? "Duplicate order"u8 : default);
        if (verdict == Verdict.WrongClock) _keeper.Doubt();
        if (verdict == Verdict.Throttled) _rate.Block(_clock.NowMicros, answer.RetryAtMillis * 1_000);
        if (answer.Code != 0) _lastError = Say(answer.Code);
        if (!_inFlight.TryTake(answer.Id, out InFlightRequest request))
        {
            if (answer.Code is -2015 or -2014) Drop(answer.Code); // The key was taken away from the session.
            return;
        }
        switch (request.Kind)
        {
            case RequestKind.Subscribe:
                TakeSubscription(verdict, answer.Code);
                return;
            case RequestKind.Place:
                if (verdict == Verdict.Accepted && answer.HasOrder && !answer.IsBroken) PublishReply(ref answer, in request, ReportSource.Reply);
                else if (verdict is Verdict.Refused or Verdict.Throttled or Verdict.WrongClock) PublishRefusal(in request, ReportType.Rejected, OrderStatus.Rejected, answer.Code);
                else PublishUnknown(in request, answer.Code, ReportSource.Reply);
                return;
            case RequestKind.Cancel:
                if (verdict == Verdict.Accepted && answer.HasOrder && !answer.IsBroken) PublishReply(ref answer, in request, ReportSource.Reply);
                else if (verdict is Verdict.Refused or Verdict.Throttled or Verdict.WrongClock) PublishRefusal(in request, ReportType.CancelRejected, OrderStatus.None, answer.Code);
                else PublishUnknown(in request, answer.Code, ReportSource.Reply);
                return;
            case RequestKind.Query:
                if (verdict == Verdict.Accepted && answer.HasOrder && !answer.IsBroken)
                {
                    PublishReply(ref answer, in request, ReportSource.Query);
                    if (answer.Order is { CumulativeQuantity.Raw: > 0, ExchangeOrderId: > 0 }) AskTrades(in request, answer.Order.ExchangeOrderId);
                }
                else
                {
                    PublishUnknown(in request, answer.Code, ReportSource.Query); // "No such order" is evidence, never proof.
                }
                return;
            case RequestKind.Trades:
                if (verdict == Verdict.Accepted && !answer.IsBroken) PublishTrades(in request, answer.Trades);
                else _log($"orders: the fills of an order could not be read ({answer.Code}); what they cost is not in the ledger");
                return;
            case RequestKind.None:
            default:
                return;
        }
    }

    /// <summary>An order that filled while nobody listened: its fills tell the commissions, which the order itself does not.</summary>
    private void AskTrades(in InFlightRequest query, long exchangeOrderId)
    {
        if (!_inFlight.TryAdd(RequestKind.Trades, _time.GetTimestamp(), out long id)) return;
        ref InFlightRequest request = ref _inFlight[id];
        request.ClientId = query.ClientId;
        request.ExchangeOrderId = exchangeOrderId;
        request.Symbol = query.Symbol;
        _request.Begin(id, "myTrades"u8);
        _request.Text("apiKey"u8, _key.Key);
        _request.Number("orderId"u8, exchangeOrderId);
        _request.Number("recvWindow"u8, RecvWindowMillis);
        _request.Text("symbol"u8, _symbolNames[query.Symbol.Value]);
        _request.Number("timestamp"u8, _clock.NowMicros / 1_000);
        _ = Send(id);
    }

    /// <summary>Each fill as a report that carries no sum: the quantity is booked by the order's own state, the commission by the trade's id.</summary>
    private void PublishTrades(in InFlightRequest request, int count)
    {
        for (int i = 0; i < count; i++)
        {
            OrderReport fill = _reader.Trades[i];
            fill.ClientId = request.ClientId;
            fill.Report = ReportType.Trade;
            fill.Source = ReportSource.Query;
            Publish(in fill, request.Symbol, fill.TransactionTimeMicros);
        }
    }

    private void TakeSubscription(Verdict verdict, int code)
    {
        _subscribing = false;
        _subscribed = verdict == Verdict.Accepted || code == -2035; // Already subscribed.
        if (_subscribed) return;
        _subscribeNotBefore = After(verdict == Verdict.Refused ? SubscribeAgainAfterRefusal : SubscribeAgainAfter);
        _log($"orders: the account's event stream was refused ({code})");
    }

    private void Drop(int code)
    {
        _subscribed = false;
        _subscribeNotBefore = After(SubscribeAgainAfterRefusal);
        _log($"orders: the exchange does not accept the key any more ({code})");
    }

    private void PublishReply(ref Answer answer, in InFlightRequest request, ReportSource source)
    {
        ref OrderReport order = ref answer.Order;
        order.Source = source;
        // The shortest form of an answer says only that it was taken; the rest is what we asked for.
        if (order.Status == OrderStatus.None) order.Status = request.Kind == RequestKind.Cancel ? OrderStatus.Canceled : OrderStatus.New;
        if (order.Side == Side.None) order.Side = request.Side;
        if (order.Type == OrderType.None) order.Type = request.Type;
        if (order.TimeInForce == TimeInForce.None) order.TimeInForce = request.TimeInForce;
        if (order.Quantity.IsZero) order.Quantity = request.Quantity;
        if (order.Price.IsZero) order.Price = request.Price;
        order.Report = request.Kind == RequestKind.Query && order.Status != OrderStatus.Unknown ? ReportType.Status : OrderText.Report(order.Status);
        order.ClientId = request.ClientId;
        Publish(in order, request.Symbol, order.TransactionTimeMicros);
    }

    private void PublishRefusal(in InFlightRequest request, ReportType type, OrderStatus status, int code)
    {
        Volatile.Write(ref _refused, _refused + 1);
        OrderReport report = Local(in request, ReportSource.Reply);
        report.Report = type;
        report.Status = status;
        report.ErrorCode = code;
        Publish(in report, request.Symbol, 0);
    }

    private void PublishUnknown(in InFlightRequest request, int code, ReportSource source)
    {
        OrderReport report = Local(in request, source);
        report.Report = ReportType.Unknown;
        report.Status = OrderStatus.Unknown;
        report.ErrorCode = code;
        Publish(in report, request.Symbol, 0);
    }

    private static OrderReport Local(in InFlightRequest request, ReportSource source) => new()
    {
        ClientId = request.ClientId,
        TradeId = -1,
        Price = request.Price,
        Quantity = request.Quantity,
        Side = request.Side,
        Type = request.Type,
        TimeInForce = request.TimeInForce,
        Source = source,
    };

    private void Publish(in OrderReport report, SymbolId symbol, long eventTimeMicros)
    {
        MarketEvent entry = default;
        entry.Kind = EventKind.OrderReport;
        entry.Symbol = symbol;
        entry.ExchangeTimeMicros = eventTimeMicros;
        entry.TransactionLagMicros = report.TransactionTimeMicros == 0 ? 0 : (int)Math.Clamp(eventTimeMicros - report.TransactionTimeMicros, int.MinValue, int.MaxValue);
        entry.ReceiveTimeNanos = report.Source == ReportSource.Local ? _time.GetUnixNanos() : _line.LastReadUnixNanos;
        _ = _events.Append(in entry, Payload.Of(in report));
    }

    private void PublishBalances(in Answer answer)
    {
        for (int i = 0; i < answer.Balances; i++)
        {
            MarketEvent entry = default;
            entry.Kind = EventKind.Balance;
            entry.ExchangeTimeMicros = answer.EventTimeMicros;
            entry.ReceiveTimeNanos = _line.LastReadUnixNanos;
            _ = _events.Append(in entry, Payload.Of(in _reader.Balances[i]));
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
