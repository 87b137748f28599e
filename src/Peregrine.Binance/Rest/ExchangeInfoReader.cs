using System.Text;
using System.Text.Json;

using Peregrine.Common;

namespace Peregrine.Binance.Rest;

/// <summary>What exchangeInfo says, as far as it concerns us.</summary>
/// <param name="Instruments">The symbols that were asked for, in the order asked, without numbers yet.</param>
/// <param name="OrdersPer10Seconds">How many placements the account may make in ten seconds.</param>
/// <param name="WeightPerMinute">Request weight per address and minute.</param>
public sealed record ExchangeInfo(IReadOnlyList<Instrument> Instruments, int OrdersPer10Seconds, int WeightPerMinute);

/// <summary>The exchange does not know a symbol that was configured.</summary>
public sealed class UnknownSymbolException(string symbol, Market market)
    : Exception($"The exchange does not list {symbol} on its {market.Text()} market.")
{
    public string Symbol { get; } = symbol;
}

/// <summary>Reads exchangeInfo in one pass over its bytes: it has megabytes, of which we want a few rows.</summary>
public static class ExchangeInfoReader
{
    // What the documentation gives where the answer gives nothing.
    private const int OrdersDefault = 50;
    private const int WeightDefault = 2_400;

    /// <exception cref="UnknownSymbolException">One of the symbols is not listed.</exception>
    /// <exception cref="IOException">The body is not what it should be.</exception>
    public static ExchangeInfo Read(ReadOnlySpan<byte> body, Market market, IReadOnlyList<string> symbols)
    {
        var wanted = symbols.ToDictionary(symbol => symbol, _ => (Instrument?)null, StringComparer.Ordinal);
        int orders = OrdersDefault, weight = WeightDefault;
        try
        {
            var reader = new Utf8JsonReader(body, isFinalBlock: true, new JsonReaderState(Streams.WireJson.Options));
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("symbols"u8)) ReadSymbols(ref reader, market, wanted);
                else if (reader.ValueTextEquals("rateLimits"u8)) ReadLimits(ref reader, ref orders, ref weight);
                else reader.Skip();
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new IOException($"exchangeInfo is not what it should be: {error.Message}", error);
        }
        var found = new List<Instrument>();
        foreach (string symbol in symbols) found.Add(wanted[symbol] ?? throw new UnknownSymbolException(symbol, market));
        return new ExchangeInfo(found, orders, weight);
    }

    private static void ReadSymbols(ref Utf8JsonReader reader, Market market, Dictionary<string, Instrument?> wanted)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string name = "", status = "", baseAsset = "", quoteAsset = "";
            var rules = new TradingRules();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("symbol"u8)) name = Text(ref reader);
                else if (reader.ValueTextEquals("status"u8)) status = Text(ref reader);
                else if (reader.ValueTextEquals("baseAsset"u8)) baseAsset = Text(ref reader);
                else if (reader.ValueTextEquals("quoteAsset"u8)) quoteAsset = Text(ref reader);
                else if (reader.ValueTextEquals("filters"u8)) rules = ReadFilters(ref reader);
                else reader.Skip();
            }
            if (!wanted.ContainsKey(name)) continue;
            wanted[name] = new Instrument
            {
                Id = SymbolId.None, Symbol = name, Market = market, BaseAsset = baseAsset, QuoteAsset = quoteAsset, IsTrading = status == "TRADING", Rules = rules,
            };
        }
    }

    private static TradingRules ReadFilters(ref Utf8JsonReader reader)
    {
        var rules = new TradingRules();
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            // The type may come behind the numbers, so all names are read first; no two filters that matter share one with another meaning.
            string type = "";
            long minPrice = 0, maxPrice = 0, tick = 0, minQuantity = 0, maxQuantity = 0, step = 0, notional = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("filterType"u8)) type = Text(ref reader);
                else if (reader.ValueTextEquals("minPrice"u8)) minPrice = Bound(ref reader);
                else if (reader.ValueTextEquals("maxPrice"u8)) maxPrice = Bound(ref reader);
                else if (reader.ValueTextEquals("tickSize"u8)) tick = Bound(ref reader);
                else if (reader.ValueTextEquals("minQty"u8)) minQuantity = Bound(ref reader);
                else if (reader.ValueTextEquals("maxQty"u8)) maxQuantity = Bound(ref reader);
                else if (reader.ValueTextEquals("stepSize"u8)) step = Bound(ref reader);
                else if (reader.ValueTextEquals("minNotional"u8) || reader.ValueTextEquals("notional"u8)) notional = Bound(ref reader);
                else reader.Skip();
            }
            rules = type switch
            {
                "PRICE_FILTER" => rules with { MinPrice = new Price(minPrice), MaxPrice = new Price(maxPrice), TickSize = new Price(Math.Max(1, tick)) },
                "LOT_SIZE" => rules with
                {
                    MinQuantity = new Quantity(minQuantity), MaxQuantity = new Quantity(maxQuantity), StepSize = new Quantity(Math.Max(1, step)),
                },
                "MIN_NOTIONAL" or "NOTIONAL" => rules with { MinNotional = Notional.FromUnits(notional) },
                _ => rules,
            };
        }
        return rules;
    }

    private static void ReadLimits(ref Utf8JsonReader reader, ref int orders, ref int weight)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string type = "", interval = "";
            int number = 0, limit = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("rateLimitType"u8)) type = Text(ref reader);
                else if (reader.ValueTextEquals("interval"u8)) interval = Text(ref reader);
                else if (reader.ValueTextEquals("intervalNum"u8)) number = Number(ref reader);
                else if (reader.ValueTextEquals("limit"u8)) limit = Number(ref reader);
                else reader.Skip();
            }
            if (limit <= 0) continue;
            if (type == "ORDERS" && interval == "SECOND" && number == 10) orders = limit;
            if (type == "REQUEST_WEIGHT" && interval == "MINUTE" && number == 1) weight = limit;
        }
    }

    private static string Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String) return reader.GetString() ?? "";
        reader.Skip();
        return "";
    }

    private static int Number(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int value)) return value;
        reader.Skip();
        return 0;
    }

    /// <summary>An upper bound beyond 64 bits is no bound that an order of ours could reach.</summary>
    private static long Bound(ref Utf8JsonReader reader)
    {
        string text = Text(ref reader);
        if (FixedPoint.TryParse(Encoding.UTF8.GetBytes(text), out long units)) return units;
        int point = text.IndexOf('.', StringComparison.Ordinal);
        int whole = point < 0 ? text.Length : point;
        return whole > 11 && text.AsSpan(0, whole).IndexOfAnyExceptInRange('0', '9') < 0
            ? long.MaxValue
            : throw new IOException($"exchangeInfo has a filter value '{text}', which is no exact decimal within {FixedPoint.Places} places.");
    }
}
