using System.Diagnostics;
using System.Text.Json.Nodes;
using Xunit;

namespace Peregrine.Simulator.Tests;

public sealed class ManySymbolsTests
{
    [Fact]
    public async Task Three_hundred_symbols_flow_at_modest_cost_and_each_book_is_sound()
    {
        IReadOnlyList<string> names = ExchangeOptions.MadeUpSymbols(300);
        Assert.Equal(300, names.Distinct().Count());
        await using TestExchange exchange = await TestExchange.StartAsync(new ExchangeOptions { Symbols = names, Source = new SyntheticSource(5) });
        string[] kinds = ["bookTicker", "trade", "aggTrade", "depth@100ms"]; // Times 250 symbols is just below the 1024 of one connection.
        string streams = string.Join('/', from n in names.Take(250) from k in kinds select $"{n.ToLowerInvariant()}@{k}");
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/stream");
        await log.SendAsync($$"""{"method":"SUBSCRIBE","params":[{{string.Join(',', streams.Split('/').Select(s => $"\"{s}\""))}}],"id":1}""");
        await FrameLog.UntilAsync(() => log.Count > 2_000, 20);
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        long begin = Stopwatch.GetTimestamp();
        int frames = await log.WithinAsync(2_000);
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        double cores = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds / seconds;
        TestContext.Current.TestOutputHelper?.WriteLine($"300 symbols: {frames / 2.0:N0} frames/s, {cores:F2} cores of this process (other tests included)");
        Assert.True(frames > 4_000, $"{frames} frames in 2 s");
        string[] looked = [.. names.Skip(3).Take(10)];
        JsonNode[] snapshots = await Task.WhenAll(looked.Select(n => exchange.GetAsync($"/api/v3/depth?symbol={n}&limit=100")));
        int more = log.Count + 10_000;
        await FrameLog.UntilAsync(() => log.Count >= more, 20);
        ILookup<string, JsonNode> diffs = log.Frames.Where(f => f.AsSpan().IndexOf("@depth@100ms"u8) > 0).Select(f => JsonNode.Parse(f)!["data"]!).ToLookup(d => d["s"]!.GetValue<string>());
        Assert.True(diffs.Count > 240, $"{diffs.Count} of 250 symbols have diffs");
        foreach ((string symbol, JsonNode snapshot) in looked.Zip(snapshots))
        {
            PlainBook book = new(isSpot: true);
            book.Snapshot(snapshot);
            foreach (JsonNode diff in diffs[symbol]) book.Apply(diff);
            Assert.Equal((0, false), (book.Gaps, book.IsCrossed));
            Assert.True(book.Applied > 0);
        }
    }
}
