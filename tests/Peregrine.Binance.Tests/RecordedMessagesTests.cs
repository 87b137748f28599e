using Peregrine.Binance.Rest;
using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

using Peregrine.Testing;

using Xunit;

namespace Peregrine.Binance.Tests;

public sealed class RecordedMessagesTests
{
    private static readonly string[] RecordedKinds = [.. Some.Kinds, "depth@0ms"];

    [Theory] // As the data's README counts them: diffs, book tickers, trades, aggregate trades, candles, snapshots, mark prices.
    [InlineData("spot/btcusdt_20240808.gz", 3451, 28040, 9757, 0, 0, 1, 0)]
    [InlineData("spot/btcusdt_20240809.gz", 3044, 45134, 10147, 0, 0, 0, 0)]
    [InlineData("spot/btcusdt_20230405.dat.gz", 3929, 8015, 3144, 0, 0, 0, 0)]
    [InlineData("spot/nexousdt_20240723.dat.gz", 1188, 437, 178, 0, 0, 1, 0)]
    [InlineData("spot/nexousdt_20240724.dat.gz", 66994, 33000, 12280, 0, 0, 0, 0)]
    [InlineData("usdm/btcusdt_20240808.gz", 6551, 66089, 21313, 0, 0, 1, 0)]
    [InlineData("usdm/ethusdt_20240808.gz", 6586, 53992, 14076, 0, 0, 1, 0)]
    [InlineData("usdm/btcusdt_20230404.dat.gz", 4322, 6765, 2197, 0, 0, 1, 99)]
    [InlineData("usdm/btcusdt_20230405.dat.gz", 11788, 37440, 10738, 0, 0, 0, 415)]
    [InlineData("cryptofeed/spot_20211012.ws.txt.gz", 177, 84, 0, 2, 2, 0, 0)]
    [InlineData("cryptofeed/usdm_20210722.ws.txt.gz", 764, 613, 0, 91, 67, 0, 0)]
    [InlineData("cryptofeed/spot_20210405.mixed.txt.gz", 4709, 5408, 0, 1240, 0, 10, 0)]
    [InlineData("cryptofeed/spot_20211012.http-depth.txt.gz", 0, 0, 0, 0, 0, 4, 0)]
    [InlineData("cryptofeed/usdm_20210722.http-depth.txt.gz", 0, 0, 0, 0, 0, 4, 0)]
    public void Every_recorded_message_decodes(string file, int diffs, int tickers, int trades, int aggregates, int candles, int snapshots, int marks)
    {
        byte[]? bytes = Recordings.Unpacked(file);
        Assert.SkipWhen(bytes is null, "the recordings are not here");
        Market market = Recordings.MarketOf(file);
        var table = new StreamTable(Some.Instruments(market, Recordings.Symbols(bytes)), RecordedKinds);
        var decoder = new StreamDecoder(market, table);
        EventRing ring = Some.Ring();
        var counts = new int[256];
        int others = 0;
        List<(int Start, int Length)> messages = Recordings.Messages(bytes);
        for (int i = 0; i < messages.Count; i++)
        {
            ReadOnlySpan<byte> message = bytes.AsSpan(messages[i].Start, messages[i].Length);
            if (message.StartsWith("{\"lastUpdateId\""u8))
            {
                if (DepthSnapshot.TryRead(message, new SymbolId(1), out DepthSnapshot? snapshot, out _))
                {
                    snapshot!.Publish(ring, 1);
                    counts[(int)EventKind.DepthSnapshot]++;
                }
                continue;
            }
            DecodeResult result = decoder.DecodeInPlace(message, ring, 1);
            if (result.IsEvent)
            {
                counts[(int)result.Kind]++;
                ring.Publish();
            }
            else
            {
                others++;
            }
        }
        Assert.Equal(
            (diffs, tickers, trades, aggregates, candles, snapshots, marks, 0),
            (counts[(int)EventKind.DepthDiff], counts[(int)EventKind.BookTicker], counts[(int)EventKind.Trade], counts[(int)EventKind.AggTrade],
                counts[(int)EventKind.Kline], counts[(int)EventKind.DepthSnapshot], counts[(int)EventKind.MarkPrice], others));
        TestContext.Current.TestOutputHelper?.WriteLine($"{file}: {decoder.Scanned} scanned, {decoder.General} left to the general decoder");
        Assert.Equal(0, decoder.General);
        // Once more, now that everything has run; a snapshot comes over REST and may allocate.
        messages.RemoveAll(message => bytes.AsSpan(message.Start, message.Length).StartsWith("{\"lastUpdateId\""u8));
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach ((int start, int length) in messages)
            if (decoder.DecodeInPlace(bytes.AsSpan(start, length), ring, 1).IsEvent) ring.Publish();
        Allocation.AssertNone(GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
