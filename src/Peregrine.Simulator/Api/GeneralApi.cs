using System.Text.Json;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>The exchange itself: time, symbols and rules.</summary>
/// <param name="serves">Whether a call is served here: what exchangeInfo says of order lists and the like.</param>
internal sealed class GeneralApi(MarketContext context, UsageCounter usage, Func<string, bool> serves)
{
    private static readonly string[] Permissions = ["SPOT"];

    public IEnumerable<Operation> Operations
    {
        get
        {
            yield return new Operation("ping", false, 1, static (_, writer) => writer.Raw("{}"u8)) { Routes = context.Get("ping") };
            yield return new Operation("time", false, 1, (_, writer) => writer.Raw("{\"serverTime\":"u8).Time(context.NowMicros).Raw("}"u8)) { Routes = context.Get("time") };
            yield return new Operation("exchangeInfo", false, context.IsSpot ? 20 : 1, ExchangeInfo) { Routes = context.Get("exchangeInfo") };
            if (!context.IsSpot) yield break;
            yield return new Operation("executionRules", false, 40, ExecutionRules) { Routes = context.Get("executionRules"), WeightOf = RequestWeights.ExecutionRules };
            yield return new Operation("referencePrice", false, 2, ReferencePrice) { Routes = context.Get("referencePrice") };
            yield return new Operation("referencePrice.calculation", false, 2, ReferencePrice) { Routes = context.Get("referencePrice/calculation") };
        }
    }

    private void ExchangeInfo(RequestParameters parameters, WireWriter writer)
    {
        IReadOnlyList<MarketSymbol> wanted;
        bool hasNames = parameters.Has("symbol") || parameters.Has("symbols");
        if (hasNames && (parameters.Has("permissions") || parameters.Has("symbolStatus"))) throw new ApiException(-1128, "Combination of optional parameters invalid.");
        wanted = context.Symbols(parameters).Symbols;
        if (parameters.Optional("permissions") is { } permissions && !ReadPermissions(permissions).Intersect(Permissions).Any()) wanted = [];
        InfoWire.Write(writer, wanted, context.IsSpot, usage, context.NowMicros, serves, parameters.Optional("showPermissionSets") != "false");
    }

    private static IEnumerable<string> ReadPermissions(string text)
    {
        if (!text.StartsWith('[')) return [text];
        try
        {
            return JsonSerializer.Deserialize<string[]>(text) ?? [];
        }
        catch (JsonException)
        {
            throw ApiException.Invalid("permissions");
        }
    }

    /// <summary>No symbol here has rules of execution beside its filters.</summary>
    private void ExecutionRules(RequestParameters parameters, WireWriter writer)
    {
        writer.Raw("{\"symbolRules\":["u8);
        foreach (MarketSymbol symbol in context.Symbols(parameters).Symbols) writer.Comma().Raw("{\"symbol\":"u8).Text(symbol.Name).Raw(",\"rules\":[]}"u8);
        writer.Raw("]}"u8);
    }

    /// <summary>No symbol here ever had a reference price.</summary>
    private void ReferencePrice(RequestParameters parameters, WireWriter writer)
    {
        context.Symbol(parameters);
        throw new ApiException(-2043, "This symbol doesn't have a reference price.");
    }
}
