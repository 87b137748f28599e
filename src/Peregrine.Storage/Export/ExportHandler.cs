using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;

namespace Peregrine.Storage.Export;

/// <summary>
/// Writes the events of one kind as rows. Times are as recorded: exchange times in microseconds, receive times in nanoseconds since 1970, UTC.
/// </summary>
internal sealed class ExportHandler(EventKind kind, DepthExport depth, InstrumentTable instruments, IExportRows rows) : IEventHandler
{
    /// <summary>Rows written.</summary>
    internal long Rows { get; private set; }

    /// <summary>Events whose payload has another shape than this program knows: they have no row.</summary>
    internal long Unknown { get; private set; }

    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (!ExportColumns.HasLevels(kind))
        {
            if (!HasShape(payload))
            {
                Unknown++;
                return;
            }
            WriteCommon(sequence, in entry);
            WriteOwn(in entry, payload);
            EndRow();
            return;
        }
        if (depth == DepthExport.Events)
        {
            WriteUpdateIds(sequence, in entry);
            rows.Number(entry.Depth.BidCount);
            rows.Number((payload.Length / Level.Words) - entry.Depth.BidCount);
            EndRow();
            return;
        }
        ReadOnlySpan<Level> levels = Payload.Levels(payload);
        for (int i = 0; i < levels.Length; i++)
        {
            WriteUpdateIds(sequence, in entry);
            rows.Text(i < entry.Depth.BidCount ? "bid" : "ask");
            rows.Units(levels[i].Price.Raw);
            rows.Units(levels[i].Quantity.Raw);
            EndRow();
        }
    }

    private void WriteCommon(long sequence, in MarketEvent entry)
    {
        rows.Number(sequence);
        rows.Text(entry.Symbol.IsNone ? "" : instruments[entry.Symbol].Symbol);
        rows.Number(entry.ExchangeTimeMicros);
        rows.Number(entry.TransactionTimeMicros);
        rows.Number(entry.ReceiveTimeNanos);
    }

    private void WriteUpdateIds(long sequence, in MarketEvent entry)
    {
        WriteCommon(sequence, in entry);
        rows.Number(entry.Depth.FirstUpdateId);
        rows.Number(entry.Depth.FinalUpdateId);
        rows.Number(entry.Depth.PreviousFinalUpdateId);
    }

    private void WriteOwn(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        switch (kind)
        {
            case EventKind.AggTrade or EventKind.Trade: WriteTrade(in entry); break;
            case EventKind.BookTicker: WriteTicker(in entry); break;
            case EventKind.MarkPrice: WriteMark(in entry); break;
            case EventKind.Liquidation: WriteLiquidation(in entry); break;
            case EventKind.OpenInterest: rows.Units(entry.Interest.Contracts.Raw); break;
            case EventKind.Kline: WriteKline(in entry, in Payload.Read<Kline>(payload)); break;
            case EventKind.OrderIntent: WriteIntent(in Payload.Read<OrderIntent>(payload)); break;
            case EventKind.CancelIntent: WriteCancel(in Payload.Read<CancelIntent>(payload)); break;
            case EventKind.OrderReport: WriteReport(in Payload.Read<OrderReport>(payload)); break;
            case EventKind.Decision: WriteDecision(in Payload.Read<DecisionRecord>(payload)); break;
            case EventKind.Balance: WriteBalance(in Payload.Read<BalanceUpdate>(payload)); break;
            case EventKind.Gap: WriteGap(in entry); break;
            default: WritePlain(in entry, payload); break;
        }
    }

    /// <summary>Whether the payload is the kind's record, and the texts in it are texts: their lengths come from the file and are not to be believed.</summary>
    private bool HasShape(ReadOnlySpan<long> payload) => kind switch
    {
        EventKind.Kline => Has<Kline>(payload),
        EventKind.OrderIntent => Has<OrderIntent>(payload) && IsText(in Payload.Read<OrderIntent>(payload).ClientId),
        EventKind.CancelIntent => Has<CancelIntent>(payload) && IsText(in Payload.Read<CancelIntent>(payload).ClientId),
        EventKind.OrderReport => Has<OrderReport>(payload) && IsText(in Payload.Read<OrderReport>(payload).ClientId) && IsText(in Payload.Read<OrderReport>(payload).CommissionAsset),
        EventKind.Decision => Has<DecisionRecord>(payload),
        EventKind.Balance => Has<BalanceUpdate>(payload) && IsText(in Payload.Read<BalanceUpdate>(payload).Asset),
        _ => true,
    };

    private static bool IsText(in ClientOrderId id)
    {
        ReadOnlySpan<byte> raw = MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in id, 1));
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(raw[ClientOrderId.LengthMax..]);
        return length <= ClientOrderId.LengthMax && IsText(raw[..(int)length]);
    }

    private static bool IsText(in AssetCode code)
    {
        ReadOnlySpan<byte> raw = MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in code, 1));
        int length = raw[^1];
        return length < raw.Length && IsText(raw[..length]);
    }

    private static bool IsText(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes) && !bytes.ContainsAnyInRange((byte)0, (byte)31);

    private static bool Has<T>(ReadOnlySpan<long> payload) where T : unmanaged => payload.Length == Payload.Words<T>();

    private void WriteTrade(in MarketEvent entry)
    {
        rows.Number(entry.Trade.Id);
        rows.Units(entry.Trade.Price.Raw);
        rows.Units(entry.Trade.Quantity.Raw);
        rows.Number(entry.Trade.FirstTradeId);
        rows.Number(entry.Trade.LastTradeId);
        rows.Flag((entry.Flags & EventFlags.BuyerIsMaker) != 0);
        rows.Flag((entry.Flags & EventFlags.OffMarket) != 0);
    }

    private void WriteTicker(in MarketEvent entry)
    {
        rows.Number(entry.Ticker.UpdateId);
        rows.Units(entry.Ticker.BidPrice.Raw);
        rows.Units(entry.Ticker.BidQuantity.Raw);
        rows.Units(entry.Ticker.AskPrice.Raw);
        rows.Units(entry.Ticker.AskQuantity.Raw);
    }

    private void WriteMark(in MarketEvent entry)
    {
        rows.Units(entry.Mark.Mark.Raw);
        rows.Units(entry.Mark.Index.Raw);
        rows.Units(entry.Mark.EstimatedSettle.Raw);
        rows.Units(entry.Mark.FundingRateUnits);
        rows.Number(entry.Mark.NextFundingTimeMicros);
        rows.Flag((entry.Flags & EventFlags.Polled) != 0);
    }

    private void WriteLiquidation(in MarketEvent entry)
    {
        rows.Text(((entry.Flags & EventFlags.Sell) != 0 ? Side.Sell : Side.Buy).Text());
        rows.Units(entry.Liquidation.Price.Raw);
        rows.Units(entry.Liquidation.AveragePrice.Raw);
        rows.Units(entry.Liquidation.Quantity.Raw);
        rows.Units(entry.Liquidation.LastQuantity.Raw);
        rows.Units(entry.Liquidation.FilledQuantity.Raw);
    }

    private void WriteKline(in MarketEvent entry, in Kline kline)
    {
        rows.Number(kline.OpenTimeMicros);
        rows.Number(kline.CloseTimeMicros);
        rows.Units(kline.Open.Raw);
        rows.Units(kline.High.Raw);
        rows.Units(kline.Low.Raw);
        rows.Units(kline.Close.Raw);
        rows.Units(kline.Volume.Raw);
        rows.Units(kline.QuoteVolumeUnits);
        rows.Units(kline.TakerBuyVolume.Raw);
        rows.Units(kline.TakerBuyQuoteUnits);
        rows.Number(kline.TradeCount);
        rows.Number(kline.FirstTradeId);
        rows.Number(kline.LastTradeId);
        rows.Flag((entry.Flags & EventFlags.Closed) != 0);
    }

    private void WriteIntent(in OrderIntent intent)
    {
        rows.Text(intent.ClientId.ToString());
        rows.Number(intent.CauseSequence);
        rows.Text(intent.Side.Text());
        rows.Text(intent.Type.ToString());
        rows.Text(intent.TimeInForce.ToString());
        rows.Units(intent.Price.Raw);
        rows.Units(intent.Quantity.Raw);
        rows.Number(intent.StrategyId);
    }

    private void WriteCancel(in CancelIntent cancel)
    {
        rows.Text(cancel.ClientId.ToString());
        rows.Number(cancel.ExchangeOrderId);
        rows.Number(cancel.CauseSequence);
    }

    private void WriteReport(in OrderReport report)
    {
        rows.Text(report.ClientId.ToString());
        rows.Number(report.ExchangeOrderId);
        rows.Text(report.Report.ToString());
        rows.Text(report.Status.ToString());
        rows.Text(report.Source.ToString());
        rows.Text(report.Side.Text());
        rows.Text(report.Type.ToString());
        rows.Text(report.TimeInForce.ToString());
        rows.Units(report.Price.Raw);
        rows.Units(report.Quantity.Raw);
        rows.Units(report.LastPrice.Raw);
        rows.Units(report.LastQuantity.Raw);
        rows.Units(report.CumulativeQuantity.Raw);
        rows.Units(report.CumulativeQuoteUnits);
        rows.Number(report.TradeId);
        rows.Units(report.CommissionUnits);
        rows.Text(report.CommissionAsset.ToString());
        rows.Number(report.IsMaker);
        rows.Number(report.TransactionTimeMicros);
        rows.Number(report.ErrorCode);
    }

    private void WriteDecision(in DecisionRecord decision)
    {
        rows.Number(decision.CauseSequence);
        rows.Unsigned(decision.InputHash);
        rows.Units(decision.Position.Raw);
        rows.Units(decision.TargetPosition.Raw);
        rows.Text(decision.Side.Text());
        rows.Units(decision.Price.Raw);
        rows.Units(decision.OrderQuantity.Raw);
        rows.Real(decision.DownProbability);
        rows.Real(decision.FlatProbability);
        rows.Real(decision.UpProbability);
        rows.Number(decision.StrategyId);
        rows.Text(decision.Verdict.ToString());
    }

    private void WriteBalance(in BalanceUpdate balance)
    {
        rows.Text(Encoding.UTF8.GetString(balance.Asset.Utf8));
        rows.Units(balance.FreeUnits);
        rows.Units(balance.LockedUnits);
    }

    private void WriteGap(in MarketEvent entry)
    {
        rows.Text(((GapReason)entry.Plain.A).ToString());
        rows.Number(entry.Plain.B);
        rows.Number(entry.Plain.C);
    }

    private void WritePlain(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        rows.Number(entry.Plain.A);
        rows.Number(entry.Plain.B);
        rows.Number(entry.Plain.C);
        rows.Text(Convert.ToHexStringLower(MemoryMarshal.AsBytes(payload)));
    }

    private void EndRow()
    {
        rows.End();
        Rows++;
    }
}
