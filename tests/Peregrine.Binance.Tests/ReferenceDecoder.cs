using System.Globalization;
using System.Text.Json;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Tests;

/// <summary>
/// What a market message says, read in the most obvious way: a document, decimals, one field after the other. It decides what the fast reader must say.
/// </summary>
internal static class ReferenceDecoder
{
    /// <summary>Null where the event says exactly what the payload says; otherwise what differs.</summary>
    public static string? Difference(JsonElement data, Market market, EventKind kind, int symbol, MarketEvent entry, long[] payload)
    {
        var expected = new Dictionary<string, object?>();
        var actual = new Dictionary<string, object?>();
        void Same(string name, object? wanted, object? got)
        {
            expected[name] = wanted;
            actual[name] = got;
        }

        Same("kind", kind, entry.Kind);
        Same("symbol", symbol, (int)entry.Symbol.Value);
        bool book = data.TryGetProperty("lastUpdateId", out _);
        long eventTime = book ? 0 : Has(data, "E") ? Time(data, "E") : Has(data, "T") ? Time(data, "T") : 0;
        Same("event time", eventTime, entry.ExchangeTimeMicros);
        JsonElement timed = kind == EventKind.Liquidation ? data.GetProperty("o") : data;
        bool ownTime = !book && kind != EventKind.MarkPrice && Has(timed, "T"); // Of a mark price, T is the next funding.
        Same("transaction time", ownTime ? Time(timed, "T") : eventTime, entry.TransactionTimeMicros);
        switch (kind)
        {
            case EventKind.AggTrade:
                Same("id", data.GetProperty("a").GetInt64(), entry.Trade.Id);
                Same("first", data.GetProperty("f").GetInt64(), entry.Trade.FirstTradeId);
                Same("last", data.GetProperty("l").GetInt64(), entry.Trade.LastTradeId);
                Trade();
                break;
            case EventKind.Trade:
                Same("id", data.GetProperty("t").GetInt64(), entry.Trade.Id);
                Trade();
                break;
            case EventKind.BookTicker:
                Same("update", data.GetProperty("u").GetInt64(), entry.Ticker.UpdateId);
                Same("bid", Amount(data, "b"), entry.Ticker.BidPrice.Raw);
                Same("bid quantity", Amount(data, "B"), entry.Ticker.BidQuantity.Raw);
                Same("ask", Amount(data, "a"), entry.Ticker.AskPrice.Raw);
                Same("ask quantity", Amount(data, "A"), entry.Ticker.AskQuantity.Raw);
                break;
            case EventKind.Depth20 or EventKind.DepthDiff:
                long[] bids = Levels(data.GetProperty(book ? "bids" : "b"));
                long[] asks = Levels(data.GetProperty(book ? "asks" : "a"));
                Same("bids", bids.Length / 2, entry.Depth.BidCount);
                Same("asks", asks.Length / 2, entry.Depth.AskCount);
                Same("levels", string.Join(',', bids.Concat(asks)), string.Join(',', payload));
                Same("final", data.GetProperty(book ? "lastUpdateId" : "u").GetInt64(), entry.Depth.FinalUpdateId);
                if (kind != EventKind.DepthDiff) break;
                Same("first", data.GetProperty("U").GetInt64(), entry.Depth.FirstUpdateId);
                Same("previous", market == Market.UsdMargined ? data.GetProperty("pu").GetInt64() : 0, entry.Depth.PreviousFinalUpdateId);
                break;
            case EventKind.Kline:
                JsonElement k = data.GetProperty("k");
                Kline kline = Payload.Read<Kline>(payload);
                long[] wanted =
                [
                    Time(k, "t"), Time(k, "T"), Amount(k, "o"), Amount(k, "h"), Amount(k, "l"), Amount(k, "c"), Amount(k, "v"), Amount(k, "q"), Amount(k, "V"), Amount(k, "Q"),
                    k.GetProperty("n").GetInt64(), k.GetProperty("f").GetInt64(), k.GetProperty("L").GetInt64(),
                ];
                Same("candle", string.Join(',', wanted), string.Join(',', payload));
                Same("open", Amount(k, "o"), kline.Open.Raw);
                Same("closed", k.GetProperty("x").GetBoolean(), (entry.Flags & EventFlags.Closed) != 0);
                Same("transaction time", eventTime, entry.TransactionTimeMicros);
                break;
            case EventKind.MarkPrice:
                Same("mark", Amount(data, "p"), entry.Mark.Mark.Raw);
                Same("index", Amount(data, "i"), entry.Mark.Index.Raw);
                Same("settle", Has(data, "P") && data.GetProperty("P").GetString() != "" ? Amount(data, "P") : 0, entry.Mark.EstimatedSettle.Raw);
                Same("rate", data.GetProperty("r").GetString() is "" ? 0 : Amount(data.GetProperty("r"), NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign), entry.Mark.FundingRateUnits);
                Same("next funding", Time(data, "T"), entry.Mark.NextFundingTimeMicros);
                break;
            case EventKind.Liquidation:
                JsonElement order = data.GetProperty("o");
                Same("price", Amount(order, "p"), entry.Liquidation.Price.Raw);
                Same("average", Amount(order, "ap"), entry.Liquidation.AveragePrice.Raw);
                Same("quantity", Amount(order, "q"), entry.Liquidation.Quantity.Raw);
                Same("last", Amount(order, "l"), entry.Liquidation.LastQuantity.Raw);
                Same("filled", Amount(order, "z"), entry.Liquidation.FilledQuantity.Raw);
                Same("side", order.GetProperty("S").GetString(), (entry.Flags & EventFlags.Sell) != 0 ? "SELL" : "BUY");
                break;
            default:
                return $"there is no reference for {kind}";
        }
        foreach ((string name, object? wantedValue) in expected)
            if (!Equals(wantedValue, actual[name])) return $"{name}: {wantedValue} expected, {actual[name]} found";
        return null;

        void Trade()
        {
            Same("price", Amount(data, "p"), entry.Trade.Price.Raw);
            Same("quantity", Amount(data, "q"), entry.Trade.Quantity.Raw);
            Same("buyer is maker", data.GetProperty("m").GetBoolean(), (entry.Flags & EventFlags.BuyerIsMaker) != 0);
            bool off = Amount(data, "p") == 0 || (market == Market.UsdMargined && kind == EventKind.Trade && Has(data, "X") && data.GetProperty("X").GetString() != "MARKET");
            Same("off market", off, (entry.Flags & EventFlags.OffMarket) != 0);
        }
    }

    private static bool Has(JsonElement element, string name) => element.TryGetProperty(name, out _);

    private static long Time(JsonElement element, string name) => element.GetProperty(name).GetInt64() is var time && time < 100_000_000_000_000 ? time * 1000 : time;

    private static long Amount(JsonElement element, string name) => Amount(element.GetProperty(name));

    private static long Amount(JsonElement value, NumberStyles style = NumberStyles.AllowDecimalPoint)
    {
        string text = value.GetString()!;
        decimal units = decimal.Parse(text, style, CultureInfo.InvariantCulture) * 100_000_000m;
        if (units != decimal.Truncate(units)) throw new FormatException($"{text} has no exact value.");
        return (long)units;
    }

    private static long[] Levels(JsonElement levels) => [.. levels.EnumerateArray().SelectMany(level => new[] { Amount(level[0]), Amount(level[1]) })];
}
