using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;

namespace Peregrine.Benchmarks.Storage;

/// <summary>A decision a second with an order and its two reports, as the core and the exchange would have made them at the recorded prices.</summary>
internal static class OrderRows
{
    internal static RecordedSession Beside(RecordedSession session)
    {
        RecordedSession orders = session.Empty();
        Random random = new(4);
        long next = 0;
        int number = 0;
        foreach (MarketEvent entry in session.Events.ToArray())
        {
            if (entry.Kind != EventKind.Trade || entry.ReceiveTimeNanos < next) continue;
            next = entry.ReceiveTimeNanos + 1_000_000_000;
            number++;
            ClientOrderId id = ClientOrderId.Create($"prg-7f3a-{number:x8}");
            DecisionRecord decision = new()
            {
                CauseSequence = number * 143L, InputHash = (ulong)random.NextInt64(), TargetPosition = new Quantity(100_000), Price = entry.Trade.Price, OrderQuantity = new Quantity(100_000),
                DownProbability = random.NextSingle(), FlatProbability = random.NextSingle(), UpProbability = random.NextSingle(), StrategyId = 1, Verdict = (RiskVerdict)1, Side = (Side)1,
            };
            Add(orders, entry, EventKind.Decision, Payload.Of(in decision));
            OrderIntent intent = new()
            {
                ClientId = id, CauseSequence = number * 143L, Price = entry.Trade.Price, Quantity = new Quantity(100_000), StrategyId = 1, Side = (Side)1, Type = (OrderType)1, TimeInForce = (TimeInForce)2,
            };
            Add(orders, entry, EventKind.OrderIntent, Payload.Of(in intent));
            OrderReport report = new()
            {
                ClientId = id, CommissionAsset = AssetCode.Create("BNB"), ExchangeOrderId = 28_000_000_000 + number, TradeId = -1, Price = entry.Trade.Price, Quantity = new Quantity(100_000),
                TransactionTimeMicros = entry.ExchangeTimeMicros, Report = ReportType.New, Status = OrderStatus.New, Source = (ReportSource)1, Side = (Side)1, Type = (OrderType)1, TimeInForce = (TimeInForce)2,
            };
            Add(orders, entry, EventKind.OrderReport, Payload.Of(in report));
            report.TradeId = entry.Trade.Id;
            report.LastPrice = entry.Trade.Price;
            report.LastQuantity = report.CumulativeQuantity = report.Quantity;
            report.CumulativeQuoteUnits = entry.Trade.Price.Raw / 1_000;
            report.CommissionUnits = 7_512;
            Add(orders, entry, EventKind.OrderReport, Payload.Of(in report));
        }
        return orders;
    }

    private static void Add(RecordedSession orders, in MarketEvent cause, EventKind kind, ReadOnlySpan<long> record) => orders.Add(
        new MarketEvent
        {
            Kind = kind, Flags = EventFlags.HasPayload, Symbol = cause.Symbol, ExchangeTimeMicros = cause.ExchangeTimeMicros, ReceiveTimeNanos = cause.ReceiveTimeNanos + 20_000, PayloadWords = record.Length,
        },
        record);
}
