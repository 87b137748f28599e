using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Rows;

internal sealed class KlineTable : RecordTable<Kline>
{
    internal override EventKind Kind => EventKind.Kline;
    internal override string Name => "kline";

    protected override string Fields =>
        "open_time, close_time, open, high, low, close, volume, quote_volume, taker_volume, taker_quote_volume, trades, first_id, last_id";

    protected override int FieldCount => 13;
    protected override Kline Copy(in Kline record) => record;

    protected override void BindFields(Statement insert, in Kline record)
    {
        ReadOnlySpan<long> words = Payload.Of(in record); // All its fields are 64-bit, in the columns' order.
        for (int i = 0; i < words.Length; i++) insert.Bind(FirstParameter + i, words[i]);
    }

    protected override Kline ReadFields(Statement select) => new()
    {
        OpenTimeMicros = select.Int64(CommonColumns),
        CloseTimeMicros = select.Int64(CommonColumns + 1),
        Open = new Price(select.Int64(CommonColumns + 2)),
        High = new Price(select.Int64(CommonColumns + 3)),
        Low = new Price(select.Int64(CommonColumns + 4)),
        Close = new Price(select.Int64(CommonColumns + 5)),
        Volume = new Quantity(select.Int64(CommonColumns + 6)),
        QuoteVolumeUnits = select.Int64(CommonColumns + 7),
        TakerBuyVolume = new Quantity(select.Int64(CommonColumns + 8)),
        TakerBuyQuoteUnits = select.Int64(CommonColumns + 9),
        TradeCount = select.Int64(CommonColumns + 10),
        FirstTradeId = select.Int64(CommonColumns + 11),
        LastTradeId = select.Int64(CommonColumns + 12),
    };
}
