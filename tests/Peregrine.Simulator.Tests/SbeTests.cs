using System.Buffers.Binary;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Peregrine.Common;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Wire;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>SBE streams: the schema's bytes, and the same market as the JSON streams tell of.</summary>
public sealed class SbeTests
{
    [Fact]
    public void Frames_are_those_of_the_reference_vectors_byte_for_byte()
    {
        string? path = Testing.Repository.Shared("reference/sbe/synthetic-stream-vectors.json");
        Assert.SkipWhen(path is null, "the vectors of the stream schema are not here");
        int equal = 0;
        foreach (JsonNode? vector in JsonNode.Parse(File.ReadAllText(path!))!["vectors"]!.AsArray())
        {
            JsonNode decoded = vector!["decoded"]!;
            string name = vector["name"]!.GetValue<string>();
            SbeVersion version = new()
            {
                Version = decoded["_header"]!["version"]!.GetValue<int>(),
                RootBytes = name == "bestBidAsk.extended-block" ? 8 : 0, GroupBytes = name == "depthSnapshot.extended-group-nonascii" ? 4 : 0,
            };
            int pricePlaces = -decoded["priceExponent"]!.GetValue<int>();
            int quantityPlaces = -decoded["qtyExponent"]!.GetValue<int>();
            SbeWriter sbe = new(decoded["symbol"]!.GetValue<string>(), pricePlaces, quantityPlaces, version);
            WireWriter writer = new();
            long time = Long(decoded, "eventTime");
            switch (decoded["_header"]!["templateId"]!.GetValue<int>())
            {
                case 10_000:
                    sbe.TradesEvent(writer, time, Long(decoded, "transactTime"), [.. decoded["trades"]!.AsArray().Select(t => new TapeTrade(
                        Long(t!, "id"), Units(t!, "price", pricePlaces), Units(t!, "qty", quantityPlaces), 0, t!["isBuyerMaker"]!.GetValue<string>() == "True"))]);
                    break;
                case 10_001:
                    sbe.Best(writer, time, Long(decoded, "bookUpdateId"), (Units(decoded, "bidPrice", pricePlaces), Units(decoded, "bidQty", quantityPlaces), Units(decoded, "askPrice", pricePlaces), Units(decoded, "askQty", quantityPlaces)));
                    break;
                case 10_002:
                    sbe.Snapshot(writer, time, Long(decoded, "bookUpdateId"), Levels("bids"), Levels("asks"));
                    break;
                default:
                    sbe.Diff(writer, time, Long(decoded, "firstBookUpdateId"), Long(decoded, "lastBookUpdateId"), Levels("bids"), Levels("asks"));
                    break;
            }
            Assert.True(vector["hex"]!.GetValue<string>() == Convert.ToHexStringLower(writer.Written), $"{name}: {Convert.ToHexStringLower(writer.Written)}");
            equal++;

            (long, long)[] Levels(string side) => [.. decoded[side]!.AsArray().Select(l => (Units(l!, "price", pricePlaces), Units(l!, "qty", quantityPlaces)))];
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{equal} vectors equal");
        Assert.Equal(6, equal);

        static long Long(JsonNode node, string field) => node[field]!.GetValue<long>();
        static long Units(JsonNode node, string field, int places) => (long)(Long(node, field) * Math.Pow(10, 8 - places));
    }

    [Fact]
    public async Task Without_the_right_key_there_is_no_sbe()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync(rate: 4);
        Assert.Contains("401", (await Assert.ThrowsAsync<WebSocketException>(() => FrameLog.OpenAsync(exchange, "/sbe/ws/btcusdt@trade"))).Message, StringComparison.Ordinal);
        Assert.Contains("401", (await Assert.ThrowsAsync<WebSocketException>(() => FrameLog.OpenAsync(exchange, "/sbe/ws/btcusdt@trade", "nonsense"))).Message, StringComparison.Ordinal);
        await using FrameLog log = await FrameLog.OpenAsync(exchange, "/sbe/ws", exchange.Options.ApiKey);
        await log.SendAsync("""{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}""");
        await FrameLog.UntilAsync(() => log.Count > 3);
        Assert.Equal("""{"result":null,"id":1}""", Encoding.UTF8.GetString(log.Frames[0]));
        Assert.Equal(10_000, new Sbe(log.Frames[1]).Template);
    }

