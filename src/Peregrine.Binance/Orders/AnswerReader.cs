using System.Text.Json;
using System.Text.Unicode;

using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;

namespace Peregrine.Binance.Orders;

internal enum AnswerKind : byte
{
    /// <summary>Nothing that concerns us.</summary>
    Other = 0,

    /// <summary>The answer to a request of ours; it carries the request's id.</summary>
    Reply = 1,
    ExecutionReport = 2,
    Balances = 3,

    /// <summary>The user stream ended: subscribe again.</summary>
    StreamTerminated = 4,
    ServerShutdown = 5,
}

/// <summary>One message of the WebSocket API.</summary>
internal struct Answer
{
    public AnswerKind Kind;

    /// <summary>The request's id, 0 where the message has none of ours.</summary>
    public long Id;
    public int Status;
    public int Code;

    /// <summary>Until when the server wants us away, milliseconds since 1970; 0 where it does not say.</summary>
    public long RetryAtMillis;

    public bool IsDuplicateOrder;

    /// <summary>An order was in it and nothing of it was unreadable.</summary>
    public bool HasOrder;

    /// <summary>Something in it was not what it should be: whatever the message meant is unknown.</summary>
    public bool IsBroken;

    public SymbolId Symbol;
    public long EventTimeMicros;
    public OrderReport Order;
    public int Balances;

    /// <summary>Fills that the answer lists.</summary>
    public int Trades;
}

/// <summary>
/// Reads the messages of the WebSocket API: replies and account events. Unknown fields are passed over, unknown words become the value that assumes nothing.
/// Allocates nothing. One thread.
/// </summary>
internal sealed class AnswerReader(StreamTable symbols)
{
    private const int TextBytesMax = 128;

    private readonly byte[] _scratch = new byte[TextBytesMax];
    private BalanceUpdate[] _balances = new BalanceUpdate[64];
    private OrderReport[] _trades = new OrderReport[64];

    /// <summary>The balances of the last <see cref="AnswerKind.Balances"/>.</summary>
    public ReadOnlySpan<BalanceUpdate> Balances => _balances;

    /// <summary>The fills of the last answer that had <see cref="Answer.Trades"/>: trade id, price, quantity, commission and time.</summary>
    public ReadOnlySpan<OrderReport> Trades => _trades;

