using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

namespace Peregrine.Benchmarks.Feed.Decoding;

/// <summary>This program's decoders: bytes to the fields of an event in the ring.</summary>
internal sealed unsafe class OwnDecoding
{
    private const int RingWords = 1 << 17;

    private readonly EventRing _ring = new(1_024, RingWords);
    private readonly StreamDecoder _decoder;
    private readonly MarketEvent* _slot;
    private readonly long* _words;

    public OwnDecoding(MessageBatch batch)
    {
        InstrumentTable instruments = new();
        foreach (string symbol in batch.Symbols) instruments.Add(symbol, batch.Market);
        string[] kinds = ["aggTrade", "trade", "bookTicker", "depth@100ms", "depth@0ms", "depth20@100ms", "kline_1m", "markPrice@1s"];
        _decoder = new StreamDecoder(batch.Market, new StreamTable(instruments, kinds));
        // Nothing is published, so the next slot is always the same one; and both rings' memory is pinned.
        _slot = (MarketEvent*)Unsafe.AsPointer(ref _ring.Claim());
        _words = (long*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(_ring.ClaimWords(1)));
    }

    public long General => _decoder.General;

    /// <summary>The scanners, with the general decoder behind them.</summary>
    public ulong InPlace(MessageBatch batch)
    {
        ulong sum = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            if (!_decoder.DecodeInPlace(batch[i], _ring, 1).IsEvent) throw new InvalidOperationException($"A message of {batch.Name} is no event.");
            sum += Checksum();
        }
        return sum;
    }

    /// <summary>The general decoder alone.</summary>
    public ulong Generally(MessageBatch batch)
    {
        ulong sum = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            if (!_decoder.Decode(batch[i], _ring, 1).IsEvent) throw new InvalidOperationException($"A message of {batch.Name} is no event.");
            sum += Checksum();
        }
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Checksum()
    {
        MarketEvent* entry = _slot;
        ulong time = (ulong)entry->ExchangeTimeMicros, transaction = (ulong)entry->TransactionTimeMicros;
        ulong maker = (ulong)(entry->Flags & EventFlags.BuyerIsMaker);
        switch (entry->Kind)
        {
            case EventKind.AggTrade:
                return time + (3 * (ulong)entry->Trade.Id) + (5 * (ulong)entry->Trade.Price.Raw) + (7 * (ulong)entry->Trade.Quantity.Raw) + (11 * (ulong)entry->Trade.FirstTradeId)
                    + (13 * (ulong)entry->Trade.LastTradeId) + (17 * transaction) + (19 * maker);
            case EventKind.Trade:
                return time + (3 * (ulong)entry->Trade.Id) + (5 * (ulong)entry->Trade.Price.Raw) + (7 * (ulong)entry->Trade.Quantity.Raw) + (11 * transaction) + (13 * maker);
            case EventKind.BookTicker:
                return (ulong)entry->Ticker.UpdateId + (3 * (ulong)entry->Ticker.BidPrice.Raw) + (5 * (ulong)entry->Ticker.BidQuantity.Raw)
                    + (7 * (ulong)entry->Ticker.AskPrice.Raw) + (11 * (ulong)entry->Ticker.AskQuantity.Raw);
            case EventKind.Depth20:
                return (ulong)entry->Depth.FinalUpdateId + Sides(entry);
            case EventKind.DepthDiff:
                return time + (3 * (ulong)entry->Depth.FirstUpdateId) + (5 * (ulong)entry->Depth.FinalUpdateId) + Sides(entry);
            case EventKind.Kline:
                Kline* k = (Kline*)(_words + (entry->PayloadPosition & (RingWords - 1)));
                return time + (3 * (ulong)k->OpenTimeMicros) + (5 * (ulong)k->CloseTimeMicros) + (7 * (ulong)k->FirstTradeId) + (11 * (ulong)k->LastTradeId) + (13 * (ulong)k->Open.Raw)
                    + (17 * (ulong)k->Close.Raw) + (19 * (ulong)k->High.Raw) + (23 * (ulong)k->Low.Raw) + (29 * (ulong)k->Volume.Raw) + (31 * (ulong)k->TradeCount)
                    + (37 * ((entry->Flags & EventFlags.Closed) == 0 ? 0UL : 1UL)) + (41 * (ulong)k->QuoteVolumeUnits) + (43 * (ulong)k->TakerBuyVolume.Raw) + (47 * (ulong)k->TakerBuyQuoteUnits);
            default:
                return time + (3 * (ulong)entry->Mark.Mark.Raw) + (5 * (ulong)entry->Mark.Index.Raw) + (7 * (ulong)entry->Mark.EstimatedSettle.Raw)
                    + (11 * (ulong)entry->Mark.FundingRateUnits) + (13 * (ulong)entry->Mark.NextFundingTimeMicros);
        }
    }

    private ulong Sides(MarketEvent* entry)
    {
        ReadOnlySpan<long> words = new(_words + (entry->PayloadPosition & (RingWords - 1)), entry->PayloadWords);
        int bidWords = entry->Depth.BidCount * Level.Words;
        return Sum(words[..bidWords]) + (3 * Sum(words[bidWords..]));
    }

    private static ulong Sum(ReadOnlySpan<long> words)
    {
        Vector<long> sums = Vector<long>.Zero;
        int at = 0;
        for (; at + Vector<long>.Count <= words.Length; at += Vector<long>.Count) sums += new Vector<long>(words[at..]);
        long sum = Vector.Sum(sums);
        for (; at < words.Length; at++) sum += words[at];
        return (ulong)sum;
    }
}
