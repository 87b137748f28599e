using System.Globalization;
using System.Text;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Feed.Decoding;

/// <summary>Messages of the official shapes with made-up values: ten symbols from Bitcoin to fractions of a cent, always the same ones.</summary>
internal sealed class GeneratedMessages
{
    private const int Small = 4_000;
    private const int Large = 1_000;
    private const int LevelsEach = 20;

    private static readonly (string Symbol, decimal Price, decimal Tick, decimal Quantity)[] Symbols =
    [
        ("BTCUSDT", 84_598.05m, 0.01m, 0.05m), ("ETHUSDT", 3_120.44m, 0.01m, 1.2m), ("SOLUSDT", 182.31m, 0.01m, 20m), ("BNBUSDT", 612.7m, 0.1m, 3m), ("DOGEUSDT", 0.18231m, 0.00001m, 9_000m),
        ("XRPUSDT", 2.1134m, 0.0001m, 800m), ("ADAUSDT", 0.7125m, 0.0001m, 2_500m), ("PEPEUSDT", 0.00001184m, 0.00000001m, 900_000m), ("ETHBTC", 0.03688m, 0.00001m, 2m), ("LINKUSDT", 17.42m, 0.01m, 60m),
    ];

    private readonly Random _random = new(20260722);
    private long _time = 1_791_019_853_438;
    private long _id = 4_080_045_245;

    public static IReadOnlyCollection<string> Names => [.. Symbols.Select(static symbol => symbol.Symbol)];

    public MessageBatch AggTrades() => Batch("aggTrade", EventKind.AggTrade, Small, (symbol, price, quantity) =>
        $$"""{"e":"aggTrade","E":{{_time}},"s":"{{symbol}}","a":{{_id}},"p":"{{price}}","q":"{{quantity}}","f":{{_id + 2_000_000_000}},"l":{{_id + 2_000_000_000 + _random.Next(4)}},"T":{{_time - _random.Next(3)}},"m":{{Flag()}},"M":true""");

    public MessageBatch Trades() => Batch("trade", EventKind.Trade, Small, (symbol, price, quantity) =>
        $$"""{"e":"trade","E":{{_time}},"s":"{{symbol}}","t":{{_id}},"p":"{{price}}","q":"{{quantity}}","T":{{_time - _random.Next(3)}},"m":{{Flag()}},"M":true""");

    public MessageBatch Klines() => Batch("kline_1m", EventKind.Kline, Small, (symbol, price, quantity) =>
        $$"""{"e":"kline","E":{{_time}},"s":"{{symbol}}","k":{"t":{{_time / 60_000 * 60_000}},"T":{{(_time / 60_000 * 60_000) + 59_999}},"s":"{{symbol}}","i":"1m","f":{{_id}},"L":{{_id + 53}},"o":"{{price}}","c":"{{price}}","h":"{{price}}","l":"{{price}}","v":"{{quantity}}","n":54,"x":{{Flag()}},"q":"{{Text(_random.Next(1, 90_000) + 0.0560203m)}}","V":"{{quantity}}","Q":"{{Text(_random.Next(1, 40_000) + 0.64125m)}}","B":"0"}""");

    public MessageBatch MarkPrices() => Batch("markPrice@1s", EventKind.MarkPrice, Small, (symbol, price, _) =>
        $$"""{"e":"markPriceUpdate","E":{{_time}},"s":"{{symbol}}","p":"{{price}}","i":"{{price}}","P":"{{price}}","r":"0.000{{_random.Next(10_000, 99_999)}}","ap":"{{price}}","T":{{(_time / 28_800_000 * 28_800_000) + 28_800_000}},"st":1""", Market.UsdMargined);

    public MessageBatch PartialBooks()
    {
        List<string> messages = [];
        for (int i = 0; i < Large; i++)
        {
            (string symbol, decimal price, decimal tick, decimal quantity) = Symbols[_random.Next(Symbols.Length)];
            _id += _random.Next(1, 50);
            StringBuilder text = new($$"""{"stream":"{{symbol.ToLowerInvariant()}}@depth20@100ms","data":{"lastUpdateId":{{_id}},"bids":""");
            price = Near(price, tick);
            Side(text, price, -tick, quantity);
            text.Append(",\"asks\":");
            Side(text, price + tick, tick, quantity);
            messages.Add(text.Append("}}").ToString());
        }
        return MessageBatch.Of("depth20", Market.Spot, EventKind.Depth20, Names, messages);
    }

    private MessageBatch Batch(string stream, EventKind kind, int count, Func<string, string, string, string> write, Market market = Market.Spot)
    {
        List<string> messages = [];
        for (int i = 0; i < count; i++)
        {
            (string symbol, decimal price, decimal tick, decimal quantity) = Symbols[_random.Next(Symbols.Length)];
            _time += _random.Next(5);
            _id++;
            string data = write(symbol, Text(Near(price, tick)), Text(Some(quantity)));
            messages.Add(string.Concat("{\"stream\":\"", symbol.ToLowerInvariant(), "@", stream, "\",\"data\":", data, "}}"));
        }
        return MessageBatch.Of(stream, market, kind, Names, messages);
    }

    private void Side(StringBuilder text, decimal price, decimal step, decimal quantity)
    {
        text.Append('[');
        for (int i = 0; i < LevelsEach; i++)
        {
            text.Append(i == 0 ? "" : ",").Append("[\"").Append(Text(price)).Append("\",\"").Append(Text(Some(quantity))).Append("\"]");
            price = Math.Max(price + (step * _random.Next(1, 4)), 0.00000001m);
        }
        text.Append(']');
    }

    private decimal Near(decimal price, decimal tick) => Math.Max(tick * 70, price + (tick * _random.Next(-60, 60)));

    private decimal Some(decimal quantity) => Math.Round(quantity * (decimal)Math.Exp((_random.NextDouble() * 6) - 4), 5) + 0.00001m;

    private string Flag() => _random.Next(2) == 0 ? "true" : "false";

    private static string Text(decimal value) => value.ToString("0.00000000", CultureInfo.InvariantCulture);
}
