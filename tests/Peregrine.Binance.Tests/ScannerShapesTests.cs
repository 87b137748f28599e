using System.Text;

using Peregrine.Binance.Streams;
using Peregrine.Binance.Streams.Scanning;
using Peregrine.Common;
using Peregrine.Common.Events;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>Each shape that is listed is scanned, and values at the edges of what the scanners read are the general decoder's.</summary>
public sealed class ScannerShapesTests
{
    private static readonly string[] Values =
    [
        "~=1791019853438 #=4080045245 %=84598.05000000 -=0.00003816 ?=true *=[[\"84598.05000000\",\"0.00481000\"],[\"84598.04000000\",\"12.50000000\"],[\"84598.00000000\",\"0.00000000\"]] !=SELL",
        "~=1791019853438123 #=7 %=0.030 -=-0.00000001 ?=false *=[[\"1000.00\",\"0.030\"],[\"10.00\",\"139.491\"]] !=BUY", // Microseconds, few places, a price with fewer digits.
        "~=179101985343 #=9999999999999999 %=9999999.99999999 -=-0.10000000 ?=true *=[] !=SELL", // The most that the vectors hold.
        "~=1 #=0 %=813 -=0 ?=false *=[[\"5\",\"813\"]] !=BUY", // No point.
        "~=1791019853438 #=1 %=12345678901.12345678 -=1.5 ?=true *=[[\"12345678901.12345678\",\"99999999.5\"]] !=SELL", // Only registers read so many digits.
    ];

    [Fact]
    public void Every_listed_shape_is_scanned_with_any_values_that_fit()
    {
        int shapes = 0;
        foreach (MessageShape shape in MessageShape.Known)
        {
            var trio = new SomeTrio(shape.Market, ["BTCUSDT"], Some.Kinds);
            int messages = 0;
            foreach (string values in Values)
            {
                string message = Filled(shape, values);
                for (int i = 0; i < 3; i++) // Measured, remembered, remembered.
                {
                    messages++;
                    string? difference = trio.Difference(Some.InPlace(Some.Utf8(message)));
                    Assert.True(difference is null, $"{difference} in {message}");
                    Assert.True(trio.Scanned == (messages, messages), $"only {trio.Scanned} of {messages} were scanned at {message}");
                }
            }
            Assert.Equal(messages, trio.Events);
            shapes++;
        }
        Assert.Equal(MessageShape.Known.Length, shapes);
    }

    [Fact]
    public void Counts_what_was_scanned_and_what_was_not()
    {
        const string Trade = """{"stream":"btcusdt@trade","data":{"e":"trade","E":1680652700455,"s":"BTCUSDT","t":3,"p":"28145.10000000","q":"0.00200000","T":1680652700452,"m":false,"M":true}}""";
        StreamDecoder decoder = Some.Decoder(Market.Spot, "BTCUSDT");
        var ring = Some.Ring();
        foreach ((string message, DecodeOutcome outcome) in new[]
                 {
                     (Trade, DecodeOutcome.Event), (Trade, DecodeOutcome.Event), (Trade.Replace(",\"s\"", " ,\"s\"", StringComparison.Ordinal), DecodeOutcome.Event),
                     (Trade[..^1], DecodeOutcome.Refused), (Trade, DecodeOutcome.Event), ("""{"result":null,"id":1}""", DecodeOutcome.Control), ("", DecodeOutcome.Refused),
                 })
            Assert.Equal(outcome, decoder.DecodeInPlace(Some.InPlace(Some.Utf8(message)), ring, 1).Outcome);
        Assert.Equal((3, 4), (decoder.Scanned, decoder.General));
    }

