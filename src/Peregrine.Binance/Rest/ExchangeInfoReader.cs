using System.Text.Json;

using Peregrine.Common;

namespace Peregrine.Binance.Rest;

/// <summary>What exchangeInfo says, as far as it concerns us.</summary>
/// <param name="Instruments">The symbols that were asked for, in the order asked, without numbers yet.</param>
/// <param name="OrdersPer10Seconds">How many placements the account may make in ten seconds.</param>
/// <param name="WeightPerMinute">Request weight per address and minute.</param>
public sealed record ExchangeInfo(IReadOnlyList<Instrument> Instruments, int OrdersPer10Seconds, int WeightPerMinute)
{
    /// <summary>How many placements the account may make in a day; 0 where the exchange does not say.</summary>
    public int OrdersPerDay { get; init; }
}

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
        Limits limits = new() { OrdersPer10Seconds = OrdersDefault, WeightPerMinute = WeightDefault };
        var everywhere = new TradingRules();
        try
        {
            var reader = new Utf8JsonReader(body, isFinalBlock: true, new JsonReaderState(Streams.WireJson.Options));
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("symbols"u8)) ReadSymbols(ref reader, market, wanted);
                else if (reader.ValueTextEquals("rateLimits"u8)) ReadLimits(ref reader, ref limits);
                else if (reader.ValueTextEquals("exchangeFilters"u8)) everywhere = FilterReader.Read(ref reader, everywhere);
                else reader.Skip();
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new IOException($"exchangeInfo is not what it should be: {error.Message}", error);
        }
        var found = new List<Instrument>();
        foreach (string symbol in symbols)
        {
            Instrument instrument = wanted[symbol] ?? throw new UnknownSymbolException(symbol, market);
            found.Add(instrument with
            {
                Rules = instrument.Rules with
                {
                    ExchangeOrdersMax = everywhere.ExchangeOrdersMax, ExchangeAlgoOrdersMax = everywhere.ExchangeAlgoOrdersMax,
                    ExchangeIcebergOrdersMax = everywhere.ExchangeIcebergOrdersMax, ExchangeOrderListsMax = everywhere.ExchangeOrderListsMax,
                },
            });
        }
        return new ExchangeInfo(found, limits.OrdersPer10Seconds, limits.WeightPerMinute) { OrdersPerDay = limits.OrdersPerDay };
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
                if (reader.ValueTextEquals("symbol"u8)) name = InfoValue.Text(ref reader);
                else if (reader.ValueTextEquals("status"u8)) status = InfoValue.Text(ref reader);
                else if (reader.ValueTextEquals("baseAsset"u8)) baseAsset = InfoValue.Text(ref reader);
                else if (reader.ValueTextEquals("quoteAsset"u8)) quoteAsset = InfoValue.Text(ref reader);
                else if (reader.ValueTextEquals("filters"u8)) rules = FilterReader.Read(ref reader, rules);
                else reader.Skip();
            }
            if (!wanted.ContainsKey(name)) continue;
            wanted[name] = new Instrument
            {
                Id = SymbolId.None, Symbol = name, Market = market, BaseAsset = baseAsset, QuoteAsset = quoteAsset, IsTrading = status == "TRADING", Rules = rules,
            };
        }
    }

    private struct Limits
    {
        public int OrdersPer10Seconds;
        public int OrdersPerDay;
        public int WeightPerMinute;
    }

    private static void ReadLimits(ref Utf8JsonReader reader, ref Limits limits)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string type = "", interval = "";
            int number = 0, limit = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("rateLimitType"u8)) type = InfoValue.Text(ref reader);
                else if (reader.ValueTextEquals("interval"u8)) interval = InfoValue.Text(ref reader);
                else if (reader.ValueTextEquals("intervalNum"u8)) number = InfoValue.Number(ref reader);
                else if (reader.ValueTextEquals("limit"u8)) limit = InfoValue.Number(ref reader);
                else reader.Skip();
            }
            if (limit <= 0) continue;
            if (type == "ORDERS" && interval == "SECOND" && number == 10) limits.OrdersPer10Seconds = limit;
            if (type == "ORDERS" && interval == "DAY" && number == 1) limits.OrdersPerDay = limit;
            if (type == "REQUEST_WEIGHT" && interval == "MINUTE" && number == 1) limits.WeightPerMinute = limit;
        }
    }
}
