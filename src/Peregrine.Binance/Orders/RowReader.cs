using System.Text.Json;

using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;

namespace Peregrine.Binance.Orders;

/// <summary>One order or trade as an answer shows it.</summary>
internal struct OrderRow
{
    public OrderReport Order;
    public SymbolId Symbol;

    /// <summary>It names an order and a symbol.</summary>
    public bool HasOrder;

    /// <summary>Something in it was not what it should be.</summary>
    public bool IsBroken;
}

/// <summary>What the two halves of a cancel-and-replace came to: an order, or an error's code; neither where it was not tried.</summary>
internal struct ReplaceOutcome
{
    public OrderRow Cancelled;
    public OrderRow Placed;
    public int CancelCode;
    public int PlaceCode;

    /// <summary>The exchange said of each half what became of it.</summary>
    public bool IsWhole;

    public bool WasPlacingTried;
    public bool IsDuplicateOrder;
}

/// <summary>Takes the rows of an answer as they are read.</summary>
internal interface IRowSink
{
    void OnOrder(ref OrderRow row);

    void OnTrade(ref OrderRow row);

    void OnBalance(in BalanceUpdate balance);
}

/// <summary>
/// Reads the bodies of answers, row by row, into a sink: orders, trades, balances, lists. Unknown words become the value that assumes nothing. Allocates
/// nothing. One thread. A method that says false met something it could not read: nothing may be concluded from what came before it.
/// </summary>
internal sealed class RowReader(StreamTable symbols)
{
    private readonly byte[] _scratch = new byte[128];

