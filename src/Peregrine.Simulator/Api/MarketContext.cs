using System.Text.Json;
using Peregrine.Common;
using Peregrine.Simulator.Markets;

namespace Peregrine.Simulator.Api;

/// <summary>What the market-data calls share: how symbols are named in requests.</summary>
internal sealed class MarketContext(IMarketSource market, TimeProvider time, bool isSpot)
{
    private const string NameRange = "[\\w\\-._&&[^a-z]]{1,50}";
    private readonly Dictionary<string, MarketSymbol> _symbols = market.Symbols.ToDictionary(s => s.Name, StringComparer.Ordinal);

    public IMarketSource Market => market;
    public bool IsSpot => isSpot;
    public long NowMicros => time.GetUnixMicros();
    public string Base => isSpot ? "/api/v3" : "/fapi/v1";

    /// <summary>The routes of a call that only reads.</summary>
    public IReadOnlyList<(string Method, string Path)> Get(string path) => [("GET", $"{Base}/{path}")];

    /// <exception cref="ApiException">No such symbol, none was named, or it has another status than was asked for.</exception>
    public MarketSymbol Symbol(RequestParameters parameters)
    {
        MarketSymbol symbol = Find(parameters.Required("symbol"), "symbol");
        if (Status(parameters) is { } status && status != symbol.Status)
            throw new ApiException(-1220, "The symbol's status does not match the requested symbolStatus.");
        return symbol;
    }

    /// <summary>The symbols that are asked for with symbol, symbols or neither (all); whether the answer is a list.</summary>
    /// <exception cref="ApiException">A name is not known, or is there twice, or both parameters are.</exception>
    public (IReadOnlyList<MarketSymbol> Symbols, bool IsList) Symbols(RequestParameters parameters)
    {
        if (parameters.Has("symbol") && parameters.Has("symbols")) throw new ApiException(-1128, "Combination of optional parameters invalid.");
        if (parameters.Has("symbol")) return ([Symbol(parameters)], false);
        string? status = Status(parameters);
        IEnumerable<MarketSymbol> wanted = parameters.Optional("symbols") is { } list ? Named(list) : market.Symbols;
        return ([.. wanted.Where(s => status is null || status == s.Status)], true);
    }

    private List<MarketSymbol> Named(string list)
    {
        string[] names;
        try
        {
            names = JsonSerializer.Deserialize<string[]>(list) ?? [];
        }
        catch (JsonException)
        {
            throw ApiException.Illegal("symbols", $"^\\[(\"{NameRange}\"(,\"{NameRange}\"){{0,}}){{0,1}}\\]$");
        }
        if (names.Length == 0) throw new ApiException(-1105, "Parameter 'symbols' was empty.");
        if (names.Distinct(StringComparer.Ordinal).Count() < names.Length) throw new ApiException(-1151, "Symbol is present multiple times in the list.");
        return [.. names.Select(n => Find(n, "symbols"))];
    }

    private MarketSymbol Find(string name, string parameter)
    {
        if (_symbols.TryGetValue(name, out MarketSymbol? symbol)) return symbol;
        bool isLegal = name.Length <= 50 && name.All(c => (char.IsLetterOrDigit(c) && !char.IsAsciiLetterLower(c)) || c is '-' or '_' or '.');
        throw isLegal ? ApiException.BadSymbol() : ApiException.Illegal(parameter, $"^{NameRange}$");
    }

    private static string? Status(RequestParameters parameters) => parameters.Optional("symbolStatus") switch
    {
        null => null,
        "TRADING" or "HALT" or "BREAK" => parameters.Optional("symbolStatus"),
        _ => throw new ApiException(-1122, "Invalid symbolStatus."),
    };

    public static int Limit(RequestParameters parameters, int normal, int max) => TradingContext.Limit(parameters, normal, max);
}
