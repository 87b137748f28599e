using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Rows;

internal sealed class DecisionTable : RecordTable<DecisionRecord>
{
    internal override EventKind Kind => EventKind.Decision;
    internal override string Name => "decision";
    protected override string Fields => "cause, input_hash, position, target, price, quantity, down, flat, up, strategy, verdict, side";
    protected override int FieldCount => 12;

    protected override DecisionRecord Copy(in DecisionRecord record) => new()
    {
        CauseSequence = record.CauseSequence,
        InputHash = record.InputHash,
        Position = record.Position,
        TargetPosition = record.TargetPosition,
        Price = record.Price,
        OrderQuantity = record.OrderQuantity,
        DownProbability = Kept(record.DownProbability),
        FlatProbability = Kept(record.FlatProbability),
        UpProbability = Kept(record.UpProbability),
        StrategyId = record.StrategyId,
        Verdict = record.Verdict,
        Side = record.Side,
    };

    protected override void BindFields(Statement insert, in DecisionRecord record)
    {
        insert.Bind(FirstParameter, record.CauseSequence);
        insert.Bind(FirstParameter + 1, (long)record.InputHash);
        insert.Bind(FirstParameter + 2, record.Position.Raw);
        insert.Bind(FirstParameter + 3, record.TargetPosition.Raw);
        insert.Bind(FirstParameter + 4, record.Price.Raw);
        insert.Bind(FirstParameter + 5, record.OrderQuantity.Raw);
        insert.BindReal(FirstParameter + 6, record.DownProbability);
        insert.BindReal(FirstParameter + 7, record.FlatProbability);
        insert.BindReal(FirstParameter + 8, record.UpProbability);
        insert.Bind(FirstParameter + 9, record.StrategyId);
        insert.Bind(FirstParameter + 10, (long)record.Verdict);
        insert.Bind(FirstParameter + 11, (long)record.Side);
    }

    protected override DecisionRecord ReadFields(Statement select) => new()
    {
        CauseSequence = select.Int64(CommonColumns),
        InputHash = (ulong)select.Int64(CommonColumns + 1),
        Position = new Quantity(select.Int64(CommonColumns + 2)),
        TargetPosition = new Quantity(select.Int64(CommonColumns + 3)),
        Price = new Price(select.Int64(CommonColumns + 4)),
        OrderQuantity = new Quantity(select.Int64(CommonColumns + 5)),
        DownProbability = ReadReal(select, CommonColumns + 6),
        FlatProbability = ReadReal(select, CommonColumns + 7),
        UpProbability = ReadReal(select, CommonColumns + 8),
        StrategyId = (int)select.Int64(CommonColumns + 9),
        Verdict = (RiskVerdict)select.Int64(CommonColumns + 10),
        Side = (Side)select.Int64(CommonColumns + 11),
    };

    /// <summary>What a REAL column gives back: SQLite turns a NaN to NULL and drops the sign of a zero.</summary>
    private static float Kept(float value) => float.IsNaN(value) ? float.NaN : value == 0 ? 0f : value;

    private static float ReadReal(Statement select, int column) => select.IsNull(column) ? float.NaN : (float)select.Real(column);
}
