using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;

namespace Peregrine.Storage.Export;

/// <summary>The columns of each kind, in the order in which they are written.</summary>
internal static class ExportColumns
{
    /// <summary>Enough for every name of an enumeration, and for the number of one that has no name yet.</summary>
    private const int NameWidth = 20;

    private const int SideWidth = 4;
    private const int AssetWidth = 15;

    internal static bool HasLevels(EventKind kind) => kind is EventKind.Depth20 or EventKind.DepthDiff or EventKind.DepthSnapshot;

    /// <summary>Whether rows end with whatever payload the event has, as hexadecimal digits: their width is known only when all were seen.</summary>
    internal static bool HasFreePayload(EventKind kind) => kind is EventKind.Session or EventKind.Timer or EventKind.Command or EventKind.Line or EventKind.Position or EventKind.Reconcile or EventKind.Holding or EventKind.RiskMemory;

    /// <param name="instruments">For the longest symbol.</param>
    /// <param name="payloadWidth">The longest free payload, in hexadecimal digits.</param>
    internal static ExportColumn[] Of(EventKind kind, DepthExport depth, InstrumentTable instruments, int payloadWidth)
    {
        int symbolWidth = instruments.All.Select(static known => System.Text.Encoding.UTF8.GetByteCount(known.Symbol)).Append(1).Max();
        ExportColumn[] common = [Number("seq"), Text("symbol", symbolWidth), Number("exchange_time"), Number("transaction_time"), Number("receive_time")];
        return [.. common, .. Own(kind, depth, payloadWidth)];
    }

    private static ExportColumn[] Own(EventKind kind, DepthExport depth, int payloadWidth) => kind switch
    {
        EventKind.AggTrade or EventKind.Trade =>
            [Number("id"), Units("price"), Units("quantity"), Number("first_id"), Number("last_id"), Flag("buyer_is_maker"), Flag("off_market")],
        EventKind.BookTicker => [Number("update_id"), Units("bid_price"), Units("bid_quantity"), Units("ask_price"), Units("ask_quantity")],
        EventKind.MarkPrice => [Units("mark"), Units("index"), Units("estimated_settle"), Units("funding_rate"), Number("next_funding_time"), Flag("polled")],
        EventKind.Liquidation => [Text("side", SideWidth), Units("price"), Units("average_price"), Units("quantity"), Units("last_quantity"), Units("filled_quantity")],
        EventKind.OpenInterest => [Units("contracts")],
        EventKind.Kline =>
        [
            Number("open_time"), Number("close_time"), Units("open"), Units("high"), Units("low"), Units("close"), Units("volume"), Units("quote_volume"),
            Units("taker_volume"), Units("taker_quote_volume"), Number("trades"), Number("first_id"), Number("last_id"), Flag("closed"),
        ],
        _ when HasLevels(kind) && depth == DepthExport.Events =>
            [Number("first_update_id"), Number("final_update_id"), Number("previous_final_update_id"), Number("bids"), Number("asks")],
        _ when HasLevels(kind) =>
            [Number("first_update_id"), Number("final_update_id"), Number("previous_final_update_id"), Text("side", SideWidth), Units("price"), Units("quantity")],
        EventKind.OrderIntent =>
        [
            Text("client_id", ClientOrderId.LengthMax), Number("cause"), Text("side", SideWidth), Text("type", NameWidth), Text("time_in_force", NameWidth),
            Units("price"), Units("quantity"), Number("strategy"),
        ],
        EventKind.CancelIntent => [Text("client_id", ClientOrderId.LengthMax), Number("order_id"), Number("cause")],
        EventKind.OrderReport =>
        [
            Text("client_id", ClientOrderId.LengthMax), Number("order_id"), Text("report", NameWidth), Text("status", NameWidth), Text("source", NameWidth),
            Text("side", SideWidth), Text("type", NameWidth), Text("time_in_force", NameWidth), Units("price"), Units("quantity"), Units("last_price"),
            Units("last_quantity"), Units("cumulative_quantity"), Units("cumulative_quote"), Number("trade_id"), Units("commission"),
            Text("commission_asset", AssetWidth), Number("maker"), Number("order_transaction_time"), Number("error"),
        ],
        EventKind.Decision =>
        [
            Number("cause"), new("input_hash", ColumnType.Unsigned), Units("position"), Units("target"), Text("side", SideWidth), Units("price"), Units("quantity"),
            Real("down"), Real("flat"), Real("up"), Number("strategy"), Text("verdict", NameWidth),
        ],
        EventKind.Gap => [Text("reason", NameWidth), Number("lost"), Number("detail")],
        EventKind.Balance => [Text("asset", AssetWidth), Units("free"), Units("locked")],
        _ => [Number("a"), Number("b"), Number("c"), Text("payload", payloadWidth)],
    };

    private static ExportColumn Number(string name) => new(name, ColumnType.Number);
    private static ExportColumn Units(string name) => new(name, ColumnType.Units);
    private static ExportColumn Real(string name) => new(name, ColumnType.Real);
    private static ExportColumn Flag(string name) => new(name, ColumnType.Flag);
    private static ExportColumn Text(string name, int width) => new(name, ColumnType.Text, width);
}
