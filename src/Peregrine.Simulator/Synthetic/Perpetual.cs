using Peregrine.Common;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Matching;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Synthetic;

/// <summary>What a made-up perpetual contract has beside its book: index and mark price, funding, liquidations, open interest.</summary>
internal sealed class Perpetual
{
    private const long FundingMillis = 8 * 3_600_000;
    private const long InterestRate = 10_000; // 0.00010000
    private const long FundingRateMax = 300_000; // 0.3 %

    /// <summary>One taker in so many is somebody who could not pay any more.</summary>
    private const double LiquidationShare = 0.03;

    private readonly SyntheticSymbol _symbol;
    private readonly SeededRandom _random;
    private readonly StreamChannel _everySecond;
    private readonly StreamChannel _everyThree;
    private readonly StreamChannel _liquidations;
    private readonly StreamChannel _allLiquidations;
    private readonly WireWriter _writer = new(512);
    private double _averagePremium;
    private long _dueMillis;
    private long _lastLiquidationMillis;
    private long _averageMark;

    public Perpetual(SyntheticSymbol symbol, StreamHub hub, ulong seed, double meanQuantity)
    {
        _symbol = symbol;
        string prefix = symbol.Name.ToLowerInvariant();
        _random = new SeededRandom(seed ^ OrderFlow.Hash(prefix));
        _everySecond = hub.Channel($"{prefix}@markPrice@1s");
        _everyThree = hub.Channel($"{prefix}@markPrice");
        _liquidations = hub.Channel($"{prefix}@forceOrder");
        _allLiquidations = hub.Channel("!forceOrder@arr");
        OpenInterest = (long)(meanQuantity * 20_000) * FixedPoint.One;
    }

    /// <summary>Contracts that are open, in 1e-8 units.</summary>
    public long OpenInterest { get; private set; }

    public long IndexPrice { get; private set; }
    public long MarkPrice { get; private set; }

    /// <summary>The rate of the present funding period, in 1e-8.</summary>
    public long FundingRate { get; private set; }

    /// <summary>Some positions open with a trade, some close; now and then one is forced to.</summary>
    public void OnTrade(in TapeAggregate trade, WireTimes times)
    {
        OpenInterest = Math.Max(FixedPoint.One, OpenInterest + (_random.NextDouble() < 0.5 ? trade.Quantity : -trade.Quantity));
        long millis = trade.TimeMicros / 1_000;
        if (_random.NextDouble() >= LiquidationShare || millis - _lastLiquidationMillis < 1_000) return;
        _lastLiquidationMillis = millis;
        if (!_liquidations.IsWanted && !_allLiquidations.IsWanted) return;
        bool isSell = trade.BuyerIsMaker;
        long tick = _symbol.Instrument.Rules.TickSize.Raw;
        long bankrupt = trade.Price / 1_000 * (isSell ? 996 : 1_004) / tick * tick;
        _writer.Clear();
        _writer.Raw("{\"e\":\"forceOrder\",\"E\":"u8).Number(times.Event).Raw(",\"o\":{\"s\":"u8).Text(_symbol.Name).Raw(",\"S\":"u8).Text(isSell ? "SELL" : "BUY")
            .Raw(",\"o\":\"LIMIT\",\"f\":\"IOC\",\"q\":"u8).Decimal(trade.Quantity, _symbol.QuantityPlaces).Raw(",\"p\":"u8).Decimal(bankrupt, _symbol.PricePlaces)
            .Raw(",\"ap\":"u8).Decimal(trade.Price, _symbol.PricePlaces).Raw(",\"X\":\"FILLED\",\"l\":"u8).Decimal(trade.Quantity, _symbol.QuantityPlaces)
            .Raw(",\"z\":"u8).Decimal(trade.Quantity, _symbol.QuantityPlaces).Raw(",\"T\":"u8).Number(times.Of(trade.TimeMicros))
            .Raw(",\"ps\":"u8).Text(_symbol.Name).Raw(",\"st\":1}}"u8);
        StreamHub.Publish(_liquidations, _writer.Written);
        StreamHub.Publish(_allLiquidations, _writer.Written);
    }

    /// <summary>Once a second: index and mark price, and the streams that tell of them.</summary>
    public void PublishDue(WireTimes times)
    {
        long millis = times.EventMicros / 1_000;
        if (millis < _dueMillis) return;
        _dueMillis = millis - (millis % 1_000) + 1_000;
        Update();
        bool isThird = _dueMillis / 1_000 % 3 == 0;
        if (!_everySecond.IsWanted && !(isThird && _everyThree.IsWanted)) return;
        _writer.Clear();
        _writer.Raw("{\"e\":\"markPriceUpdate\",\"E\":"u8).Number(times.Event).Raw(",\"s\":"u8).Text(_symbol.Name).Raw(",\"p\":"u8).Decimal(MarkPrice)
            .Raw(",\"i\":"u8).Decimal(IndexPrice).Raw(",\"P\":"u8).Decimal(IndexPrice).Raw(",\"r\":"u8).Decimal(FundingRate).Raw(",\"ap\":"u8).Decimal(_averageMark)
            .Raw(",\"T\":"u8).Number(NextFunding(times.Of(times.EventMicros))).Raw(",\"st\":1}"u8);
        StreamHub.Publish(_everySecond, _writer.Written);
        if (isThird) StreamHub.Publish(_everyThree, _writer.Written);
    }

    public void WritePremium(WireWriter writer, long nowMillis)
    {
        if (MarkPrice == 0) Update();
        writer.Raw("{\"symbol\":"u8).Text(_symbol.Name).Raw(",\"markPrice\":"u8).Decimal(MarkPrice).Raw(",\"indexPrice\":"u8).Decimal(IndexPrice)
            .Raw(",\"estimatedSettlePrice\":"u8).Decimal(IndexPrice).Raw(",\"lastFundingRate\":"u8).Decimal(FundingRate)
            .Raw(",\"interestRate\":"u8).Decimal(InterestRate).Raw(",\"nextFundingTime\":"u8).Number(NextFunding(nowMillis)).Raw(",\"time\":"u8).Number(nowMillis).Raw("}"u8);
    }

    public void WriteOpenInterest(WireWriter writer, long nowMillis) =>
        writer.Raw("{\"openInterest\":"u8).Decimal(OpenInterest, _symbol.QuantityPlaces).Raw(",\"symbol\":"u8).Text(_symbol.Name).Raw(",\"time\":"u8).Number(nowMillis).Raw("}"u8);

    private static long NextFunding(long nowMillis) => nowMillis - (nowMillis % FundingMillis) + FundingMillis;

    /// <summary>The index is the fair value; the mark price leans towards the book by its average premium, which also makes the funding rate.</summary>
    private void Update()
    {
        double fair = _symbol.Flow.Fair;
        (long bid, _, long ask, _) = _symbol.Best;
        double middle = bid > 0 && ask > 0 ? (bid + ask) / 2.0 / FixedPoint.One : fair;
        _averagePremium += ((middle / fair) - 1 - _averagePremium) * 0.1;
        IndexPrice = (long)(fair * FixedPoint.One);
        MarkPrice = (long)(fair * (1 + _averagePremium) * FixedPoint.One);
        _averageMark = _averageMark == 0 ? MarkPrice : _averageMark + ((MarkPrice - _averageMark) / 10);
        FundingRate = Math.Clamp(InterestRate + (long)(_averagePremium * FixedPoint.One), -FundingRateMax, FundingRateMax);
    }
}
