using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>The little of the wallet's API that clients of the spot market touch. Nothing can be deposited or withdrawn here, and it says so.</summary>
internal sealed class WalletApi(MarketContext context)
{
    public IEnumerable<Operation> Operations =>
    [
        new Operation("sapi.apiRestrictions", true, 1, Restrictions) { Routes = [("GET", "/sapi/v1/account/apiRestrictions")], IsRestOnly = true },
        new Operation("sapi.account.status", true, 1, static (_, writer) => writer.Raw("{\"data\":\"Normal\"}"u8)) { Routes = [("GET", "/sapi/v1/account/status")], IsRestOnly = true },
        new Operation("sapi.account.info", true, 1, static (_, writer) => writer.Raw("{\"vipLevel\":0,\"isMarginEnabled\":false,\"isFutureEnabled\":false,\"isOptionsEnabled\":false,\"isPortfolioMarginRetailEnabled\":false}"u8)) { Routes = [("GET", "/sapi/v1/account/info")], IsRestOnly = true },
        new Operation("sapi.system.status", false, 1, static (_, writer) => writer.Raw("{\"status\":0,\"msg\":\"normal\"}"u8)) { Routes = [("GET", "/sapi/v1/system/status")], IsRestOnly = true },
        new Operation("sapi.capital.config", true, 10, Coins) { Routes = [("GET", "/sapi/v1/capital/config/getall")], IsRestOnly = true },
        new Operation("sapi.asset.tradeFee", true, 1, TradeFees) { Routes = [("GET", "/sapi/v1/asset/tradeFee")], IsRestOnly = true },
        new Operation("sapi.margin.allPairs", false, 1, None) { Routes = [("GET", "/sapi/v1/margin/allPairs"), ("GET", "/sapi/v1/margin/isolated/allPairs")], IsRestOnly = true },
    ];

    /// <summary>Nothing can be traded on margin here.</summary>
    private static void None(RequestParameters parameters, WireWriter writer) => writer.Raw("[]"u8);

    private static void Restrictions(RequestParameters parameters, WireWriter writer)
    {
        ActiveKey key = parameters.Key!;
        KeyPermissions may = key.Permissions;
        writer.Raw("{\"ipRestrict\":"u8).Bool(may.IpRestrict).Raw(",\"createTime\":"u8).Number(key.CreatedMillis)
            .Raw(",\"enableReading\":"u8).Bool(may.EnableReading).Raw(",\"enableSpotAndMarginTrading\":"u8).Bool(may.EnableSpotAndMarginTrading)
            .Raw(",\"enableWithdrawals\":"u8).Bool(may.EnableWithdrawals).Raw(",\"enableInternalTransfer\":"u8).Bool(may.EnableInternalTransfer)
            .Raw(",\"permitsUniversalTransfer\":"u8).Bool(may.PermitsUniversalTransfer).Raw(",\"enableMargin\":"u8).Bool(may.EnableMargin)
            .Raw(",\"enableFutures\":"u8).Bool(may.EnableFutures).Raw(",\"enableVanillaOptions\":"u8).Bool(may.EnableVanillaOptions)
            .Raw(",\"enableFixApiTrade\":false,\"enableFixReadOnly\":false,\"enablePortfolioMarginTrading\":false}"u8);
    }

    private void Coins(RequestParameters parameters, WireWriter writer)
    {
        writer.Raw("["u8);
        foreach (string asset in context.Market.Symbols.SelectMany(s => (string[])[s.Instrument.BaseAsset, s.Instrument.QuoteAsset]).Distinct().Order(StringComparer.Ordinal))
        {
            AssetBalance held = TradingContext.Desk(parameters).Account[asset];
            writer.Comma().Raw("{\"coin\":"u8).Text(asset).Raw(",\"depositAllEnable\":false,\"free\":"u8).Decimal(held.Free)
                .Raw(",\"freeze\":\"0\",\"ipoable\":\"0\",\"ipoing\":\"0\",\"isLegalMoney\":false,\"locked\":"u8).Decimal(held.Locked)
                .Raw(",\"name\":"u8).Text(asset).Raw(",\"networkList\":[],\"storage\":\"0\",\"trading\":true,\"withdrawAllEnable\":false,\"withdrawing\":\"0\"}"u8);
        }
        writer.Raw("]"u8);
    }

    private void TradeFees(RequestParameters parameters, WireWriter writer)
    {
        long rate = Common.FixedPoint.One / 10_000;
        writer.Raw("["u8);
        foreach (Markets.MarketSymbol symbol in context.Symbols(parameters).Symbols)
            writer.Comma().Raw("{\"symbol\":"u8).Text(symbol.Name).Raw(",\"makerCommission\":"u8).Decimal(TradingContext.Desk(parameters).Fees.MakerBasisPoints * rate)
                .Raw(",\"takerCommission\":"u8).Decimal(TradingContext.Desk(parameters).Fees.TakerBasisPoints * rate).Raw("}"u8);
        writer.Raw("]"u8);
    }
}
