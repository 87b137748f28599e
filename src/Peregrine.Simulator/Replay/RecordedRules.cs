using System.Text.Json;
using Peregrine.Common;

namespace Peregrine.Simulator.Replay;

/// <summary>Trading rules out of a recording: from its exchangeInfo, or guessed from the decimals that were seen.</summary>
internal static class RecordedRules
{
    /// <summary>The power of ten that divides both the grid so far (0 for none) and the value.</summary>
    public static long Finer(long grid, long units)
    {
        if (units <= 0) return grid;
        if (grid == 0) grid = FixedPoint.One;
        while (grid > 1 && units % grid != 0) grid /= 10;
        return grid;
    }

    public static TradingRules FromGrids(long priceGrid, long quantityGrid)
    {
        Price tick = new(Math.Max(1, priceGrid));
        Quantity step = new(Math.Max(1, quantityGrid));
        return new TradingRules
        {
            TickSize = tick, MinPrice = tick, MaxPrice = Price.Parse("10000000"), StepSize = step, MinQuantity = step, MaxQuantity = Quantity.Parse("9000000000"),
        };
    }

    /// <summary>Reads the filters of every symbol of an exchangeInfo body; one that is not sound is skipped.</summary>
    public static void Read(ReadOnlySpan<byte> body, Dictionary<string, TradingRules> rules)
    {
        Utf8JsonReader reader = new(body);
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        if (!document.RootElement.TryGetProperty("symbols", out JsonElement symbols)) return;
        foreach (JsonElement symbol in symbols.EnumerateArray())
        {
            TradingRules read = new();
            foreach (JsonElement filter in symbol.GetProperty("filters").EnumerateArray())
            {
                read = filter.GetProperty("filterType").GetString() switch
                {
                    "PRICE_FILTER" => read with { TickSize = new Price(Units(filter, "tickSize")), MinPrice = new Price(Units(filter, "minPrice")), MaxPrice = new Price(Units(filter, "maxPrice")) },
                    "LOT_SIZE" => read with { StepSize = new Quantity(Units(filter, "stepSize")), MinQuantity = new Quantity(Units(filter, "minQty")), MaxQuantity = new Quantity(Units(filter, "maxQty")) },
                    "MIN_NOTIONAL" => read with { MinNotional = Notional.FromUnits(filter.TryGetProperty("notional", out _) ? Units(filter, "notional") : Units(filter, "minNotional")) },
                    "NOTIONAL" => read with { MinNotional = Notional.FromUnits(Units(filter, "minNotional")) },
                    _ => read,
                };
            }
            if (read.TickSize.Raw > 0 && read.StepSize.Raw > 0) rules[symbol.GetProperty("symbol").GetString()!] = read;
        }
    }

    private static long Units(JsonElement filter, string name) =>
        filter.TryGetProperty(name, out JsonElement value) && FixedPoint.TryParse(value.GetString().AsSpan(), out long units) ? units : 0;
}