    [Theory] // What JSON or the general decoder forbids, and what is allowed though it looks odd.
    [InlineData("\"t\":3,", "\"t\":03,")]
    [InlineData("\"t\":3,", "\"t\":00,")]
    [InlineData("\"t\":3,", "\"t\":+3,")]
    [InlineData("\"t\":3,", "\"t\":-3,")]
    [InlineData("\"t\":3,", "\"t\":3e5,")]
    [InlineData("\"t\":3,", "\"t\":3.0,")]
    [InlineData("\"t\":3,", "\"t\":,")]
    [InlineData("\"t\":3,", "\"t\":99999999999999999999,")]
    [InlineData("\"E\":1680652700455", "\"E\":0680652700455")]
    [InlineData("\"E\":1680652700455", "\"E\":99999999999999")] // Fourteen digits are milliseconds, fifteen are microseconds.
    [InlineData("\"E\":1680652700455", "\"E\":100000000000000")]
    [InlineData("\"E\":1680652700455", "\"E\":100000000000000000")]
    [InlineData("\"E\":1680652700455", "\"E\":1680656300455")] // The lag does not fit.
    [InlineData("28145.10000000", "00028145.1")]
    [InlineData("28145.10000000", "28145.")]
    [InlineData("28145.10000000", ".10000000")]
    [InlineData("28145.10000000", "28145.100000000")]
    [InlineData("28145.10000000", "28145.100000001")]
    [InlineData("28145.10000000", "28145/10000000")]
    [InlineData("28145.10000000", "28145.1000000:")]
    [InlineData("28145.10000000", "28145.1.000000")]
    [InlineData("28145.10000000", "92233720368.54775807")]
    [InlineData("28145.10000000", "92233720368.54775808")]
    [InlineData("28145.10000000", "123456789012.00000000")]
    [InlineData("28145.10000000", "0.00000000")] // Off the market.
    [InlineData("28145.10000000", "1e5")]
    [InlineData("28145.10000000", "-1.00000000")]
    [InlineData("28145.10000000", "")]
    [InlineData("\"m\":false", "\"m\":False")]
    [InlineData("\"m\":false", "\"m\":falsy")]
    [InlineData("\"m\":false", "\"m\":null")]
    [InlineData("\"M\":true}}", "\"M\":true}} ")]
    [InlineData("\"M\":true}}", "\"M\":true}}}")]
    [InlineData("\"M\":true}}", "\"M\":true}")]
    [InlineData("\"s\":\"BTCUSDT\"", "\"s\":\"ETHUSDT\"")]
    [InlineData("\"e\":\"trade\"", "\"e\":\"trady\"")]
    public void Odd_values_are_the_general_decoders_to_judge(string usual, string odd)
    {
        const string Trade = """{"stream":"btcusdt@trade","data":{"e":"trade","E":1680652700455,"s":"BTCUSDT","t":3,"p":"28145.10000000","q":"0.00200000","T":1680652700452,"m":false,"M":true}}""";
        string message = Trade.Replace(usual, odd, StringComparison.Ordinal);
        Assert.NotEqual(Trade, message);
        var trio = new SomeTrio(Market.Spot, ["BTCUSDT", "ETHUSDT"], Some.Kinds);
        foreach (string next in new[] { message, Trade, message, message, Trade, Trade, message })
            Assert.Null(trio.Difference(Some.InPlace(Some.Utf8(next))));
    }

    /// <summary>A message of every shape of a market with every set of values.</summary>
    internal static IEnumerable<string> Messages(Market market) =>
        MessageShape.Known.Where(shape => shape.Market == market).SelectMany(shape => Values.Select(values => Filled(shape, values)));

    private static string Filled(MessageShape shape, string values)
    {
        Dictionary<char, string> by = values.Split(' ').ToDictionary(static value => value[0], static value => value[2..]);
        string kind = shape.Kind switch
        {
            EventKind.DepthDiff => "depth@100ms",
            EventKind.Depth20 => "depth20@100ms",
            EventKind.Kline => "kline_1m",
            EventKind.MarkPrice => "markPrice@1s",
            EventKind.Liquidation => "forceOrder",
            EventKind.AggTrade => "aggTrade",
            EventKind.Trade => "trade",
            _ => "bookTicker",
        };
        var text = new StringBuilder();
        foreach (char character in shape.Text.Trim().Replace("$", "BTCUSDT", StringComparison.Ordinal))
            text.Append(by.TryGetValue(character, out string? value) ? value : character.ToString());
        return $"{{\"stream\":\"btcusdt@{kind}\",\"data\":{{{text}}}}}";
    }
}
