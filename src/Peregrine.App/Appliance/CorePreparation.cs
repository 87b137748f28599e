using System.Security.Cryptography;

using Peregrine.App.Configuration;
using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Execution.Trading;
using Peregrine.Inference;
using Peregrine.Strategy;
using Peregrine.Strategy.Features;

namespace Peregrine.App.Appliance;

/// <summary>Turns the configuration into what a core is made of.</summary>
internal static class CorePreparation
{
    public static CoreSetup SetupOf(ApplianceOptions options)
    {
        string hash = "";
        if (options.ModelPath.Length > 0)
        {
            if (!File.Exists(options.ModelPath)) throw new StopException(ExitCode.BadConfiguration, $"model.path: '{options.ModelPath}' does not exist; allowed is an ONNX file");
            hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(options.ModelPath)));
        }
        return new CoreSetup
        {
            Version = typeof(Appliance).Assembly.GetName().Version?.ToString(3) ?? "",
            Mode = options.Mode.ToString().ToLowerInvariant(),
            Trades = options.Mode != RunMode.Record,
            ModelPath = options.ModelPath,
            ModelSha256 = hash,
            RsiBarMilliseconds = options.RsiBarMillis,
            RsiPeriod = options.RsiPeriod,
            EnterProbability = options.EnterAbove,
            ExitProbability = options.ExitBelow,
            HoldingMillis = options.HoldingMillis,
            PositionValue = options.PositionNotional.ToString(),
            ReachBasisPoints = options.ReachBasisPoints,
            OrderPauseMillis = options.OrderPauseMillis,
            MaxOrderNotional = options.Risk.MaxOrderNotional.ToString(),
            MaxOrderQuantity = options.Risk.MaxOrderQuantity.ToString(),
            MaxPositionNotional = options.Risk.MaxPositionNotional.ToString(),
            MaxOpenOrders = options.Risk.MaxOpenOrders,
            PriceCollarBasisPoints = options.Risk.PriceCollarBasisPoints,
            MaxPriceJumpPercent = options.Risk.MaxPriceJumpPercent,
            MaxDataAgeMillis = options.Risk.MaxDataAgeMillis,
            MaxOrdersPerMinute = options.Risk.MaxOrdersPerMinute,
            MaxLoss = options.Risk.MaxLoss.ToString(),
            MaxOpenOrdersPerSymbol = options.Risk.MaxOpenOrdersPerSymbol,
            MaxGrossExposure = options.Risk.MaxGrossExposure.ToString(),
            DuplicateWindowMillis = options.Risk.DuplicateWindowMillis,
            MaxOrdersWithoutFill = options.Risk.MaxOrdersWithoutFill,
            MaxClockOffsetMillis = options.Risk.MaxClockOffsetMillis,
            MaxModelAgeMillis = options.Risk.MaxModelAgeMillis,
            MaxDailyLoss = options.Risk.MaxDailyLoss.ToString(),
            MaxDrawdown = options.Risk.MaxDrawdown.ToString(),
            MaxStrategyLoss = options.Risk.MaxStrategyLoss.ToString(),
            Reconciles = options.Mode != RunMode.Record,
            CancelsOrphans = options.CancelsOrphans,
            BracketProfitBasisPoints = options.Bracket.ProfitBasisPoints,
            BracketLossBasisPoints = options.Bracket.LossBasisPoints,
            BracketSeconds = options.Bracket.Seconds,
            Streams = [.. options.Streams.Select(static stream => StreamTable.KindOf(stream).Text()).Distinct()],
        };
    }

    /// <summary>The model of the setup, null where none is configured.</summary>
    /// <exception cref="StopException">It cannot be used.</exception>
    public static IProbabilityModel? LoadModel(CoreSetup setup, InstrumentTable instruments, Action<string> log)
    {
        if (setup.ModelPath.Length == 0)
        {
            log("no model is configured (model.path): nothing will be traded");
            return null;
        }
        try
        {
            return new OnnxProbabilityModel(setup.ModelPath, new FeatureSet(instruments.All[0], setup.Features()));
        }
        catch (Exception e) when (e is ModelException or IOException or UnauthorizedAccessException)
        {
            throw new StopException(ExitCode.BadConfiguration, $"model.path: {e.Message}");
        }
    }
}
