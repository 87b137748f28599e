using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>Orders, trades and the account as REST and the WebSocket API show them.</summary>
internal static class OrderWire
{
    /// <summary>The answer to a placement, as short as was asked for.</summary>
    public static void Placed(WireWriter writer, VenueOrder order, string responseType)
    {
        writer.Raw("{\"symbol\":"u8).Text(order.Instrument.Symbol).Raw(",\"orderId\":"u8).Number(order.Id).Raw(",\"orderListId\":"u8).Number(order.List?.Id ?? -1).Raw(",\"clientOrderId\":"u8)
            .Text(order.ClientId).Raw(",\"transactTime\":"u8).Time(order.TimeMicros);
        if (responseType != "ACK")
        {
            Numbers(writer, order);
            writer.Raw(",\"workingTime\":"u8).Working(order).Raw(",\"selfTradePreventionMode\":\"NONE\""u8);
        }
        if (responseType == "FULL")
        {
            writer.Raw(",\"fills\":["u8);
            foreach (Fill fill in order.Fills)
            {
                writer.Comma().Raw("{\"price\":"u8).Decimal(fill.Price).Raw(",\"qty\":"u8).Decimal(fill.Quantity).Raw(",\"commission\":"u8).Decimal(fill.Commission)
                    .Raw(",\"commissionAsset\":"u8).Text(fill.CommissionAsset).Raw(",\"tradeId\":"u8).Number(fill.TradeId).Raw("}"u8);
            }
            writer.Raw("]"u8);
        }
        writer.Raw("}"u8);
    }

    public static void Canceled(WireWriter writer, VenueOrder order, string cancelId)
    {
        writer.Raw("{\"symbol\":"u8).Text(order.Instrument.Symbol).Raw(",\"origClientOrderId\":"u8).Text(order.ClientId)
            .Raw(",\"orderId\":"u8).Number(order.Id).Raw(",\"orderListId\":"u8).Number(order.List?.Id ?? -1).Raw(",\"clientOrderId\":"u8).Text(cancelId)
            .Raw(",\"transactTime\":"u8).Time(order.UpdatedMicros);
        Numbers(writer, order);
        writer.Raw(",\"selfTradePreventionMode\":\"NONE\"}"u8);
    }

    public static void Status(WireWriter writer, VenueOrder order)
    {
        writer.Raw("{\"symbol\":"u8).Text(order.Instrument.Symbol).Raw(",\"orderId\":"u8).Number(order.Id).Raw(",\"orderListId\":"u8).Number(order.List?.Id ?? -1).Raw(",\"clientOrderId\":"u8)
            .Text(order.ClientId).Raw(",\"price\":"u8).Decimal(order.Price).Raw(",\"origQty\":"u8).Decimal(order.Quantity)
            .Raw(",\"executedQty\":"u8).Decimal(order.Executed).Raw(",\"cummulativeQuoteQty\":"u8).Decimal(order.ExecutedQuote)
            .Raw(",\"status\":"u8).Text(order.StatusText()).Raw(",\"timeInForce\":"u8).Text(order.TimeInForce.Text())
            .Raw(",\"type\":"u8).Text(order.Type.Text()).Raw(",\"side\":"u8).Text(order.Side.Text())
            .Raw(",\"stopPrice\":"u8).Decimal(order.StopPrice).Raw(",\"icebergQty\":\"0.00000000\",\"time\":"u8).Time(order.TimeMicros)
            .Raw(",\"updateTime\":"u8).Time(order.UpdatedMicros).Raw(",\"isWorking\":"u8).Bool(order.IsWorking).Raw(",\"workingTime\":"u8).Working(order)
            .Raw(",\"origQuoteOrderQty\":"u8).Decimal(order.QuoteQuantity).Raw(",\"selfTradePreventionMode\":\"NONE\"}"u8);
    }

    public static void Trade(WireWriter writer, VenueOrder order, in Fill fill) =>
        writer.Raw("{\"symbol\":"u8).Text(order.Instrument.Symbol).Raw(",\"id\":"u8).Number(fill.TradeId).Raw(",\"orderId\":"u8).Number(order.Id)
            .Raw(",\"orderListId\":"u8).Number(order.List?.Id ?? -1).Raw(",\"price\":"u8).Decimal(fill.Price).Raw(",\"qty\":"u8).Decimal(fill.Quantity).Raw(",\"quoteQty\":"u8).Decimal(fill.Quote)
            .Raw(",\"commission\":"u8).Decimal(fill.Commission).Raw(",\"commissionAsset\":"u8).Text(fill.CommissionAsset)
            .Raw(",\"time\":"u8).Time(fill.TimeMicros).Raw(",\"isBuyer\":"u8).Bool(order.Side == Side.Buy)
            .Raw(",\"isMaker\":"u8).Bool(fill.IsMaker).Raw(",\"isBestMatch\":true}"u8);

    public static void Account(WireWriter writer, Account account, FeeSchedule fees, bool omitZero, long updateMicros)
    {
        writer.Raw("{\"makerCommission\":"u8).Number(fees.MakerBasisPoints).Raw(",\"takerCommission\":"u8).Number(fees.TakerBasisPoints)
            .Raw(",\"buyerCommission\":0,\"sellerCommission\":0,\"commissionRates\":{\"maker\":"u8).Decimal(fees.MakerBasisPoints * (FixedPoint.One / 10_000))
            .Raw(",\"taker\":"u8).Decimal(fees.TakerBasisPoints * (FixedPoint.One / 10_000))
            .Raw(",\"buyer\":\"0.00000000\",\"seller\":\"0.00000000\"},\"canTrade\":true,\"canWithdraw\":false,\"canDeposit\":false,\"brokered\":false"u8)
            .Raw(",\"requireSelfTradePrevention\":false,\"preventSor\":false,\"updateTime\":"u8).Time(updateMicros)
            .Raw(",\"accountType\":\"SPOT\",\"balances\":["u8);
        foreach (AssetBalance balance in account.Balances)
        {
            if (omitZero && balance is { Free: 0, Locked: 0 }) continue;
            writer.Comma().Raw("{\"asset\":"u8).Text(balance.Asset).Raw(",\"free\":"u8).Decimal(balance.Free)
                .Raw(",\"locked\":"u8).Decimal(balance.Locked).Raw("}"u8);
        }
        writer.Raw("],\"permissions\":[\"SPOT\"],\"uid\":1}"u8);
    }

    private static WireWriter Working(this WireWriter writer, VenueOrder order) => order.WorkingMicros < 0 ? writer.Number(-1) : writer.Time(order.WorkingMicros);

    private static void Numbers(WireWriter writer, VenueOrder order)
    {
        writer.Raw(",\"price\":"u8).Decimal(order.Price).Raw(",\"origQty\":"u8).Decimal(order.Quantity).Raw(",\"executedQty\":"u8).Decimal(order.Executed)
            .Raw(",\"origQuoteOrderQty\":"u8).Decimal(order.QuoteQuantity).Raw(",\"cummulativeQuoteQty\":"u8).Decimal(order.ExecutedQuote)
            .Raw(",\"status\":"u8).Text(order.StatusText()).Raw(",\"timeInForce\":"u8).Text(order.TimeInForce.Text())
            .Raw(",\"type\":"u8).Text(order.Type.Text()).Raw(",\"side\":"u8).Text(order.Side.Text());
        if (order.IsStop) writer.Raw(",\"stopPrice\":"u8).Decimal(order.StopPrice);
    }
}