    /// <summary>One order as placement, cancel and query answer it.</summary>
    public bool TryReadOrder(ReadOnlySpan<byte> body, out OrderRow row)
    {
        row = default;
        try
        {
            Utf8JsonReader reader = Open(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            ReadOrder(ref reader, out row);
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>An array of orders; lists of orders may stand among them.</summary>
    public bool TryReadOrders(ReadOnlySpan<byte> body, IRowSink sink, out int rows)
    {
        rows = 0;
        try
        {
            Utf8JsonReader reader = Open(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray) return false;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.StartObject) return false;
                if (!ReadOrderOrList(ref reader, sink, ref rows)) return false;
            }
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The orders of a list, as its placement or cancel answers it; or one order, where it stands alone.</summary>
    public bool TryReadOrderOrList(ReadOnlySpan<byte> body, IRowSink sink, out int rows)
    {
        rows = 0;
        try
        {
            Utf8JsonReader reader = Open(body);
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject && ReadOrderOrList(ref reader, sink, ref rows);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The rows of myTrades. They come oldest first.</summary>
    public bool TryReadTrades(ReadOnlySpan<byte> body, IRowSink sink, out int rows, out long lastId)
    {
        rows = 0;
        lastId = -1;
        try
        {
            Utf8JsonReader reader = Open(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray) return false;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.StartObject) return false;
                ReadTrade(ref reader, out OrderRow row);
                if (row.IsBroken || row.Order.TradeId < 0) return false;
                rows++;
                lastId = Math.Max(lastId, row.Order.TradeId);
                sink.OnTrade(ref row);
            }
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The balances of account.status.</summary>
    public bool TryReadAccount(ReadOnlySpan<byte> body, IRowSink sink, out int rows)
    {
        rows = 0;
        bool found = false, broken = false;
        try
        {
            Utf8JsonReader reader = Open(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!reader.ValueTextEquals("balances"u8))
                {
                    reader.Skip();
                    continue;
                }
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartArray) return false;
                found = true;
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                {
                    BalanceUpdate balance = default;
                    int seen = 0;
                    while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                    {
                        if (reader.ValueTextEquals("asset"u8)) (seen, balance.Asset) = (seen | 1, FieldReader.Asset(ref reader));
                        else if (reader.ValueTextEquals("free"u8)) (seen, balance.FreeUnits) = (seen | 2, FieldReader.Amount(ref reader, ref broken));
                        else if (reader.ValueTextEquals("locked"u8)) (seen, balance.LockedUnits) = (seen | 4, FieldReader.Amount(ref reader, ref broken));
                        else reader.Skip();
                    }
                    if (seen != 7 || broken) return false;
                    rows++;
                    sink.OnBalance(in balance);
                }
            }
            return found;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The result of a cancel-and-replace, or the data of its error.</summary>
    public bool TryReadReplace(ReadOnlySpan<byte> body, out ReplaceOutcome outcome)
    {
        outcome = default;
        bool hasCancel = false, hasPlace = false, broken = false;
        try
        {
            Utf8JsonReader reader = Open(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("cancelResult"u8))
                {
                    hasCancel = !FieldReader.Text(ref reader, _scratch, ref broken).IsEmpty;
                }
                else if (reader.ValueTextEquals("newOrderResult"u8))
                {
                    ReadOnlySpan<byte> result = FieldReader.Text(ref reader, _scratch, ref broken);
                    hasPlace = !result.IsEmpty;
                    outcome.WasPlacingTried = !result.SequenceEqual("NOT_ATTEMPTED"u8);
                }
                else if (reader.ValueTextEquals("cancelResponse"u8))
                {
                    Half(ref reader, out outcome.Cancelled, out outcome.CancelCode, out _);
                }
                else if (reader.ValueTextEquals("newOrderResponse"u8))
                {
                    Half(ref reader, out outcome.Placed, out outcome.PlaceCode, out outcome.IsDuplicateOrder);
                }
                else
                {
                    reader.Skip();
                }
            }
            outcome.IsWhole = hasCancel && hasPlace && !broken && !outcome.Cancelled.IsBroken && !outcome.Placed.IsBroken;
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private void Half(ref Utf8JsonReader reader, out OrderRow row, out int code, out bool isDuplicate)
    {
        row = default;
        code = 0;
        isDuplicate = false;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }
        Utf8JsonReader look = reader;
        bool broken = false;
        while (look.Read() && look.TokenType == JsonTokenType.PropertyName)
        {
            if (look.ValueTextEquals("code"u8)) code = (int)Math.Clamp(FieldReader.Integer(ref look, ref broken), int.MinValue, int.MaxValue);
            else if (look.ValueTextEquals("msg"u8)) isDuplicate = FieldReader.Text(ref look, _scratch, ref broken).StartsWith("Duplicate order"u8);
            else look.Skip();
        }
        if (code == 0) ReadOrder(ref reader, out row);
        else reader.Skip();
    }

    private bool ReadLegs(ref Utf8JsonReader reader, IRowSink sink, ref int rows)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            ReadOrder(ref reader, out OrderRow leg);
            if (leg.IsBroken) return false;
            rows++;
            sink.OnOrder(ref leg);
        }
        return true;
    }

    private bool ReadOrderOrList(ref Utf8JsonReader reader, IRowSink sink, ref int rows)
    {
        Utf8JsonReader look = reader, legs = default;
        bool hasLegs = false;
        while (look.Read() && look.TokenType == JsonTokenType.PropertyName)
        {
            // What placed or cancelled a list reports its orders; what only shows it names them.
            bool reports = look.ValueTextEquals("orderReports"u8), names = look.ValueTextEquals("orders"u8);
            if (reports || (names && !hasLegs))
            {
                legs = look;
                hasLegs = true;
            }
            look.Skip();
            if (reports) break;
        }
        if (hasLegs)
        {
            if (!ReadLegs(ref legs, sink, ref rows)) return false;
            reader.Skip();
            return true;
        }
        ReadOrder(ref reader, out OrderRow row);
        if (row.IsBroken || !row.HasOrder) return false;
        rows++;
        sink.OnOrder(ref row);
        return true;
    }

    /// <summary>The reader stands on the '{' and is left on its '}'.</summary>
    private void ReadOrder(ref Utf8JsonReader reader, out OrderRow row)
    {
        row = default;
        ref OrderReport order = ref row.Order;
        ref bool broken = ref row.IsBroken;
        order.TradeId = -1;
        ClientOrderId id = default, original = default;
        bool hasOrderId = false, hasSymbol = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("symbol"u8))
            {
                hasSymbol = true;
                row.Symbol = symbols.FindSymbol(FieldReader.Text(ref reader, _scratch, ref broken));
            }
            else if (reader.ValueTextEquals("orderId"u8))
            {
                hasOrderId = true;
                order.ExchangeOrderId = FieldReader.Integer(ref reader, ref broken);
            }
            else if (reader.ValueTextEquals("clientOrderId"u8)) id = FieldReader.Id(ref reader, ref broken);
            else if (reader.ValueTextEquals("origClientOrderId"u8)) original = FieldReader.Id(ref reader, ref broken);
            else if (reader.ValueTextEquals("price"u8)) order.Price = new Price(FieldReader.Amount(ref reader, ref broken));
            else if (reader.ValueTextEquals("origQty"u8) || reader.ValueTextEquals("qty"u8)) order.Quantity = new Quantity(FieldReader.Amount(ref reader, ref broken));
            else if (reader.ValueTextEquals("executedQty"u8)) order.CumulativeQuantity = new Quantity(FieldReader.Amount(ref reader, ref broken));
            else if (reader.ValueTextEquals("cummulativeQuoteQty"u8) || reader.ValueTextEquals("cumulativeQuoteQty"u8))
                order.CumulativeQuoteUnits = Math.Max(0, FieldReader.Amount(ref reader, ref broken)); // Below zero: unknown.
            else if (reader.ValueTextEquals("status"u8)) order.Status = OrderText.ReadStatus(FieldReader.Text(ref reader, _scratch, ref broken));
            else if (reader.ValueTextEquals("timeInForce"u8)) order.TimeInForce = OrderText.ReadTimeInForce(FieldReader.Text(ref reader, _scratch, ref broken));
            else if (reader.ValueTextEquals("type"u8)) order.Type = OrderText.ReadType(FieldReader.Text(ref reader, _scratch, ref broken));
            else if (reader.ValueTextEquals("side"u8)) order.Side = OrderText.ReadSide(FieldReader.Text(ref reader, _scratch, ref broken));
            else if (reader.ValueTextEquals("transactTime"u8) || reader.ValueTextEquals("updateTime"u8)) order.TransactionTimeMicros = FieldReader.Time(ref reader, ref broken);
            else if (reader.ValueTextEquals("amendedOrder"u8))
            {
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartObject)
                {
                    broken = true;
                    reader.Skip();
                    continue;
                }
                long time = order.TransactionTimeMicros;
                ReadOrder(ref reader, out row);
                row.Order.TransactionTimeMicros = time;
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName) reader.Skip();
                return;
            }
            else reader.Skip();
        }
        order.ClientId = original.IsEmpty ? id : original; // On a cancel the plain one is the cancel's own.
        row.HasOrder = hasOrderId && hasSymbol && !order.ClientId.IsEmpty;
    }

    private void ReadTrade(ref Utf8JsonReader reader, out OrderRow row)
    {
        row = default;
        ref OrderReport fill = ref row.Order;
        ref bool broken = ref row.IsBroken;
        fill.TradeId = -1;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8)) fill.TradeId = FieldReader.Integer(ref reader, ref broken);
            else if (reader.ValueTextEquals("orderId"u8)) fill.ExchangeOrderId = FieldReader.Integer(ref reader, ref broken);
            else if (reader.ValueTextEquals("symbol"u8)) row.Symbol = symbols.FindSymbol(FieldReader.Text(ref reader, _scratch, ref broken));
            else if (reader.ValueTextEquals("price"u8)) fill.LastPrice = new Price(FieldReader.Amount(ref reader, ref broken));
            else if (reader.ValueTextEquals("qty"u8)) fill.LastQuantity = new Quantity(FieldReader.Amount(ref reader, ref broken));
            else if (reader.ValueTextEquals("commission"u8)) fill.CommissionUnits = FieldReader.Amount(ref reader, ref broken);
            else if (reader.ValueTextEquals("commissionAsset"u8)) fill.CommissionAsset = FieldReader.Asset(ref reader);
            else if (reader.ValueTextEquals("time"u8)) fill.TransactionTimeMicros = FieldReader.Time(ref reader, ref broken);
            else if (reader.ValueTextEquals("isBuyer"u8)) fill.Side = FieldReader.Flag(ref reader, ref broken) ? Side.Buy : Side.Sell;
            else if (reader.ValueTextEquals("isMaker"u8)) fill.IsMaker = FieldReader.Flag(ref reader, ref broken) ? (byte)1 : (byte)0;
            else reader.Skip();
        }
        row.HasOrder = fill.TradeId >= 0;
    }

    private static Utf8JsonReader Open(ReadOnlySpan<byte> body) => new(body, isFinalBlock: true, new JsonReaderState(WireJson.Options));
}
