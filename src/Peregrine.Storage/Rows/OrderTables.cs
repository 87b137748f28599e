using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Rows;

internal sealed class OrderIntentTable : RecordTable<OrderIntent>
{
    internal override EventKind Kind => EventKind.OrderIntent;
    internal override string Name => "order_intent";
    protected override string Fields => "client_id, cause, price, quantity, strategy, side, type, time_in_force";
    protected override int FieldCount => 8;

    protected override OrderIntent Copy(in OrderIntent record) => new()
    {
        ClientId = Copy(in record.ClientId),
        CauseSequence = record.CauseSequence,
        Price = record.Price,
        Quantity = record.Quantity,
        StrategyId = record.StrategyId,
        Side = record.Side,
        Type = record.Type,
        TimeInForce = record.TimeInForce,
    };

    protected override void BindFields(Statement insert, in OrderIntent record)
    {
        insert.BindText(FirstParameter, record.ClientId.Utf8);
        insert.Bind(FirstParameter + 1, record.CauseSequence);
        insert.Bind(FirstParameter + 2, record.Price.Raw);
        insert.Bind(FirstParameter + 3, record.Quantity.Raw);
        insert.Bind(FirstParameter + 4, record.StrategyId);
        insert.Bind(FirstParameter + 5, (long)record.Side);
        insert.Bind(FirstParameter + 6, (long)record.Type);
        insert.Bind(FirstParameter + 7, (long)record.TimeInForce);
    }

    protected override OrderIntent ReadFields(Statement select) => new()
    {
        ClientId = ReadClientId(select, CommonColumns),
        CauseSequence = select.Int64(CommonColumns + 1),
        Price = new Price(select.Int64(CommonColumns + 2)),
        Quantity = new Quantity(select.Int64(CommonColumns + 3)),
        StrategyId = (int)select.Int64(CommonColumns + 4),
        Side = (Side)select.Int64(CommonColumns + 5),
        Type = (OrderType)select.Int64(CommonColumns + 6),
        TimeInForce = (TimeInForce)select.Int64(CommonColumns + 7),
    };
}

internal sealed class CancelIntentTable : RecordTable<CancelIntent>
{
    internal override EventKind Kind => EventKind.CancelIntent;
    internal override string Name => "cancel_intent";
    protected override string Fields => "client_id, order_id, cause";
    protected override int FieldCount => 3;

    protected override CancelIntent Copy(in CancelIntent record) => new()
    {
        ClientId = Copy(in record.ClientId),
        ExchangeOrderId = record.ExchangeOrderId,
        CauseSequence = record.CauseSequence,
    };

    protected override void BindFields(Statement insert, in CancelIntent record)
    {
        insert.BindText(FirstParameter, record.ClientId.Utf8);
        insert.Bind(FirstParameter + 1, record.ExchangeOrderId);
        insert.Bind(FirstParameter + 2, record.CauseSequence);
    }

    protected override CancelIntent ReadFields(Statement select) => new()
    {
        ClientId = ReadClientId(select, CommonColumns),
        ExchangeOrderId = select.Int64(CommonColumns + 1),
        CauseSequence = select.Int64(CommonColumns + 2),
    };
}

internal sealed class ExecutionReportTable : RecordTable<OrderReport>
{
    internal override EventKind Kind => EventKind.OrderReport;
    internal override string Name => "execution_report";

    protected override string Fields =>
        "client_id, commission_asset, order_id, trade_id, price, quantity, last_price, last_quantity, cumulative_quantity, cumulative_quote, " +
        "commission, transaction_time, error, report, status, source, side, type, time_in_force, maker";

    protected override int FieldCount => 20;

    protected override OrderReport Copy(in OrderReport record) => new()
    {
        ClientId = Copy(in record.ClientId),
        CommissionAsset = Copy(in record.CommissionAsset),
        ExchangeOrderId = record.ExchangeOrderId,
        TradeId = record.TradeId,
        Price = record.Price,
        Quantity = record.Quantity,
        LastPrice = record.LastPrice,
        LastQuantity = record.LastQuantity,
        CumulativeQuantity = record.CumulativeQuantity,
        CumulativeQuoteUnits = record.CumulativeQuoteUnits,
        CommissionUnits = record.CommissionUnits,
        TransactionTimeMicros = record.TransactionTimeMicros,
        ErrorCode = record.ErrorCode,
        Report = record.Report,
        Status = record.Status,
        Source = record.Source,
        Side = record.Side,
        Type = record.Type,
        TimeInForce = record.TimeInForce,
        IsMaker = record.IsMaker,
    };

    protected override void BindFields(Statement insert, in OrderReport record)
    {
        insert.BindText(FirstParameter, record.ClientId.Utf8);
        insert.BindText(FirstParameter + 1, record.CommissionAsset.Utf8);
        insert.Bind(FirstParameter + 2, record.ExchangeOrderId);
        insert.Bind(FirstParameter + 3, record.TradeId);
        insert.Bind(FirstParameter + 4, record.Price.Raw);
        insert.Bind(FirstParameter + 5, record.Quantity.Raw);
        insert.Bind(FirstParameter + 6, record.LastPrice.Raw);
        insert.Bind(FirstParameter + 7, record.LastQuantity.Raw);
        insert.Bind(FirstParameter + 8, record.CumulativeQuantity.Raw);
        insert.Bind(FirstParameter + 9, record.CumulativeQuoteUnits);
        insert.Bind(FirstParameter + 10, record.CommissionUnits);
        insert.Bind(FirstParameter + 11, record.TransactionTimeMicros);
        insert.Bind(FirstParameter + 12, record.ErrorCode);
        insert.Bind(FirstParameter + 13, (long)record.Report);
        insert.Bind(FirstParameter + 14, (long)record.Status);
        insert.Bind(FirstParameter + 15, (long)record.Source);
        insert.Bind(FirstParameter + 16, (long)record.Side);
        insert.Bind(FirstParameter + 17, (long)record.Type);
        insert.Bind(FirstParameter + 18, (long)record.TimeInForce);
        insert.Bind(FirstParameter + 19, record.IsMaker);
    }

    protected override OrderReport ReadFields(Statement select) => new()
    {
        ClientId = ReadClientId(select, CommonColumns),
        CommissionAsset = AssetCode.Create(select.Utf8(CommonColumns + 1)),
        ExchangeOrderId = select.Int64(CommonColumns + 2),
        TradeId = select.Int64(CommonColumns + 3),
        Price = new Price(select.Int64(CommonColumns + 4)),
        Quantity = new Quantity(select.Int64(CommonColumns + 5)),
        LastPrice = new Price(select.Int64(CommonColumns + 6)),
        LastQuantity = new Quantity(select.Int64(CommonColumns + 7)),
        CumulativeQuantity = new Quantity(select.Int64(CommonColumns + 8)),
        CumulativeQuoteUnits = select.Int64(CommonColumns + 9),
        CommissionUnits = select.Int64(CommonColumns + 10),
        TransactionTimeMicros = select.Int64(CommonColumns + 11),
        ErrorCode = (int)select.Int64(CommonColumns + 12),
        Report = (ReportType)select.Int64(CommonColumns + 13),
        Status = (OrderStatus)select.Int64(CommonColumns + 14),
        Source = (ReportSource)select.Int64(CommonColumns + 15),
        Side = (Side)select.Int64(CommonColumns + 16),
        Type = (OrderType)select.Int64(CommonColumns + 17),
        TimeInForce = (TimeInForce)select.Int64(CommonColumns + 18),
        IsMaker = (byte)select.Int64(CommonColumns + 19),
    };
}
