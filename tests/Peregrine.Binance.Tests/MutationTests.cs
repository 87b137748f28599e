using System.Text;
using System.Text.Json;

using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>Damaged messages: never a crash, never a value that an obvious reader would not find there.</summary>
public sealed class MutationTests
{
    private const int Rounds = 100_000;
    private const int Seed = 20260722;

    private static readonly string[] Originals =
    [
        """{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1791019853438,"s":"BTCUSDT","a":4080045245,"p":"84598.05000000","q":"0.00481000","f":6733597948,"l":6733597948,"T":1791019853438,"m":true,"M":true}}""",
        """{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}""",
        """{"stream":"btcusdt@trade","data":{"e":"trade","E":1680652700455,"T":1680652700452,"s":"BTCUSDT","t":3535186032,"p":"28145.10","q":"0.002","X":"MARKET","m":true}}""",
        """{"stream":"btcusdt@bookTicker","data":{"u":50093239212,"s":"BTCUSDT","b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}}""",
        """{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":11671659685961,"s":"BTCUSDT","ps":"BTCUSDT","b":"84551.00","B":"2.646","a":"84551.10","A":"5.302","T":1790526538939,"E":1790526538940,"st":1}}""",
        """{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":50093239189,"u":50093239202,"b":[["61737.63000000","0.00000000"],["61730.17000000","1.5"]],"a":[["61837.64000000","0.1"]]}}""",
        """{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1626992741037,"T":1626992741024,"s":"BTCUSDT","U":600859599090,"u":600859600917,"pu":600859598061,"b":[["7.5040","813"],["7.6090","0"]],"a":[["7.6150","1563"]]}}""",
        """{"stream":"btcusdt@depth20@100ms","data":{"lastUpdateId":160,"bids":[["0.0024","10"],["0.0023","7"]],"asks":[["0.0026","100"]]}}""",
        """{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1791142274032,"s":"BTCUSDT","k":{"t":1791142260000,"T":1791142319999,"s":"BTCUSDT","i":"1m","f":6734731469,"L":6734731522,"o":"85462.50","c":"85462.50","h":"85462.50","l":"85462.49","v":"0.29537","n":54,"x":false,"q":"25243.05602030","V":"0.03490","Q":"2982.64125","B":"0"}}}""",
        """{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1680652701000,"s":"BTCUSDT","p":"28147.27373413","P":"28142.15563565","i":"28159.75642857","r":"-0.00002754","T":1680652800000}}""",
        """{"stream":"btcusdt@forceOrder","data":{"e":"forceOrder","E":1791565603055,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.190","p":"82338.30","ap":"82651.90","X":"FILLED","l":"0.155","z":"0.190","T":1791565602120,"ps":"BTCUSDT","st":1}}}""",
    ];

    private static readonly string[] Fragments =
    [
        "\"", ",", ":", "{", "}", "[", "]", "-", "+", ".", "0", "9", "1e5", "null", "true", "false", "\\", "\\u0031", "\\u0065", "\\ud800", " ", "\n", "\t", "\"x\":1,",
        "\"p\":\"1\",", "\"E\":1,", "\"b\":[],", "[\"1\",\"1\"],", "[[[[[[[[[[[[[[[[[[", "9223372036854775807", "9223372036854775808", "100000000000000", "0.000000001", "0.100000000000", "NaN", "é",
    ];

    [Theory]
    [InlineData(Market.Spot)]
    [InlineData(Market.UsdMargined)]
    public void Never_crashes_and_never_finds_what_is_not_there(Market market)
    {
        var random = new Random(Seed + (int)market);
        StreamDecoder decoder = Some.Decoder(market, "BTCUSDT");
        string[] originals = [.. Originals.Where(original => decoder.Decode(original, Some.Ring()).IsEvent)];
        var seen = new Seen();
        EventRing ring = Some.Ring(seen);
        int events = 0;
        for (int round = 0; round < Rounds / 2; round++)
        {
            byte[] message = Mutate(random, originals[random.Next(originals.Length)]);
            DecodeResult result = decoder.Decode(message, ring, 1);
            if (!result.IsEvent) continue;
            events++;
            ring.Publish();
            string? difference = Difference(message, market, result.Kind, seen.Last.Entry, seen.Last.Payload);
            Assert.True(difference is null, $"seed {Seed}, round {round}: {difference} in {Encoding.UTF8.GetString(message)}");
            seen.All.Clear();
        }
        Assert.InRange(events, Rounds / 50, Rounds / 2); // The mutations must leave some messages readable, or this shows nothing.
    }

