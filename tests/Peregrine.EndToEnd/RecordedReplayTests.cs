using System.IO.Compression;
using System.Text.Json;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.Storage;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>Recorded bytes through the exchange's server, real sockets, the appliance and its files, and back: nothing lost, nothing changed.</summary>
public sealed class RecordedReplayTests(ITestOutputHelper output)
{
    public static TheoryData<string, string, string[]> Recordings => new()
    {
        { "spot", "BTCUSDT", ["spot/btcusdt_20240808.gz", "spot/btcusdt_20240809.gz"] },
        { "spot", "NEXOUSDT", ["spot/nexousdt_20240723.dat.gz"] },
        { "usdm", "BTCUSDT", ["usdm/btcusdt_20230404.dat.gz", "usdm/btcusdt_20230405.dat.gz"] },
        { "usdm", "BTCUSDT", ["usdm/btcusdt_20240808.gz"] },
        { "usdm", "ETHUSDT", ["usdm/ethusdt_20240808.gz"] },
        { "usdm", "SUSHIUSDT,AKROUSDT,KEEPUSDT,CTKUSDT", ["cryptofeed/usdm_20210722.ws.txt.gz", "cryptofeed/usdm_20210722.http-depth.txt.gz"] },
        { "spot", "NKNUSDT,BLZETH,LRCBTC,RUNEEUR", ["cryptofeed/spot_20211012.ws.txt.gz", "cryptofeed/spot_20211012.http-depth.txt.gz"] },
        { "spot", "BTCAUD,MANAUSDT,ETHBRL,DENTUSDT,ZILUSDT,RENBTCETH,BTCSTUSDT,QTUMETH,AXSBNB,NEOUSDC", ["cryptofeed/spot_20210405.mixed.txt.gz"] },
    };

    [Theory]
    [MemberData(nameof(Recordings))]
    public async Task Stores_every_message_and_rebuilds_the_books(string market, string symbols, string[] files)
    {
        string? folder = Repository.Shared("data/raw-ws");
        Assert.SkipWhen(folder is null, "the recordings are not beside the project");
        string[] paths = [.. files.Select(file => Path.Combine(folder, file))];
        Dictionary<string, long> expected = RawRecording.CountByKind(paths);

        using TemporaryFolder state = new();
        JsonElement run = await RecordAsync(market, symbols, paths, state.Path);
        (int code, string text, string errors) = await PeregrineProgram.RunAsync(["db", "status", "--state", state.Path, "--json", "--check"]);
        Assert.True(code == 0, errors);
        JsonElement status = JsonDocument.Parse(text).RootElement;
        Assert.Equal("ok", status.GetProperty("files")[0].GetProperty("integrity").GetString());
        foreach ((string kind, long count) in expected)
        {
            Assert.Equal(count, run.GetProperty("events").GetProperty(kind).GetInt64());
            Assert.Equal(count, run.GetProperty("recorded").GetProperty(kind).GetInt64());
            Assert.Equal(count, status.GetProperty("events").GetProperty(kind).GetInt64());
            (_, string csv, _) = await PeregrineProgram.RunAsync(["db", "export", "--state", state.Path, "--kind", kind]);
            Assert.Equal(count + 1, csv.AsSpan().Count('\n'));
        }
        Assert.Equal(0, run.GetProperty("lagged").GetInt64());
        Assert.Equal(0, run.GetProperty("refused").GetInt64());

        BookAudit audit = new(Recording.Open(state.Path));
        output.WriteLine($"{files[0]}: {string.Join(", ", expected.Select(kind => $"{kind.Key} {kind.Value:N0}"))}; best prices equal in {audit.Equal:N0} of {audit.Compared:N0}, {audit.Applied:N0} diffs applied");
        Assert.Equal(0, audit.Crossed);
        Assert.Equal(0, audit.SequenceGaps);
        // Those that a snapshot covers already are rightly passed over; how many, is chance where a recording is short and has many symbols.
        Assert.True(audit.Applied > 0.5 * expected["depthDiff"], $"only {audit.Applied} of {expected["depthDiff"]} diffs met a sound book");
        Assert.True(audit.Compared > 0 && audit.Equal >= 0.995 * audit.Compared, $"best prices equal in {audit.Equal} of {audit.Compared}");
    }

    [Fact]
    public async Task Makes_the_published_candles_of_the_recorded_trades()
    {
        string? folder = Repository.Shared("data/raw-ws/usdm");
        string? archive = Repository.Shared("data/klines/usdm/BTCUSDT-1m-2023-04.zip");
        Assert.SkipWhen(folder is null || archive is null, "the recordings are not beside the project");
        using TemporaryFolder state = new();
        await RecordAsync("usdm", "BTCUSDT", [Path.Combine(folder, "btcusdt_20230404.dat.gz"), Path.Combine(folder, "btcusdt_20230405.dat.gz")], state.Path);
        CandleCollector candles = new();
        Recording.Open(state.Path).Play(candles, new RecordingFilter { Kinds = new HashSet<EventKind> { EventKind.Trade } });

        Dictionary<long, string[]> published = Published(archive, "2023-04-04", "2023-04-05");
        long first = new DateTimeOffset(2023, 4, 4, 23, 59, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        for (int minute = 0; minute < 7; minute++)
        {
            string[] row = published[first + (minute * 60_000)];
            Kline candle = candles.Closed[(first + (minute * 60_000)) * 1_000];
            long[] made = [candle.Open.Raw, candle.High.Raw, candle.Low.Raw, candle.Close.Raw, candle.Volume.Raw, candle.QuoteVolumeUnits, candle.TakerBuyVolume.Raw, candle.TakerBuyQuoteUnits];
            long[] told = [.. new[] { 1, 2, 3, 4, 5, 7, 9, 10 }.Select(column => FixedPoint.TryParse(row[column].AsSpan(), out long units) ? units : throw new FormatException(row[column]))];
            Assert.Equal(told, made);
            Assert.Equal(long.Parse(row[8]), candle.TradeCount);
        }
    }

    private static async Task<JsonElement> RecordAsync(string market, string symbols, string[] paths, string state)
    {
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync(["--market", market, "--speed", "max", "--once", "--replay", .. paths]);
        using (exchange)
        {
            using PeregrineProgram run = PeregrineProgram.Start("run", "--mode", "record", "--market", market, "--symbols", symbols, "--exchange", url, "--state", state, "--json");
            Task<string> result = run.ReadToEndAsync();
            Assert.True(await exchange.WaitAsync(60) == 0, exchange.Errors);
            run.Terminate();
            Assert.True(await run.WaitAsync(30) == 0, run.Errors);
            return JsonDocument.Parse(await result).RootElement;
        }
    }

    private static Dictionary<long, string[]> Published(string archive, params string[] days)
    {
        Dictionary<long, string[]> rows = [];
        using ZipArchive zip = ZipFile.OpenRead(archive);
        foreach (ZipArchiveEntry entry in zip.Entries.Where(entry => days.Any(entry.Name.Contains)))
        {
            using StreamReader reader = new(entry.Open());
            while (reader.ReadLine() is { } line)
                if (char.IsAsciiDigit(line[0])) rows[long.Parse(line[..line.IndexOf(',')])] = line.Split(',');
        }
        return rows;
    }

    private sealed class CandleCollector : IEventHandler
    {
        private readonly CandleBuilder _builder = new();

        public Dictionary<long, Kline> Closed { get; } = [];

        public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
        {
            if (_builder.OnEvent(in entry, out Kline closed)) Closed[closed.OpenTimeMicros] = closed;
        }
    }
}