    [Theory]
    [InlineData("btcusdt", -2, -5, 0, 0)]
    [InlineData("ethusdt", -8, -8, 0, 0)]
    [InlineData("ethusdt", -8, -8, 12, 6)]
    public async Task Json_and_sbe_tell_of_one_market_with_the_same_ids(string symbol, int priceExponent, int quantityExponent, int rootBytes, int groupBytes)
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync(rate: 4);
        if (rootBytes > 0) exchange.Server.Faults.Apply(new SbeSchema { Version = 1, RootBytes = rootBytes, GroupBytes = groupBytes });
        await using FrameLog json = await FrameLog.OpenAsync(exchange, $"/stream?streams={symbol}@trade/{symbol}@bookTicker/{symbol}@depth@100ms");
        await using FrameLog sbe = await FrameLog.OpenAsync(exchange, $"/sbe/stream?streams={symbol}@trade/{symbol}@bestBidAsk/{symbol}@depth/{symbol}@depth20", exchange.Options.ApiKey);
        await FrameLog.UntilAsync(() => sbe.Count > 500 && json.Count > 300, 20);
        JsonNode[] frames = [.. json.Json.Select(f => f["data"]!)];
        Dictionary<long, JsonNode> trades = frames.Where(f => f["t"] is not null).ToDictionary(f => f["t"]!.GetValue<long>());
        Dictionary<long, JsonNode> tickers = frames.Where(f => f["A"] is not null).ToDictionary(f => f["u"]!.GetValue<long>());
        int comparedTrades = 0;
        int comparedTickers = 0;
        long lastDiff = 0;
        foreach (Sbe frame in sbe.Frames.Select(f => new Sbe(f)))
        {
            Assert.Equal((symbol.ToUpperInvariant(), priceExponent, quantityExponent, rootBytes > 0 ? 1 : 0), (frame.Symbol, frame.PriceExponent, frame.QuantityExponent, frame.Version));
            Assert.Equal(16, frame.EventTime.ToString(CultureInfo.InvariantCulture).Length);
            if (frame.Template == 10_000)
            {
                foreach ((long id, decimal price, decimal quantity, bool isMaker) in frame.Trades)
                {
                    if (!trades.TryGetValue(id, out JsonNode? same)) continue;
                    Assert.Equal((Number(same["p"]), Number(same["q"]), same["m"]!.GetValue<bool>()), (price, quantity, isMaker));
                    Assert.Equal(same["E"]!.GetValue<long>(), frame.EventTime / 1_000);
                    comparedTrades++;
                }
            }
            else if (frame.Template == 10_001 && tickers.TryGetValue(frame.LastId, out JsonNode? ticker))
            {
                Assert.Equal([Number(ticker["b"]), Number(ticker["B"]), Number(ticker["a"]), Number(ticker["A"])], frame.Best);
                comparedTickers++;
            }
            else if (frame.Template == 10_002)
            {
                Assert.Equal((20, 20), (frame.Bids.Count, frame.Asks.Count));
                Assert.True(frame.Bids[0].Price < frame.Asks[0].Price);
            }
            else if (frame.Template == 10_003)
            {
                Assert.True(lastDiff == 0 || frame.FirstId == lastDiff + 1, $"{lastDiff} then {frame.FirstId}");
                lastDiff = frame.LastId;
            }
        }
        Assert.True(comparedTrades > 3 && comparedTickers > 50 && lastDiff > 0, $"{comparedTrades} trades, {comparedTickers} tickers compared");
    }

    [Fact]
    public async Task Futures_have_no_sbe()
    {
        await using TestExchange exchange = await TestExchange.SyntheticAsync(Market.UsdMargined);
        Assert.Contains("404", (await Assert.ThrowsAsync<WebSocketException>(() => FrameLog.OpenAsync(exchange, "/sbe/ws/btcusdt@trade", exchange.Options.ApiKey))).Message, StringComparison.Ordinal);
    }

    private static decimal Number(JsonNode? text) => decimal.Parse(text!.GetValue<string>(), CultureInfo.InvariantCulture);

    /// <summary>Reads a frame by its own block lengths, as plainly as possible.</summary>
    private sealed class Sbe
    {
        public Sbe(byte[] frame)
        {
            int block = U16(0);
            (Template, Version) = (U16(2), U16(6));
            Assert.Equal(1, U16(4));
            EventTime = I64(8);
            int exponents = Template == 10_003 ? 32 : 24;
            FirstId = I64(16);
            LastId = Template == 10_003 ? I64(24) : FirstId;
            (PriceExponent, QuantityExponent) = ((sbyte)frame[exponents], (sbyte)frame[exponents + 1]);
            if (Template == 10_001) Best = [Price(26), Quantity(34), Price(42), Quantity(50)];
            int at = 8 + block;
            if (Template == 10_000)
            {
                int entry = U16(at);
                int count = (int)BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(at + 2));
                at += 6;
                for (int i = 0; i < count; i++, at += entry) Trades.Add((I64(at), Price(at + 8), Quantity(at + 16), frame[at + 24] == 1));
            }
            else if (Template != 10_001)
            {
                at = Levels(at, Bids);
                at = Levels(at, Asks);
            }
            Symbol = Encoding.UTF8.GetString(frame, at + 1, frame[at]);
            Assert.Equal(frame.Length, at + 1 + frame[at]);

            int U16(int from) => BinaryPrimitives.ReadUInt16LittleEndian(frame.AsSpan(from));
            long I64(int from) => BinaryPrimitives.ReadInt64LittleEndian(frame.AsSpan(from));
            decimal Price(int from) => I64(from) * (decimal)Math.Pow(10, PriceExponent);
            decimal Quantity(int from) => I64(from) * (decimal)Math.Pow(10, QuantityExponent);

            int Levels(int from, List<(decimal Price, decimal Quantity)> levels)
            {
                int entry = U16(from);
                int count = U16(from + 2);
                from += 4;
                for (int i = 0; i < count; i++, from += entry) levels.Add((Price(from), Quantity(from + 8)));
                return from;
            }
        }

        public int Template { get; }
        public int Version { get; }
        public long EventTime { get; }
        public long FirstId { get; }
        public long LastId { get; }
        public int PriceExponent { get; }
        public int QuantityExponent { get; }
        public string Symbol { get; }
        public decimal[] Best { get; } = [];
        public List<(long Id, decimal Price, decimal Quantity, bool IsBuyerMaker)> Trades { get; } = [];
        public List<(decimal Price, decimal Quantity)> Bids { get; } = [];
        public List<(decimal Price, decimal Quantity)> Asks { get; } = [];
    }
}