    /// <summary>False: it is no JSON object at all.</summary>
    public bool TryRead(ReadOnlySpan<byte> message, out Answer answer)
    {
        answer = default;
        if (message.Length > StreamDecoder.MessageBytesMax || !Utf8.IsValid(message)) return false;
        try
        {
            var reader = new Utf8JsonReader(message, isFinalBlock: true, new JsonReaderState(WireJson.Options));
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            Top(ref reader, ref answer);
            while (reader.Read()) { }
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private void Top(ref Utf8JsonReader reader, ref Answer answer)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long id)) answer.Id = id;
                else reader.Skip();
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                answer.Kind = AnswerKind.Reply;
                answer.Status = (int)Math.Clamp(Integer(ref reader, ref answer), 0, 999);
            }
            else if (reader.ValueTextEquals("result"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject) Result(ref reader, ref answer);
                else if (reader.TokenType == JsonTokenType.StartArray) Fills(ref reader, ref answer);
                else reader.Skip();
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject) Error(ref reader, ref answer);
                else reader.Skip();
            }
            else if (reader.ValueTextEquals("event"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject) Event(ref reader, ref answer);
                else reader.Skip();
            }
            else
            {
                reader.Skip();
            }
        }
    }

    /// <summary>An order as placement, cancel and query answer it.</summary>
    private void Result(ref Utf8JsonReader reader, ref Answer answer)
    {
        ref OrderReport order = ref answer.Order;
        order.TradeId = -1;
        ClientOrderId id = default, original = default;
        bool hasOrderId = false, hasSymbol = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("symbol"u8))
            {
                hasSymbol = true;
                answer.Symbol = symbols.FindSymbol(Text(ref reader, ref answer));
            }
            else if (reader.ValueTextEquals("orderId"u8))
            {
                hasOrderId = true;
                order.ExchangeOrderId = Integer(ref reader, ref answer);
            }
            else if (reader.ValueTextEquals("clientOrderId"u8)) Id(ref reader, ref answer, out id);
            else if (reader.ValueTextEquals("origClientOrderId"u8)) Id(ref reader, ref answer, out original);
            else if (reader.ValueTextEquals("price"u8)) order.Price = new Price(Amount(ref reader, ref answer));
            else if (reader.ValueTextEquals("origQty"u8)) order.Quantity = new Quantity(Amount(ref reader, ref answer));
            else if (reader.ValueTextEquals("executedQty"u8)) order.CumulativeQuantity = new Quantity(Amount(ref reader, ref answer));
            else if (reader.ValueTextEquals("cummulativeQuoteQty"u8)) order.CumulativeQuoteUnits = Math.Max(0, Amount(ref reader, ref answer)); // Below zero: unknown.
            else if (reader.ValueTextEquals("status"u8)) order.Status = OrderText.ReadStatus(Text(ref reader, ref answer));
            else if (reader.ValueTextEquals("timeInForce"u8)) order.TimeInForce = OrderText.ReadTimeInForce(Text(ref reader, ref answer));
            else if (reader.ValueTextEquals("type"u8)) order.Type = OrderText.ReadType(Text(ref reader, ref answer));
            else if (reader.ValueTextEquals("side"u8)) order.Side = OrderText.ReadSide(Text(ref reader, ref answer));
            else if (reader.ValueTextEquals("transactTime"u8) || reader.ValueTextEquals("updateTime"u8)) order.TransactionTimeMicros = Time(ref reader, ref answer);
            else reader.Skip();
        }
        order.ClientId = original.IsEmpty ? id : original; // On a cancel the plain one is the cancel's own.
        answer.HasOrder = hasOrderId && hasSymbol && !order.ClientId.IsEmpty;
    }

    /// <summary>The fills that myTrades answers with. The reader stands on the '[' and is left on its ']'.</summary>
    private void Fills(ref Utf8JsonReader reader, ref Answer answer)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }
            OrderReport fill = new() { TradeId = -1 };
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("id"u8)) fill.TradeId = Integer(ref reader, ref answer);
                else if (reader.ValueTextEquals("orderId"u8)) fill.ExchangeOrderId = Integer(ref reader, ref answer);
                else if (reader.ValueTextEquals("price"u8)) fill.LastPrice = new Price(Amount(ref reader, ref answer));
                else if (reader.ValueTextEquals("qty"u8)) fill.LastQuantity = new Quantity(Amount(ref reader, ref answer));
                else if (reader.ValueTextEquals("commission"u8)) fill.CommissionUnits = Amount(ref reader, ref answer);
                else if (reader.ValueTextEquals("commissionAsset"u8)) fill.CommissionAsset = Asset(ref reader);
                else if (reader.ValueTextEquals("time"u8)) fill.TransactionTimeMicros = Time(ref reader, ref answer);
                else if (reader.ValueTextEquals("isMaker"u8)) fill.IsMaker = Flag(ref reader, ref answer) ? (byte)1 : (byte)0;
                else reader.Skip();
            }
            if (fill.TradeId < 0) continue;
            if (answer.Trades == _trades.Length) Array.Resize(ref _trades, _trades.Length * 2);
            _trades[answer.Trades++] = fill;
        }
    }

    private void Error(ref Utf8JsonReader reader, ref Answer answer)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("code"u8))
            {
                answer.Code = (int)Math.Clamp(Integer(ref reader, ref answer), int.MinValue, int.MaxValue);
            }
            else if (reader.ValueTextEquals("msg"u8))
            {
                reader.Read();
                int length = WireJson.CopyText(ref reader, _scratch);
                if (length < 0) reader.Skip();
                else answer.IsDuplicateOrder = _scratch.AsSpan(0, length).StartsWith("Duplicate order"u8);
            }
            else if (reader.ValueTextEquals("data"u8))
            {
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartObject)
                {
                    reader.Skip();
                    continue;
                }
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    if (reader.ValueTextEquals("retryAfter"u8)) answer.RetryAtMillis = Integer(ref reader, ref answer);
                    else reader.Skip();
                }
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void Event(ref Utf8JsonReader reader, ref Answer answer)
    {
        Utf8JsonReader look = reader; // The type may stand anywhere.
        while (look.Read() && look.TokenType == JsonTokenType.PropertyName)
        {
            bool type = look.ValueTextEquals("e"u8);
            if (!type)
            {
                look.Skip();
                continue;
            }
            look.Read();
            if (look.TokenType != JsonTokenType.String) break;
            if (look.ValueTextEquals("executionReport"u8)) answer.Kind = AnswerKind.ExecutionReport;
            else if (look.ValueTextEquals("outboundAccountPosition"u8)) answer.Kind = AnswerKind.Balances;
            else if (look.ValueTextEquals("eventStreamTerminated"u8)) answer.Kind = AnswerKind.StreamTerminated;
            else if (look.ValueTextEquals("serverShutdown"u8)) answer.Kind = AnswerKind.ServerShutdown;
            break;
        }
        switch (answer.Kind)
        {
            case AnswerKind.ExecutionReport: Execution(ref reader, ref answer); break;
            case AnswerKind.Balances: Position(ref reader, ref answer); break;
            default:
                reader.Skip(); // The reader stands on the event's '{'.
                break;
        }
    }

    private void Execution(ref Utf8JsonReader reader, ref Answer answer)
    {
        ref OrderReport order = ref answer.Order;
        order.TradeId = -1;
        order.Source = ReportSource.Stream;
        ClientOrderId id = default, original = default;
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            switch (WireJson.ShortName(ref reader))
            {
                case 'E': answer.EventTimeMicros = Time(ref reader, ref answer); break;
                case 'T': order.TransactionTimeMicros = Time(ref reader, ref answer); break;
                case 's': seen |= 1; answer.Symbol = symbols.FindSymbol(Text(ref reader, ref answer)); break;
                case 'c': seen |= 2; Id(ref reader, ref answer, out id); break;
                case 'C': Id(ref reader, ref answer, out original); break;
                case 'S': order.Side = OrderText.ReadSide(Text(ref reader, ref answer)); break;
                case 'o': order.Type = OrderText.ReadType(Text(ref reader, ref answer)); break;
                case 'f': order.TimeInForce = OrderText.ReadTimeInForce(Text(ref reader, ref answer)); break;
                case 'q': order.Quantity = new Quantity(Amount(ref reader, ref answer)); break;
                case 'p': order.Price = new Price(Amount(ref reader, ref answer)); break;
                case 'x': seen |= 4; order.Report = OrderText.ReadReport(Text(ref reader, ref answer)); break;
                case 'X': seen |= 8; order.Status = OrderText.ReadStatus(Text(ref reader, ref answer)); break;
                case 'i': seen |= 16; order.ExchangeOrderId = Integer(ref reader, ref answer); break;
                case 'l': order.LastQuantity = new Quantity(Amount(ref reader, ref answer)); break;
                case 'z': seen |= 32; order.CumulativeQuantity = new Quantity(Amount(ref reader, ref answer)); break;
                case 'L': order.LastPrice = new Price(Amount(ref reader, ref answer)); break;
                case 'n': order.CommissionUnits = Amount(ref reader, ref answer); break;
                case 'N': order.CommissionAsset = Asset(ref reader); break;
                case 't': order.TradeId = Integer(ref reader, ref answer); break;
                case 'm': order.IsMaker = Flag(ref reader, ref answer) ? (byte)1 : (byte)0; break;
                case 'Z': order.CumulativeQuoteUnits = Amount(ref reader, ref answer); break;
                default: reader.Skip(); break;
            }
        }
        order.ClientId = original.IsEmpty ? id : original; // C first: on a cancel c is the cancel's own id.
        if (order.Report == ReportType.Unknown || order.Status == OrderStatus.Unknown || answer.IsBroken || seen != 63)
        {
            // What happened is not known, but to whom: the order is looked up.
            order.Report = ReportType.Unknown;
            order.Status = OrderStatus.Unknown;
        }
        answer.HasOrder = (seen & 2) != 0 && !order.ClientId.IsEmpty;
    }

    private void Position(ref Utf8JsonReader reader, ref Answer answer)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            switch (WireJson.ShortName(ref reader))
            {
                case 'E':
                    answer.EventTimeMicros = Time(ref reader, ref answer);
                    break;
                case 'B':
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.StartArray)
                    {
                        answer.IsBroken = true;
                        reader.Skip();
                        break;
                    }
                    while (reader.Read() && reader.TokenType == JsonTokenType.StartObject) Balance(ref reader, ref answer);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    private void Balance(ref Utf8JsonReader reader, ref Answer answer)
    {
        BalanceUpdate balance = default;
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            switch (WireJson.ShortName(ref reader))
            {
                case 'a': seen |= 1; balance.Asset = Asset(ref reader); break;
                case 'f': seen |= 2; balance.FreeUnits = Amount(ref reader, ref answer); break;
                case 'l': seen |= 4; balance.LockedUnits = Amount(ref reader, ref answer); break;
                default: reader.Skip(); break;
            }
        }
        if (seen != 7)
        {
            answer.IsBroken = true;
            return;
        }
        if (answer.Balances == _balances.Length) Array.Resize(ref _balances, _balances.Length * 2);
        _balances[answer.Balances++] = balance;
    }

    private static long Integer(ref Utf8JsonReader reader, ref Answer answer)
    {
        answer.IsBroken |= WireJson.Integer(ref reader, out long value) != Refusal.None;
        return value;
    }

    private static long Time(ref Utf8JsonReader reader, ref Answer answer)
    {
        answer.IsBroken |= WireJson.Time(ref reader, out long micros) != Refusal.None;
        return micros;
    }

    private static bool Flag(ref Utf8JsonReader reader, ref Answer answer)
    {
        answer.IsBroken |= WireJson.Flag(ref reader, out bool value) != Refusal.None;
        return value;
    }

    /// <summary>A decimal that may be negative (a rebate, an amount that the exchange does not know).</summary>
    private static long Amount(ref Utf8JsonReader reader, ref Answer answer)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped && FixedPoint.TryParse(reader.ValueSpan, out long units)) return units;
        if (reader.TokenType == JsonTokenType.Null) return 0;
        answer.IsBroken = true;
        reader.Skip();
        return 0;
    }

    private ReadOnlySpan<byte> Text(ref Utf8JsonReader reader, ref Answer answer)
    {
        reader.Read();
        int length = WireJson.CopyText(ref reader, _scratch);
        if (length >= 0) return _scratch.AsSpan(0, length);
        answer.IsBroken = true;
        reader.Skip();
        return default;
    }

    private void Id(ref Utf8JsonReader reader, ref Answer answer, out ClientOrderId id)
    {
        if (!ClientOrderId.TryCreate(Text(ref reader, ref answer), out id)) answer.IsBroken = true;
    }

    /// <summary>An asset's name, or none where the wire says null.</summary>
    private AssetCode Asset(ref Utf8JsonReader reader)
    {
        reader.Read();
        int length = WireJson.CopyText(ref reader, _scratch);
        if (length >= 0) return AssetCode.Create(_scratch.AsSpan(0, length));
        reader.Skip();
        return default;
    }
}
