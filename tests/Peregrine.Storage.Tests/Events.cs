using System.Runtime.InteropServices;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;

namespace Peregrine.Storage.Tests;

/// <summary>An event with all that belongs to it, comparable bit for bit.</summary>
internal sealed record Recorded(long Sequence, MarketEvent Entry, long[] Payload)
{
    /// <summary>Everything but the place in the ring, which no other memory has.</summary>
    public string Fingerprint
    {
        get
        {
            MarketEvent copy = Entry;
            if (copy.HasPayload || !copy.Kind.IsFlat()) copy.PayloadPosition = 0;
            return $"{Sequence} {Convert.ToHexString(MemoryMarshal.AsBytes(new ReadOnlySpan<MarketEvent>(in copy)))} {string.Join(' ', Payload)}";
        }
    }
}

/// <summary>Collects what a recording plays.</summary>
internal sealed class Collector : IEventHandler
{
    public List<Recorded> Events { get; } = [];

    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload) => Events.Add(new Recorded(sequence, entry, payload.ToArray()));
}

/// <summary>Makes events: plausible ones, and ones with the strangest values that their fields can have.</summary>
internal sealed class EventSourceOfChance(int seed, int symbols)
{
    private readonly Random _random = new(seed);
    private long _time = 1_795_000_000_000_000_000; // November 2026.
    private long _price = 6_432_110_000_000;
    private long _updateId = 52_000_000_000;

    public (MarketEvent Entry, long[] Payload) Next(EventKind kind, bool wild)
    {
        _time += _random.Next(0, 3_000_000);
        _price += (_random.Next(5) - 2) * 1_000_000L;
        MarketEvent entry = new()
        {
            Kind = kind,
            Flags = (EventFlags)_random.Next(8),
            Symbol = new SymbolId((ushort)_random.Next(kind.IsMarket() ? 1 : 0, symbols + 1)),
            TransactionLagMicros = wild ? (int)Long(wild) : _random.Next(0, 3) * 1000,
            ExchangeTimeMicros = wild ? Long(wild) : _time / 1000 / 1000 * 1000,
            ReceiveTimeNanos = _time,
        };
        long[] payload = [];
        switch (kind)
        {
            case EventKind.AggTrade or EventKind.Trade:
                long id = wild ? Long(wild) : _updateId++;
                entry.Trade = new TradeFields { Id = id, Price = new Price(wild ? Long(wild) : _price), Quantity = new Quantity(Amount(wild)), FirstTradeId = wild ? Long(wild) : id, LastTradeId = id };
                return (entry, payload);
            case EventKind.BookTicker:
                entry.Ticker = new BookTickerFields
                {
                    UpdateId = wild ? Long(wild) : _updateId++,
                    BidPrice = new Price(wild ? Long(wild) : _price),
                    BidQuantity = new Quantity(Amount(wild)),
                    AskPrice = new Price(wild ? Long(wild) : _price + 1_000_000),
                    AskQuantity = new Quantity(Amount(wild)),
                };
                return (entry, payload);
            case EventKind.MarkPrice or EventKind.Liquidation:
                entry.Mark = new MarkPriceFields { Mark = new Price(wild ? Long(wild) : _price), Index = new Price(_price), EstimatedSettle = new Price(Amount(wild)), FundingRateUnits = wild ? Long(wild) : _random.Next(-40_000, 40_000), NextFundingTimeMicros = wild ? Long(wild) : _time / 1000 };
                return (entry, payload);
            case EventKind.OpenInterest:
                entry.Interest.Contracts = new Quantity(Amount(wild));
                return (entry, payload);
            case EventKind.Depth20 or EventKind.DepthDiff or EventKind.DepthSnapshot:
                int bids = Levels(kind, wild);
                int asks = Levels(kind, wild);
                payload = new long[(bids + asks) * Level.Words];
                for (int i = 0; i < bids + asks; i++)
                {
                    payload[2 * i] = wild ? Long(wild) : i < bids ? _price - (i * 1_000_000L) : _price + ((i - bids + 1) * 1_000_000L);
                    payload[(2 * i) + 1] = Amount(wild);
                }
                long first = _updateId + 1;
                _updateId += _random.Next(1, 40);
                entry.Depth.BidCount = bids;
                entry.Depth.FirstUpdateId = wild ? Long(wild) : kind == EventKind.DepthDiff ? first : 0;
                entry.Depth.FinalUpdateId = wild ? Long(wild) : _updateId;
                entry.Depth.PreviousFinalUpdateId = wild ? Long(wild) : 0;
                return (entry, payload);
            case EventKind.Kline:
                payload = new long[Payload.Words<Kline>()];
                for (int i = 0; i < payload.Length; i++) payload[i] = wild ? Long(wild) : Amount(wild);
                break;
            case EventKind.OrderReport:
                OrderReport report = new()
                {
                    ClientId = Id(wild), CommissionAsset = AssetCode.Create("BNB"), ExchangeOrderId = Long(wild), TradeId = Long(wild), Price = new Price(Long(wild)),
                    Quantity = new Quantity(Long(wild)), LastPrice = new Price(Long(wild)), LastQuantity = new Quantity(Long(wild)), CumulativeQuantity = new Quantity(Long(wild)),
                    CumulativeQuoteUnits = Long(wild), CommissionUnits = Long(wild), TransactionTimeMicros = Long(wild), ErrorCode = (int)Long(wild),
                    Report = (ReportType)_random.Next(256), Status = (OrderStatus)_random.Next(256), Source = (ReportSource)_random.Next(256), Side = (Side)_random.Next(256),
                    Type = (OrderType)_random.Next(256), TimeInForce = (TimeInForce)_random.Next(256), IsMaker = (byte)_random.Next(256),
                };
                payload = Payload.Of(in report).ToArray();
                break;
            case EventKind.OrderIntent:
                OrderIntent intent = new()
                {
                    ClientId = Id(wild), CauseSequence = Long(wild), Price = new Price(Long(wild)), Quantity = new Quantity(Long(wild)), StrategyId = (int)Long(wild),
                    Side = (Side)_random.Next(256), Type = (OrderType)_random.Next(256), TimeInForce = (TimeInForce)_random.Next(256),
                };
                payload = Payload.Of(in intent).ToArray();
                break;
            case EventKind.CancelIntent:
                CancelIntent cancel = new() { ClientId = Id(wild), ExchangeOrderId = Long(wild), CauseSequence = Long(wild) };
                payload = Payload.Of(in cancel).ToArray();
                break;
            case EventKind.Decision:
                DecisionRecord decision = new()
                {
                    CauseSequence = Long(wild), InputHash = (ulong)Long(wild), Position = new Quantity(Long(wild)), TargetPosition = new Quantity(Long(wild)), Price = new Price(Long(wild)),
                    OrderQuantity = new Quantity(Long(wild)), DownProbability = Real(wild), FlatProbability = Real(wild), UpProbability = Real(wild), StrategyId = (int)Long(wild),
                    Verdict = (RiskVerdict)_random.Next(256), Side = (Side)_random.Next(256),
                };
                payload = Payload.Of(in decision).ToArray();
                break;
            case EventKind.Balance:
                BalanceUpdate balance = new() { Asset = AssetCode.Create("USDT"), FreeUnits = Long(wild), LockedUnits = Long(wild) };
                payload = Payload.Of(in balance).ToArray();
                break;
        }
        if (kind is not EventKind.Gap && payload.Length > 0 && wild && _random.Next(4) == 0)
            payload = [.. payload, .. Enumerable.Range(0, _random.Next(1, 5)).Select(_ => Long(true))]; // A record of another version.
        if (payload.Length > 0 && wild && _random.Next(4) == 0) payload[_random.Next(payload.Length)] = Long(true); // Whatever may stand in reserved places.
        entry.Plain = new PlainFields { A = Long(wild), B = Long(wild), C = Long(wild) };
        return (entry, payload);
    }