    [Fact]
    public void Every_original_is_an_event_of_its_own_market()
    {
        foreach (string original in Originals)
            Assert.True(Some.Decoder(Market.Spot, "BTCUSDT").Decode(original, Some.Ring()).IsEvent || Some.Decoder(Market.UsdMargined, "BTCUSDT").Decode(original, Some.Ring()).IsEvent, original);
    }

    [Fact]
    public void Fields_in_any_order_say_the_same()
    {
        var random = new Random(Seed);
        foreach (string original in Originals)
        {
            foreach (Market market in (Market[])[Market.Spot, Market.UsdMargined])
            {
                for (int i = 0; i < 200; i++)
                {
                    string shuffled = Shuffled(original, random);
                    DecodeResult expected = Decode(original, market, out MarketEvent first, out long[] firstPayload);
                    DecodeResult result = Decode(shuffled, market, out MarketEvent second, out long[] secondPayload);
                    Assert.Equal(expected, result);
                    if (!result.IsEvent) continue;
                    Assert.Equal(firstPayload, secondPayload);
                    first.Depth.PayloadPosition = second.Depth.PayloadPosition = 0;
                    Assert.Equal(System.Runtime.InteropServices.MemoryMarshal.AsBytes<MarketEvent>([first]).ToArray(), System.Runtime.InteropServices.MemoryMarshal.AsBytes<MarketEvent>([second]).ToArray());
                }
            }
        }
    }

    private static DecodeResult Decode(string message, Market market, out MarketEvent entry, out long[] payload)
    {
        var seen = new Seen();
        EventRing ring = Some.Ring(seen);
        DecodeResult result = Some.Decoder(market, "BTCUSDT").Decode(message, ring);
        if (result.IsEvent) ring.Publish();
        (entry, payload) = result.IsEvent ? seen.Last : (default, []);
        return result;
    }

    internal static string Shuffled(string message, Random random)
    {
        using JsonDocument document = JsonDocument.Parse(message);
        return Shuffled(document.RootElement, random);
    }

    private static string Shuffled(JsonElement element, Random random)
    {
        if (element.ValueKind != JsonValueKind.Object) return element.GetRawText();
        JsonProperty[] fields = [.. element.EnumerateObject()];
        random.Shuffle(fields);
        return $"{{{string.Join(random.Next(2) == 0 ? "," : " , ", fields.Select(field => $"\"{field.Name}\":{Shuffled(field.Value, random)}"))}}}";
    }

    private static byte[] Mutate(Random random, string original)
    {
        var bytes = Encoding.UTF8.GetBytes(original).ToList();
        for (int i = random.Next(4) / 3; i >= 0; i--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(8))
            {
                case 0: bytes[at] = (byte)random.Next(256); break;
                case 1: bytes.RemoveAt(at); break;
                case 2: bytes.InsertRange(at, Encoding.UTF8.GetBytes(Fragments[random.Next(Fragments.Length)])); break;
                case 3: bytes.RemoveRange(at, bytes.Count - at); break;
                case 4 or 5 or 6: if (bytes[at] is >= (byte)'0' and <= (byte)'9') bytes[at] = (byte)('0' + random.Next(10)); break;
                default:
                    int length = Math.Min(random.Next(24), bytes.Count - at);
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
            }
            if (bytes.Count == 0) bytes.Add((byte)'{');
        }
        return [.. bytes];
    }

    private static string? Difference(byte[] message, Market market, EventKind kind, MarketEvent entry, long[] payload)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(message);
            JsonElement root = document.RootElement;
            JsonElement data = root.TryGetProperty("data", out JsonElement inner) && root.TryGetProperty("stream", out _) ? inner : root;
            return ReferenceDecoder.Difference(data, market, kind, 1, entry, payload);
        }
        catch (Exception error)
        {
            return $"the reference refuses it: {error.Message}";
        }
    }
}
