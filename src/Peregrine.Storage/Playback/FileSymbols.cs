using System.Globalization;

using Peregrine.Common;
using Peregrine.Storage.Files;
using Peregrine.Storage.Rows;
using Peregrine.Storage.Sqlite;

namespace Peregrine.Storage.Playback;

/// <summary>A file's symbols, and which number they have in the recording that the file belongs to.</summary>
internal static class FileSymbols
{
    /// <summary>Adds the file's symbols to the table, with the file's rules, and returns the table's numbers by the file's.</summary>
    internal static Dictionary<long, SymbolId> Read(Database database, InstrumentTable instruments) => Read(database, instruments, replaceKnown: true);

    /// <summary>As <see cref="Read(Database, InstrumentTable)"/>, but what the table knows already stays as it is.</summary>
    internal static Dictionary<long, SymbolId> Map(Database database, InstrumentTable instruments) => Read(database, instruments, replaceKnown: false);

    private static Dictionary<long, SymbolId> Read(Database database, InstrumentTable instruments, bool replaceKnown)
    {
        Dictionary<long, SymbolId> ids = new() { [0] = SymbolId.None };
        using Statement select = database.Prepare(
            "SELECT id, name, market, base, quote, tick_size, step_size, min_price, max_price, min_quantity, max_quantity, min_notional, trading FROM symbol ORDER BY id");
        while (select.Step())
        {
            _ = MarketText.TryParse(select.Text(2), out Market market);
            if (!replaceKnown && instruments.TryGet(select.Text(1), out Instrument known))
            {
                ids[select.Int64(0)] = known.Id;
                continue;
            }
            Instrument instrument = instruments.Add(new Instrument
            {
                Id = SymbolId.None,
                Symbol = select.Text(1),
                Market = market,
                BaseAsset = select.Text(3),
                QuoteAsset = select.Text(4),
                Rules = new TradingRules
                {
                    TickSize = new Price(select.Int64(5)),
                    StepSize = new Quantity(select.Int64(6)),
                    MinPrice = new Price(select.Int64(7)),
                    MaxPrice = new Price(select.Int64(8)),
                    MinQuantity = new Quantity(select.Int64(9)),
                    MaxQuantity = new Quantity(select.Int64(10)),
                    MinNotional = ParseNotional(select.Text(11)),
                },
                IsTrading = select.Int64(12) != 0,
            });
            ids[select.Int64(0)] = instrument.Id;
        }
        return ids;
    }

    /// <summary>What the file counts each symbol's prices and quantities in, by the file's numbers.</summary>
    internal static Dictionary<long, SymbolUnits> Units(Database database)
    {
        Dictionary<long, SymbolUnits> units = [];
        using Statement select = database.Prepare("SELECT id, price_unit, quantity_unit FROM symbol");
        while (select.Step()) units[select.Int64(0)] = SymbolUnits.Of(select.Int64(1), select.Int64(2));
        return units;
    }

    /// <summary>The exact reverse of <see cref="Notional.ToString"/>, which has up to 16 places.</summary>
    internal static Notional ParseNotional(string text)
    {
        bool negative = text.StartsWith('-');
        string[] parts = text[(negative ? 1 : 0)..].Split('.');
        if (parts.Length is 1 or 2 && (parts.Length == 1 || parts[1].Length <= 16) &&
            Int128.TryParse(parts[0] + (parts.Length == 2 ? parts[1] : "").PadRight(16, '0'), NumberStyles.None, CultureInfo.InvariantCulture, out Int128 raw))
            return new Notional(negative ? -raw : raw);
        throw new StorageException($"A smallest notional of '{text}'.");
    }
}
