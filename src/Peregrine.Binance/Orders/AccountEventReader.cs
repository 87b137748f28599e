using System.Text.Json;

using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;

namespace Peregrine.Binance.Orders;

/// <summary>What the account's event stream tells. Allocates nothing once its table of balances is large enough. One thread.</summary>
internal sealed class AccountEventReader(StreamTable symbols)
{
    private readonly byte[] _scratch = new byte[128];
    private BalanceUpdate[] _balances = new BalanceUpdate[64];

    /// <summary>An order's event. False where it names no order: then nothing can be said of anything.</summary>
    /// <param name="row">Its report is Unknown where the event could not be read whole: what happened is not known, but to whom; the order is looked up.</param>
    public bool TryReadExecution(ReadOnlySpan<byte> body, out OrderRow row, out long eventTimeMicros)
    {
        row = default;
        eventTimeMicros = 0;
        Utf8JsonReader reader = Open(body);
        ref OrderReport order = ref row.Order;
        ref bool broken = ref row.IsBroken;
        order.TradeId = -1;
        order.Source = ReportSource.Stream;
        ClientOrderId id = default, original = default;
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            switch (WireJson.ShortName(ref reader))
            {
                case 'E': eventTimeMicros = FieldReader.Time(ref reader, ref broken); break;
                case 'T': order.TransactionTimeMicros = FieldReader.Time(ref reader, ref broken); break;
                case 's': seen |= 1; row.Symbol = symbols.FindSymbol(FieldReader.Text(ref reader, _scratch, ref broken)); break;
                case 'c': seen |= 2; id = FieldReader.Id(ref reader, ref broken); break;
                case 'C': original = FieldReader.Id(ref reader, ref broken); break;
                case 'S': order.Side = OrderText.ReadSide(FieldReader.Text(ref reader, _scratch, ref broken)); break;
                case 'o': order.Type = OrderText.ReadType(FieldReader.Text(ref reader, _scratch, ref broken)); break;
                case 'f': order.TimeInForce = OrderText.ReadTimeInForce(FieldReader.Text(ref reader, _scratch, ref broken)); break;
                case 'q': order.Quantity = new Quantity(FieldReader.Amount(ref reader, ref broken)); break;
                case 'p': order.Price = new Price(FieldReader.Amount(ref reader, ref broken)); break;
                case 'x': seen |= 4; order.Report = OrderText.ReadReport(FieldReader.Text(ref reader, _scratch, ref broken)); break;
                case 'X': seen |= 8; order.Status = OrderText.ReadStatus(FieldReader.Text(ref reader, _scratch, ref broken)); break;
                case 'i': seen |= 16; order.ExchangeOrderId = FieldReader.Integer(ref reader, ref broken); break;
                case 'l': order.LastQuantity = new Quantity(FieldReader.Amount(ref reader, ref broken)); break;
                case 'z': seen |= 32; order.CumulativeQuantity = new Quantity(FieldReader.Amount(ref reader, ref broken)); break;
                case 'L': order.LastPrice = new Price(FieldReader.Amount(ref reader, ref broken)); break;
                case 'n': order.CommissionUnits = FieldReader.Amount(ref reader, ref broken); break;
                case 'N': order.CommissionAsset = FieldReader.Asset(ref reader); break;
                case 't': order.TradeId = FieldReader.Integer(ref reader, ref broken); break;
                case 'm': order.IsMaker = FieldReader.Flag(ref reader, ref broken) ? (byte)1 : (byte)0; break;
                case 'Z': order.CumulativeQuoteUnits = FieldReader.Amount(ref reader, ref broken); break;
                default: reader.Skip(); break;
            }
        }
        order.ClientId = original.IsEmpty ? id : original; // C first: on a cancel c is the cancel's own id.
        if (order.Report == ReportType.Unknown || order.Status == OrderStatus.Unknown || broken || seen != 63)
        {
            order.Report = ReportType.Unknown;
            order.Status = OrderStatus.Unknown;
        }
        row.HasOrder = (seen & 2) != 0 && !order.ClientId.IsEmpty;
        return row.HasOrder;
    }

    /// <summary>Balances that changed, absolute; false where they could not all be read.</summary>
    public bool TryReadBalances(ReadOnlySpan<byte> body, out ReadOnlySpan<BalanceUpdate> balances, out long eventTimeMicros)
    {
        int count = 0;
        bool broken = false;
        eventTimeMicros = 0;
        Utf8JsonReader reader = Open(body);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            switch (WireJson.ShortName(ref reader))
            {
                case 'E':
                    eventTimeMicros = FieldReader.Time(ref reader, ref broken);
                    break;
                case 'B':
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.StartArray)
                    {
                        broken = true;
                        reader.Skip();
                        break;
                    }
                    while (reader.Read() && reader.TokenType == JsonTokenType.StartObject) Balance(ref reader, ref count, ref broken);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        balances = _balances.AsSpan(0, count);
        return !broken;
    }

    /// <summary>A deposit, withdrawal or transfer (balanceUpdate), or what something outside locked (externalLockUpdate): an asset and by how much.</summary>
    public static bool TryReadDelta(ReadOnlySpan<byte> body, out AssetCode asset, out long deltaUnits, out long eventTimeMicros)
    {
        asset = default;
        deltaUnits = eventTimeMicros = 0;
        bool broken = false;
        uint seen = 0;
        Utf8JsonReader reader = Open(body);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            switch (WireJson.ShortName(ref reader))
            {
                case 'E': eventTimeMicros = FieldReader.Time(ref reader, ref broken); break;
                case 'a': seen |= 1; asset = FieldReader.Asset(ref reader); break;
                case 'd': seen |= 2; deltaUnits = FieldReader.Amount(ref reader, ref broken); break;
                default: reader.Skip(); break;
            }
        }
        return !broken && seen == 3;
    }

    /// <summary>Whether an order list was refused; its orders have events of their own.</summary>
    public static bool IsListRefused(ReadOnlySpan<byte> body)
    {
        Utf8JsonReader reader = Open(body);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isState = WireJson.ShortName(ref reader) == 'L';
            reader.Read();
            if (isState && reader.TokenType == JsonTokenType.String) return reader.ValueTextEquals("REJECT"u8);
            reader.Skip();
        }
        return false;
    }

    private void Balance(ref Utf8JsonReader reader, ref int count, ref bool broken)
    {
        BalanceUpdate balance = default;
        uint seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            switch (WireJson.ShortName(ref reader))
            {
                case 'a': seen |= 1; balance.Asset = FieldReader.Asset(ref reader); break;
                case 'f': seen |= 2; balance.FreeUnits = FieldReader.Amount(ref reader, ref broken); break;
                case 'l': seen |= 4; balance.LockedUnits = FieldReader.Amount(ref reader, ref broken); break;
                default: reader.Skip(); break;
            }
        }
        if (seen != 7)
        {
            broken = true;
            return;
        }
        if (count == _balances.Length) Array.Resize(ref _balances, _balances.Length * 2);
        _balances[count++] = balance;
    }

    /// <summary>The body was read as JSON once: it cannot be broken as such. The reader stands on its '{'.</summary>
    private static Utf8JsonReader Open(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, isFinalBlock: true, new JsonReaderState(WireJson.Options));
        reader.Read();
        return reader;
    }
}
