using System.Text.Json;
using System.Text.Json.Serialization;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Execution.Risk;
using Peregrine.Strategy;
using Peregrine.Strategy.Features;

namespace Peregrine.Execution.Trading;

/// <summary>
/// How a core is set up, as plain values: written into each session of a recording, so that a replay makes the same core from the recording alone
/// (and the model file, which <see cref="ModelSha256"/> names).
/// </summary>
public sealed record CoreSetup
{
    public string Version { get; init; } = "";
    public string Mode { get; init; } = "record";
    public bool Trades { get; init; }
    public string ModelPath { get; init; } = "";
    public string ModelSha256 { get; init; } = "";
    public int RsiBarMilliseconds { get; init; } = 1_000;
    public int RsiPeriod { get; init; } = 14;
    public double EnterProbability { get; init; } = 0.6;
    public double ExitProbability { get; init; } = 0.4;
    public int HoldingMillis { get; init; } = 30_000;
    public string PositionValue { get; init; } = "25";
    public int ReachBasisPoints { get; init; } = 5;
    public int OrderPauseMillis { get; init; } = 500;
    public string MaxOrderNotional { get; init; } = "1000";
    public string MaxOrderQuantity { get; init; } = "0";
    public string MaxPositionNotional { get; init; } = "5000";
    public int MaxOpenOrders { get; init; } = 8;
    public int PriceCollarBasisPoints { get; init; } = 50;
    public int MaxDataAgeMillis { get; init; } = 3_000;
    public int MaxOrdersPerMinute { get; init; } = 120;
    public string MaxLoss { get; init; } = "500";

    // What recordings of earlier versions do not name keeps the value that means "as it was then".
    public int MaxOpenOrdersPerSymbol { get; init; } = int.MaxValue;
    public string MaxGrossExposure { get; init; } = "0";
    public int MaxPriceJumpPercent { get; init; }
    public int DuplicateWindowMillis { get; init; }
    public int MaxOrdersWithoutFill { get; init; }
    public int MaxClockOffsetMillis { get; init; } = 250;
    public int MaxModelAgeMillis { get; init; } = int.MaxValue;
    public string MaxDailyLoss { get; init; } = "0";
    public string MaxDrawdown { get; init; } = "0";
    public string MaxStrategyLoss { get; init; } = "0";
    public bool Reconciles { get; init; }
    public bool CancelsOrphans { get; init; } = true;
    public int BracketProfitBasisPoints { get; init; }
    public int BracketLossBasisPoints { get; init; }
    public int BracketSeconds { get; init; }

    /// <summary>The kinds of stream that have to prove that they live, by <see cref="EventKinds.Text"/>; a recording of an earlier version names none.</summary>
    public IReadOnlyList<string> Streams { get; init; } = [];

    public string ToJson() => JsonSerializer.Serialize(this, CoreSetupJson.Default.CoreSetup);

    /// <exception cref="JsonException">The text is no setup.</exception>
    public static CoreSetup FromJson(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, CoreSetupJson.Default.CoreSetup) ?? throw new JsonException("The session has no setup.");

    public FeatureOptions Features() => new() { RsiBarMilliseconds = RsiBarMilliseconds, RsiPeriod = RsiPeriod };

    public SignalOptions Signal() => new()
    {
        PositionValue = Notional.Parse(PositionValue),
        EnterProbability = EnterProbability,
        ExitProbability = ExitProbability,
        HoldingTime = TimeSpan.FromMilliseconds(HoldingMillis),
    };

    public CoreOptions Options() => new()
    {
        Trades = Trades,
        ReachBasisPoints = ReachBasisPoints,
        OrderPauseMillis = OrderPauseMillis,
        Reconciles = Reconciles,
        Orphans = CancelsOrphans ? OrphanPolicy.Cancel : OrphanPolicy.Adopt,
        Bracket = new BracketOptions { ProfitBasisPoints = BracketProfitBasisPoints, LossBasisPoints = BracketLossBasisPoints, Seconds = BracketSeconds },
        Limits = new RiskLimits
        {
            MaxOrderNotional = Notional.Parse(MaxOrderNotional),
            MaxOrderQuantity = Quantity.Parse(MaxOrderQuantity),
            MaxPositionNotional = Notional.Parse(MaxPositionNotional),
            MaxOpenOrders = MaxOpenOrders,
            PriceCollarBasisPoints = PriceCollarBasisPoints,
            MaxPriceJumpPercent = MaxPriceJumpPercent,
            MaxDataAgeMillis = MaxDataAgeMillis,
            MaxOrdersPerMinute = MaxOrdersPerMinute,
            MaxLoss = Notional.Parse(MaxLoss),
            MaxOpenOrdersPerSymbol = MaxOpenOrdersPerSymbol,
            MaxGrossExposure = Notional.Parse(MaxGrossExposure),
            DuplicateWindowMillis = DuplicateWindowMillis,
            MaxOrdersWithoutFill = MaxOrdersWithoutFill,
            MaxClockOffsetMillis = MaxClockOffsetMillis,
            MaxModelAgeMillis = MaxModelAgeMillis,
            MaxDailyLoss = Notional.Parse(MaxDailyLoss),
            MaxDrawdown = Notional.Parse(MaxDrawdown),
            MaxStrategyLoss = Notional.Parse(MaxStrategyLoss),
        },
    };

    private EventKind[] WatchedKinds() => [.. Streams.Select(static text => EventKinds.TryParse(text, out EventKind kind) ? kind : EventKind.None)];

    /// <summary>Makes the core: live, paper and replay all come through here.</summary>
    /// <param name="instruments">The symbols of the run.</param>
    /// <param name="model">The model that the strategies ask, or null: then nothing trades.</param>
    /// <param name="outputs">Takes decisions, intents and gaps.</param>
    public TradingCore CreateCore(InstrumentTable instruments, IProbabilityModel? model, IEventWriter outputs)
    {
        SignalOptions signal = Signal();
        return new TradingCore(
            Options(),
            instruments,
            instrument => new SymbolState(instrument, Features(), WatchedKinds()),
            _ => model is null ? null : new SignalStrategy(signal, model),
            outputs);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CoreSetup))]
internal sealed partial class CoreSetupJson : JsonSerializerContext;
