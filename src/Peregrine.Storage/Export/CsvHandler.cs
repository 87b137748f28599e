using System.Runtime.InteropServices;
using System.Text;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;

namespace Peregrine.Storage.Export;

/// <summary>
/// Writes the events of one kind as lines. Times are as recorded: exchange times in microseconds, receive times in nanoseconds since 1970, UTC.
/// </summary>
internal sealed class CsvHandler(EventKind kind, DepthExport depth, InstrumentTable instruments, TextWriter writer) : IEventHandler
{
    private const string Head = "seq,symbol,exchange_time,transaction_time,receive_time";
    private readonly CsvLine _line = new(writer);

    /// <summary>Lines written, without the header.</summary>
    internal long Rows { get; private set; }

    private static bool HasLevels(EventKind kind) => kind is EventKind.Depth20 or EventKind.DepthDiff or EventKind.DepthSnapshot;

    internal void WriteHeader()
    {
        string own = kind switch
        {
            EventKind.AggTrade or EventKind.Trade => "id,price,quantity,first_id,last_id,buyer_is_maker,off_market",
            EventKind.BookTicker => "update_id,bid_price,bid_quantity,ask_price,ask_quantity",
            EventKind.Kline => "open_time,close_time,open,high,low,close,volume,quote_volume,taker_volume,taker_quote_volume,trades,first_id,last_id,closed",
            _ when HasLevels(kind) => "first_update_id,final_update_id,previous_final_update_id," + (depth == DepthExport.Events ? "bids,asks" : "side,price,quantity"),
            EventKind.OrderIntent => "client_id,cause,side,type,time_in_force,price,quantity,strategy",
            EventKind.CancelIntent => "client_id,order_id,cause",
            EventKind.OrderReport =>
                "client_id,order_id,report,status,source,side,type,time_in_force,price,quantity,last_price,last_quantity,cumulative_quantity,cumulative_quote," +
                "trade_id,commission,commission_asset,maker,order_transaction_time,error",
            EventKind.Decision => "cause,input_hash,position,target,side,price,quantity,down,flat,up,strategy,verdict",
            EventKind.Gap => "reason,lost,detail",
            EventKind.Balance => "asset,free,locked",
            _ => "a,b,c,payload",
        };
        writer.Write($"{Head},{own}\n");
    }

    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (!HasLevels(kind))
        {
            WriteCommon(sequence, in entry);
            WriteOwn(in entry, payload);
            EndLine();
            return;
        }
        if (depth == DepthExport.Events)
        {
            WriteUpdateIds(sequence, in entry);
            _line.Number(entry.Depth.BidCount);
            _line.Number((payload.Length / Level.Words) - entry.Depth.BidCount);
            EndLine();
            return;
        }
        ReadOnlySpan<Level> levels = Payload.Levels(payload);
        for (int i = 0; i < levels.Length; i++)
        {
            WriteUpdateIds(sequence, in entry);
            _line.Text(i < entry.Depth.BidCount ? "bid" : "ask");
            _line.Units(levels[i].Price.Raw);
            _line.Units(levels[i].Quantity.Raw);
            EndLine();
        }
    }

    private void WriteCommon(long sequence, in MarketEvent entry)
    {
        _line.Number(sequence);
        _line.Text(entry.Symbol.IsNone ? "" : instruments[entry.Symbol].Symbol);
        _line.Number(entry.ExchangeTimeMicros);
        _line.Number(entry.TransactionTimeMicros);
        _line.Number(entry.ReceiveTimeNanos);
    }

    private void WriteUpdateIds(long sequence, in MarketEvent entry)
    {
        WriteCommon(sequence, in entry);
        _line.Number(entry.Depth.FirstUpdateId);
        _line.Number(entry.Depth.FinalUpdateId);
        _line.Number(entry.Depth.PreviousFinalUpdateId);
    }

    private void WriteOwn(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        switch (kind)
        {
            case EventKind.AggTrade or EventKind.Trade: WriteTrade(in entry); break;
            case EventKind.BookTicker: WriteTicker(in entry); break;
            case EventKind.Kline when Has<Kline>(payload): WriteKline(in entry, in Payload.Read<Kline>(payload)); break;
            case EventKind.OrderIntent when Has<OrderIntent>(payload): WriteIntent(in Payload.Read<OrderIntent>(payload)); break;
            case EventKind.CancelIntent when Has<CancelIntent>(payload): WriteCancel(in Payload.Read<CancelIntent>(payload)); break;
            case EventKind.OrderReport when Has<OrderReport>(payload): WriteReport(in Payload.Read<OrderReport>(payload)); break;
            case EventKind.Decision when Has<DecisionRecord>(payload): WriteDecision(in Payload.Read<DecisionRecord>(payload)); break;
            case EventKind.Balance when Has<BalanceUpdate>(payload): WriteBalance(in Payload.Read<BalanceUpdate>(payload)); break;
            case EventKind.Gap: WriteGap(in entry); break;
            default: WritePlain(in entry, payload); break;
        }
    }

    private static bool Has<T>(ReadOnlySpan<long> payload) where T : unmanaged => payload.Length == Payload.Words<T>();

    private void WriteTrade(in MarketEvent entry)
    {
        _line.Number(entry.Trade.Id);
        _line.Units(entry.Trade.Price.Raw);
        _line.Units(entry.Trade.Quantity.Raw);
        _line.Number(entry.Trade.FirstTradeId);
        _line.Number(entry.Trade.LastTradeId);
        _line.Number(Flag(in entry, EventFlags.BuyerIsMaker));
        _line.Number(Flag(in entry, EventFlags.OffMarket));
    }

    private void WriteTicker(in MarketEvent entry)
    {
        _line.Number(entry.Ticker.UpdateId);
        _line.Units(entry.Ticker.BidPrice.Raw);
        _line.Units(entry.Ticker.BidQuantity.Raw);
        _line.Units(entry.Ticker.AskPrice.Raw);
        _line.Units(entry.Ticker.AskQuantity.Raw);
    }

    private void WriteKline(in MarketEvent entry, in Kline kline)
    {
        _line.Number(kline.OpenTimeMicros);
        _line.Number(kline.CloseTimeMicros);
        _line.Units(kline.Open.Raw);
        _line.Units(kline.High.Raw);
        _line.Units(kline.Low.Raw);
        _line.Units(kline.Close.Raw);
        _line.Units(kline.Volume.Raw);
        _line.Units(kline.QuoteVolumeUnits);
        _line.Units(kline.TakerBuyVolume.Raw);
        _line.Units(kline.TakerBuyQuoteUnits);
        _line.Number(kline.TradeCount);
        _line.Number(kline.FirstTradeId);
        _line.Number(kline.LastTradeId);
        _line.Number(Flag(in entry, EventFlags.Closed));
    }

    private void WriteIntent(in OrderIntent intent)
    {
        _line.Text(intent.ClientId.ToString());
        _line.Number(intent.CauseSequence);
        _line.Text(intent.Side.Text());
        _line.Text(intent.Type.ToString());
        _line.Text(intent.TimeInForce.ToString());
        _line.Units(intent.Price.Raw);
        _line.Units(intent.Quantity.Raw);
        _line.Number(intent.StrategyId);
    }

    private void WriteCancel(in CancelIntent cancel)
    {
        _line.Text(cancel.ClientId.ToString());
        _line.Number(cancel.ExchangeOrderId);
        _line.Number(cancel.CauseSequence);
    }

    private void WriteReport(in OrderReport report)
    {
        _line.Text(report.ClientId.ToString());
        _line.Number(report.ExchangeOrderId);
        _line.Text(report.Report.ToString());
        _line.Text(report.Status.ToString());
        _line.Text(report.Source.ToString());
        _line.Text(report.Side.Text());
        _line.Text(report.Type.ToString());
        _line.Text(report.TimeInForce.ToString());
        _line.Units(report.Price.Raw);
        _line.Units(report.Quantity.Raw);
        _line.Units(report.LastPrice.Raw);
        _line.Units(report.LastQuantity.Raw);
        _line.Units(report.CumulativeQuantity.Raw);
        _line.Units(report.CumulativeQuoteUnits);
        _line.Number(report.TradeId);
        _line.Units(report.CommissionUnits);
        _line.Text(report.CommissionAsset.ToString());
        _line.Number(report.IsMaker);
        _line.Number(report.TransactionTimeMicros);
        _line.Number(report.ErrorCode);
    }

    private void WriteDecision(in DecisionRecord decision)
    {
        _line.Number(decision.CauseSequence);
        _line.Unsigned(decision.InputHash);
        _line.Units(decision.Position.Raw);
        _line.Units(decision.TargetPosition.Raw);
        _line.Text(decision.Side.Text());
        _line.Units(decision.Price.Raw);
        _line.Units(decision.OrderQuantity.Raw);
        _line.Real(decision.DownProbability);
        _line.Real(decision.FlatProbability);
        _line.Real(decision.UpProbability);
        _line.Number(decision.StrategyId);
        _line.Text(decision.Verdict.ToString());
    }

    private void WriteBalance(in BalanceUpdate balance)
    {
        _line.Text(Encoding.UTF8.GetString(balance.Asset.Utf8));
        _line.Units(balance.FreeUnits);
        _line.Units(balance.LockedUnits);
    }

    private void WriteGap(in MarketEvent entry)
    {
        _line.Text(((GapReason)entry.Plain.A).ToString());
        _line.Number(entry.Plain.B);
        _line.Number(entry.Plain.C);
    }

    private void WritePlain(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        _line.Number(entry.Plain.A);
        _line.Number(entry.Plain.B);
        _line.Number(entry.Plain.C);
        _line.Text(Convert.ToHexStringLower(MemoryMarshal.AsBytes(payload)));
    }

    private static long Flag(in MarketEvent entry, EventFlags flag) => (entry.Flags & flag) != 0 ? 1 : 0;

    private void EndLine()
    {
        _line.End();
        Rows++;
    }
}
