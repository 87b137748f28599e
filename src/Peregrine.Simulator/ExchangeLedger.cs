using System.Text;
using System.Text.Json.Serialization;
using Peregrine.Common;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Trading;

namespace Peregrine.Simulator;

/// <summary>An order as the exchange knows it, whatever it told of it. Numbers are exact decimals.</summary>
public sealed record LedgerOrder(
    long OrderId, string ClientOrderId, string Symbol, string Side, string Type, string TimeInForce, string Status, string Price, string Quantity,
    string QuoteQuantity, string Executed, string ExecutedQuote, string Prevented, string Locked, long TimeMicros, long UpdatedMicros);

/// <summary>A fill of an order of the account's.</summary>
public sealed record LedgerTrade(
    long TradeId, long OrderId, string ClientOrderId, string Symbol, string Side, string Price, string Quantity, string Quote, string Commission, string CommissionAsset, bool IsMaker, long TimeMicros);

/// <summary>What the account holds of an asset.</summary>
public sealed record LedgerBalance(string Asset, string Free, string Locked);

/// <summary>The truth about the account, for comparison with what a client believes.</summary>
public sealed record ExchangeLedger(IReadOnlyList<LedgerOrder> Orders, IReadOnlyList<LedgerTrade> Trades, IReadOnlyList<LedgerBalance> Balances)
{
    internal static ExchangeLedger Of(OrderDesk desk) => new(
        [.. desk.All.Select(o => new LedgerOrder(
            o.Id, o.ClientId, o.Instrument.Symbol, o.Side.Text(), o.Type.Text(), o.TimeInForce.Text(), o.StatusText(), Exact(o.Price), Exact(o.Quantity),
            Exact(o.QuoteQuantity), Exact(o.Executed), Exact(o.ExecutedQuote), Exact(o.Prevented), Exact(o.Locked), o.TimeMicros, o.UpdatedMicros))],
        [.. desk.Trades.Select(t => new LedgerTrade(
            t.Fill.TradeId, t.Order.Id, t.Order.ClientId, t.Order.Instrument.Symbol, t.Order.Side.Text(), Exact(t.Fill.Price), Exact(t.Fill.Quantity), Exact(t.Fill.Quote),
            Exact(t.Fill.Commission), t.Fill.CommissionAsset, t.Fill.IsMaker, t.Fill.TimeMicros))],
        [.. desk.Account.Balances.Select(b => new LedgerBalance(b.Asset, Exact(b.Free), Exact(b.Locked)))]);

    private static string Exact(long units)
    {
        Span<byte> text = stackalloc byte[FixedPoint.TextLengthMax];
        return Encoding.ASCII.GetString(text[..FixedPoint.Format(units, text, FixedPoint.Places)]);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ExchangeLedger))]
[JsonSerializable(typeof(IReadOnlyList<OrderCall>))]
internal sealed partial class LedgerJson : JsonSerializerContext;
