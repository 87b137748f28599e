using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Binance.Orders;

/// <summary>Binance's words for orders, as bytes, both ways. A word that is not known becomes the value that assumes nothing.</summary>
internal static class OrderText
{
    public static ReadOnlySpan<byte> Of(Side side) => side == Side.Buy ? "BUY"u8 : "SELL"u8;

    public static ReadOnlySpan<byte> Of(OrderType type) => type switch
    {
        OrderType.Limit => "LIMIT"u8,
        OrderType.LimitMaker => "LIMIT_MAKER"u8,
        OrderType.Market => "MARKET"u8,
        OrderType.StopLoss => "STOP_LOSS"u8,
        OrderType.StopLossLimit => "STOP_LOSS_LIMIT"u8,
        OrderType.TakeProfit => "TAKE_PROFIT"u8,
        OrderType.TakeProfitLimit => "TAKE_PROFIT_LIMIT"u8,
        _ => default,
    };

    public static ReadOnlySpan<byte> Of(SelfTradePrevention mode) => mode switch
    {
        SelfTradePrevention.ExpireMaker => "EXPIRE_MAKER"u8,
        SelfTradePrevention.ExpireBoth => "EXPIRE_BOTH"u8,
        SelfTradePrevention.Decrement => "DECREMENT"u8,
        SelfTradePrevention.Transfer => "TRANSFER"u8,
        SelfTradePrevention.None => "NONE"u8,
        _ => "EXPIRE_TAKER"u8,
    };

    public static ReadOnlySpan<byte> Of(ResponseDetail detail) => detail switch
    {
        ResponseDetail.Acknowledge => "ACK"u8,
        ResponseDetail.Full => "FULL"u8,
        _ => "RESULT"u8,
    };

    public static ReadOnlySpan<byte> Of(TimeInForce timeInForce) => timeInForce switch
    {
        TimeInForce.ImmediateOrCancel => "IOC"u8,
        TimeInForce.FillOrKill => "FOK"u8,
        _ => "GTC"u8,
    };

    public static Side ReadSide(ReadOnlySpan<byte> text) => text.SequenceEqual("BUY"u8) ? Side.Buy : text.SequenceEqual("SELL"u8) ? Side.Sell : Side.None;

    public static OrderType ReadType(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("LIMIT"u8)) return OrderType.Limit;
        if (text.SequenceEqual("MARKET"u8)) return OrderType.Market;
        if (text.SequenceEqual("LIMIT_MAKER"u8)) return OrderType.LimitMaker;
        if (text.SequenceEqual("STOP_LOSS"u8)) return OrderType.StopLoss;
        if (text.SequenceEqual("STOP_LOSS_LIMIT"u8)) return OrderType.StopLossLimit;
        if (text.SequenceEqual("TAKE_PROFIT"u8)) return OrderType.TakeProfit;
        return text.SequenceEqual("TAKE_PROFIT_LIMIT"u8) ? OrderType.TakeProfitLimit : OrderType.Other;
    }

    public static TimeInForce ReadTimeInForce(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("GTC"u8)) return TimeInForce.GoodTillCancel;
        if (text.SequenceEqual("IOC"u8)) return TimeInForce.ImmediateOrCancel;
        return text.SequenceEqual("FOK"u8) ? TimeInForce.FillOrKill : TimeInForce.None;
    }

    public static OrderStatus ReadStatus(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("NEW"u8) || text.SequenceEqual("PENDING_NEW"u8) || text.SequenceEqual("PENDING_CANCEL"u8)) return OrderStatus.New;
        if (text.SequenceEqual("FILLED"u8)) return OrderStatus.Filled;
        if (text.SequenceEqual("PARTIALLY_FILLED"u8)) return OrderStatus.PartiallyFilled;
        if (text.SequenceEqual("CANCELED"u8)) return OrderStatus.Canceled;
        if (text.SequenceEqual("REJECTED"u8)) return OrderStatus.Rejected;
        if (text.SequenceEqual("EXPIRED"u8) || text.SequenceEqual("EXPIRED_IN_MATCH"u8)) return OrderStatus.Expired;
        return OrderStatus.Unknown;
    }

    /// <summary>What an execution type of the user stream tells.</summary>
    public static ReportType ReadReport(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("TRADE"u8)) return ReportType.Trade;
        if (text.SequenceEqual("NEW"u8)) return ReportType.New;
        if (text.SequenceEqual("CANCELED"u8)) return ReportType.Canceled;
        if (text.SequenceEqual("REJECTED"u8)) return ReportType.Rejected;
        if (text.SequenceEqual("EXPIRED"u8)) return ReportType.Expired;
        if (text.SequenceEqual("REPLACED"u8)) return ReportType.Replaced;
        return text.SequenceEqual("TRADE_PREVENTION"u8) ? ReportType.Prevented : ReportType.Unknown;
    }

    /// <summary>What the state in an answer to a placement or cancel tells; fills are told one by one by the user stream.</summary>
    public static ReportType Report(OrderStatus status) => status switch
    {
        OrderStatus.New => ReportType.New,
        OrderStatus.Canceled => ReportType.Canceled,
        OrderStatus.Rejected => ReportType.Rejected,
        OrderStatus.Expired => ReportType.Expired,
        OrderStatus.PartiallyFilled or OrderStatus.Filled => ReportType.Status,
        _ => ReportType.Unknown,
    };
}