    public EventKind Kind() => EventKinds.All[_random.Next(EventKinds.All.Length)];

    private int Levels(EventKind kind, bool wild) => kind == EventKind.Depth20 && !wild ? 20 : _random.Next(3) == 0 ? 0 : _random.Next(0, 50);

    private long Amount(bool wild) => wild ? Long(wild) : _random.Next(8) == 0 ? 0 : _random.NextInt64(1, 5_000_000) * 1_000;

    private long Long(bool wild) => !wild ? _random.NextInt64(0, 1_000_000_000_000) : _random.Next(8) switch
    {
        0 => long.MinValue,
        1 => long.MaxValue,
        2 => -1,
        3 => 0,
        4 => _random.Next(),
        _ => _random.NextInt64(long.MinValue, long.MaxValue),
    };

    private float Real(bool wild) => !wild ? _random.NextSingle() : _random.Next(6) switch
    {
        0 => float.NaN,
        1 => float.PositiveInfinity,
        2 => -0f,
        3 => float.Epsilon,
        4 => BitConverter.Int32BitsToSingle(_random.Next(int.MinValue, int.MaxValue)),
        _ => -_random.NextSingle(),
    };

    private ClientOrderId Id(bool wild) => ClientOrderId.Create(!wild || _random.Next(3) > 0 ? $"prg-{_random.Next():x8}" : _random.Next(2) == 0 ? "" : new string('Ω', 18));
}
