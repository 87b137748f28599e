using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Matching;
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
            writer.Raw(",\"workingTime\":"u8).Working(order);
            Conditions(writer, order);
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
        if (responseType != "ACK")
        {
            Prevented(writer, order);
            writer.Raw(",\"selfTradePreventionMode\":"u8).Text(order.Prevention.Text());
            if (order.LastPreventedMatch is { } match)
            {
                if (match.TradeGroupId >= 0) writer.Raw(",\"tradeGroupId\":"u8).Number(match.TradeGroupId);
                writer.Raw(",\"preventedQuantity\":"u8).Decimal(order.Prevented);
            }
        }
        writer.Raw("}"u8);
    }

    /// <summary>What the taker did not trade.</summary>
    private static void Prevented(WireWriter writer, VenueOrder order)
    {
        if (order.PreventedMatches.Count == 0) return;
        writer.Raw(",\"preventedMatches\":["u8);
        foreach (PreventedMatch match in order.PreventedMatches)
        {
            writer.Comma().Raw("{\"preventedMatchId\":"u8).Number(match.Id).Raw(",\"makerSymbol\":"u8).Text(match.Instrument.Symbol)
                .Raw(",\"makerOrderId\":"u8).Number(match.Maker.Id).Raw(",\"price\":"u8).Decimal(match.Price);
            if (match.TakerPrevented > 0) writer.Raw(",\"takerPreventedQuantity\":"u8).Decimal(match.TakerPrevented);
            if (match.MakerPrevented > 0) writer.Raw(",\"makerPreventedQuantity\":"u8).Decimal(match.MakerPrevented);
            writer.Raw("}"u8);
        }
        writer.Raw("]"u8);
    }

    /// <summary>A prevented match as its own query shows it.</summary>
    public static void PreventedMatch(WireWriter writer, PreventedMatch match)
    {
        writer.Raw("{\"symbol\":"u8).Text(match.Instrument.Symbol).Raw(",\"preventedMatchId\":"u8).Number(match.Id).Raw(",\"takerOrderId\":"u8).Number(match.Taker.Id)
            .Raw(",\"makerSymbol\":"u8).Text(match.Instrument.Symbol).Raw(",\"makerOrderId\":"u8).Number(match.Maker.Id).Raw(",\"tradeGroupId\":"u8).Number(match.TradeGroupId)
            .Raw(",\"selfTradePreventionMode\":"u8).Text(match.Mode.Text()).Raw(",\"price\":"u8).Decimal(match.Price);
        if (match.TakerPrevented > 0) writer.Raw(",\"takerPreventedQuantity\":"u8).Decimal(match.TakerPrevented);
        if (match.MakerPrevented > 0) writer.Raw(",\"makerPreventedQuantity\":"u8).Decimal(match.MakerPrevented);
        writer.Raw(",\"transactTime\":"u8).Time(match.TimeMicros).Raw("}"u8);
    }

    public static void Canceled(WireWriter writer, VenueOrder order, string cancelId)
    {
        writer.Raw("{\"symbol\":"u8).Text(order.Instrument.Symbol).Raw(",\"origClientOrderId\":"u8).Text(order.ClientId)
            .Raw(",\"orderId\":"u8).Number(order.Id).Raw(",\"orderListId\":"u8).Number(order.List?.Id ?? -1).Raw(",\"clientOrderId\":"u8).Text(cancelId)
            .Raw(",\"transactTime\":"u8).Time(order.UpdatedMicros);
        Numbers(writer, order);
        Conditions(writer, order);
        writer.Raw(",\"selfTradePreventionMode\":"u8).Text(order.Prevention.Text()).Raw("}"u8);
    }

    public static void Status(WireWriter writer, VenueOrder order)
    {
        writer.Raw("{\"symbol\":"u8).Text(order.Instrument.Symbol).Raw(",\"orderId\":"u8).Number(order.Id).Raw(",\"orderListId\":"u8).Number(order.List?.Id ?? -1).Raw(",\"clientOrderId\":"u8)
            .Text(order.ClientId).Raw(",\"price\":"u8).Decimal(order.Price).Raw(",\"origQty\":"u8).Decimal(order.Quantity)
            .Raw(",\"executedQty\":"u8).Decimal(order.Executed).Raw(",\"cummulativeQuoteQty\":"u8).Decimal(order.ExecutedQuote)
            .Raw(",\"status\":"u8).Text(order.StatusText()).Raw(",\"timeInForce\":"u8).Text(order.TimeInForce.Text())
            .Raw(",\"type\":"u8).Text(order.Type.Text()).Raw(",\"side\":"u8).Text(order.Side.Text())
            .Raw(",\"stopPrice\":"u8).Decimal(order.StopPrice).Raw(",\"icebergQty\":"u8).Decimal(order.IcebergQuantity).Raw(",\"time\":"u8).Time(order.TimeMicros)
            .Raw(",\"updateTime\":"u8).Time(order.UpdatedMicros).Raw(",\"isWorking\":"u8).Bool(order.IsWorking).Raw(",\"workingTime\":"u8).Working(order)
            .Raw(",\"origQuoteOrderQty\":"u8).Decimal(order.QuoteQuantity);
        Conditions(writer, order, isWhole: true);
        writer.Raw(",\"selfTradePreventionMode\":"u8).Text(order.Prevention.Text());
        if (order.LastPreventedMatch is { } match) writer.Raw(",\"preventedMatchId\":"u8).Number(match.Id).Raw(",\"preventedQuantity\":"u8).Decimal(order.Prevented);
        writer.Raw("}"u8);
    }

    public static void Trade(WireWriter writer, VenueOrder order, in Fill fill) =>
        writer.Raw("{\"symbol\":"u8).Text(order.Instrument.Symbol).Raw(",\"id\":"u8).Number(fill.TradeId).Raw(",\"orderId\":"u8).Number(order.Id)
            .Raw(",\"orderListId\":"u8).Number(order.List?.Id ?? -1).Raw(",\"price\":"u8).Decimal(fill.Price).Raw(",\"qty\":"u8).Decimal(fill.Quantity).Raw(",\"quoteQty\":"u8).Decimal(fill.Quote)
            .Raw(",\"commission\":"u8).Decimal(fill.Commission).Raw(",\"commissionAsset\":"u8).Text(fill.CommissionAsset)
            .Raw(",\"time\":"u8).Time(fill.TimeMicros).Raw(",\"isBuyer\":"u8).Bool(order.Side == Side.Buy)
            .Raw(",\"isMaker\":"u8).Bool(fill.IsMaker).Raw(",\"isBestMatch\":true}"u8);

    public static void Account(WireWriter writer, TradingAccount owner, bool omitZero, long updateMicros)
    {
        (Account account, FeeSchedule fees) = (owner.Desk.Account, owner.Desk.Fees);
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
        writer.Raw("],\"permissions\":[\"SPOT\"],\"uid\":"u8).Number(owner.Uid).Raw("}"u8);
    }

    private static WireWriter Working(this WireWriter writer, VenueOrder order) => order.WorkingMicros < 0 ? writer.Number(-1) : writer.Time(order.WorkingMicros);

    private static void Numbers(WireWriter writer, VenueOrder order)
    {
        writer.Raw(",\"price\":"u8).Decimal(order.Price);
        if (!order.IsUnknownQuantity) writer.Raw(",\"origQty\":"u8).Decimal(order.Quantity);
        writer.Raw(",\"executedQty\":"u8).Decimal(order.Executed)
            .Raw(",\"origQuoteOrderQty\":"u8).Decimal(order.QuoteQuantity).Raw(",\"cummulativeQuoteQty\":"u8).Decimal(order.ExecutedQuote)
            .Raw(",\"status\":"u8).Text(order.StatusText()).Raw(",\"timeInForce\":"u8).Text(order.TimeInForce.Text())
            .Raw(",\"type\":"u8).Text(order.Type.Text()).Raw(",\"side\":"u8).Text(order.Side.Text());
    }

    /// <summary>Fields that are there for orders of some kinds.</summary>
    /// <param name="isWhole">Whether stop price and iceberg quantity are there for all orders.</param>
    private static void Conditions(WireWriter writer, VenueOrder order, bool isWhole = false)
    {
        if (!isWhole && order.IcebergQuantity > 0) writer.Raw(",\"icebergQty\":"u8).Decimal(order.IcebergQuantity);
        if (!isWhole && order.StopPrice > 0) writer.Raw(",\"stopPrice\":"u8).Decimal(order.StopPrice);
        if (order.Trailing is { } trailing)
        {
            writer.Raw(",\"trailingDelta\":"u8).Number(order.TrailingDelta);
            if (trailing.SinceMicros >= 0) writer.Raw(",\"trailingTime\":"u8).Time(trailing.SinceMicros);
            else writer.Raw(",\"trailingTime\":-1"u8);
        }
        if (order.StrategyId is { } strategy) writer.Raw(",\"strategyId\":"u8).Number(strategy);
        if (order.StrategyType is { } type) writer.Raw(",\"strategyType\":"u8).Number(type);
        if (order.ExpiryReason is { } reason) writer.Raw(",\"expiryReason\":"u8).Text(reason);
    }
}
