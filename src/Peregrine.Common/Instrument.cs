namespace Peregrine.Common;

/// <summary>A symbol's number within one run; 0 is no symbol. The table that gives it out is <see cref="InstrumentTable"/>.</summary>
public readonly record struct SymbolId(ushort Value)
{
    public static SymbolId None => default;
    public bool IsNone => Value == 0;
    public override string ToString() => $"#{Value}";
}

/// <summary>A symbol with all that the exchange says of it.</summary>
public sealed record Instrument
{
    public required SymbolId Id { get; init; }

    /// <summary>The exchange's name in upper case: BTCUSDT.</summary>
    public required string Symbol { get; init; }

    public required Market Market { get; init; }
    public string BaseAsset { get; init; } = "";
    public string QuoteAsset { get; init; } = "";

    /// <summary>Whether the exchange takes orders for it now (status TRADING).</summary>
    public bool IsTrading { get; init; }

    public TradingRules Rules { get; init; } = new();
}

/// <summary>The symbols of a run, by number and by name. Filled while starting, read-only afterwards.</summary>
public sealed class InstrumentTable
{
    private readonly List<Instrument> _byId = [];
    private readonly Dictionary<string, Instrument> _byName = new(StringComparer.Ordinal);

    /// <summary>All instruments, in the order of their numbers (1, 2, …).</summary>
    public IReadOnlyList<Instrument> All => _byId;

    public int Count => _byId.Count;

    /// <summary>Adds a symbol under the next number, or replaces what is known of one that is already there (its number stays).</summary>
    public Instrument Add(Instrument instrument)
    {
        if (_byName.TryGetValue(instrument.Symbol, out Instrument? known))
        {
            Instrument updated = instrument with { Id = known.Id };
            _byName[instrument.Symbol] = updated;
            _byId[known.Id.Value - 1] = updated;
            return updated;
        }
        if (_byId.Count == ushort.MaxValue) throw new InvalidOperationException("More than 65,535 symbols.");
        Instrument added = instrument with { Id = new SymbolId((ushort)(_byId.Count + 1)) };
        _byId.Add(added);
        _byName.Add(added.Symbol, added);
        return added;
    }

    /// <summary>Adds a symbol of which nothing but the name is known yet.</summary>
    public Instrument Add(string symbol, Market market) =>
        Add(new Instrument { Id = SymbolId.None, Symbol = symbol, Market = market });

    public Instrument this[SymbolId id] => _byId[id.Value - 1];
    public bool TryGet(string symbol, out Instrument instrument) => _byName.TryGetValue(symbol, out instrument!);
}
