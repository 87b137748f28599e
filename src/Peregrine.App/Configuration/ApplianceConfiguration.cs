using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

using Microsoft.Extensions.Configuration;

using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Execution.Risk;
using Peregrine.Execution.Trading;
using Peregrine.Kernel;
using Peregrine.Storage.Backups;
using Peregrine.Storage.Disk;

namespace Peregrine.App.Configuration;

/// <summary>Reads <see cref="ApplianceOptions"/> from peregrine.json, then PEREGRINE__… variables, then flags; what comes later wins.</summary>
public static partial class ApplianceConfiguration
{
    private static readonly string[] DefaultStreams = ["aggTrade", "trade", "depth20@100ms", "depth@100ms", "bookTicker", "kline_1m"];

    /// <param name="file">The configuration file, or null for none.</param>
    /// <param name="flags">Settings from the command line by path (mode, exchange:url, …).</param>
    /// <exception cref="StopException">Bad configuration.</exception>
    public static ApplianceOptions Read(string? file, IEnumerable<KeyValuePair<string, string?>> flags)
    {
        ConfigurationBuilder builder = new();
        if (file is not null)
        {
            if (!File.Exists(file)) throw new StopException(ExitCode.BadConfiguration, $"the configuration file '{file}' does not exist");
            builder.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false);
        }
        builder.AddEnvironmentVariables("PEREGRINE__").AddInMemoryCollection(flags);
        IConfigurationRoot configuration;
        try
        {
            configuration = builder.Build();
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or System.Text.Json.JsonException)
        {
            throw new StopException(ExitCode.BadConfiguration, $"the configuration file '{file}' is not JSON: {(e.InnerException ?? e).Message}");
        }
        ConfigurationReader reader = new(configuration);
        ApplianceOptions options = Read(reader, file is null ? Directory.GetCurrentDirectory() : Path.GetDirectoryName(Path.GetFullPath(file))!);
        reader.ThrowOnErrors(file ?? "flags and PEREGRINE__ variables");
        return options;
    }

    private static ApplianceOptions Read(ConfigurationReader reader, string folder)
    {
        string market = reader.OneOf("market", "spot", "spot", "usdm");
        string mode = reader.OneOf("mode", "record", "record", "paper", "live");
        string idle = reader.OneOf("hotThread:idle", "block", "block", "spinThenBlock", "spin");
        string url = reader.Text("exchange:url", "");
        bool binary = reader.OneOf("feed:format", "json", "json", "sbe") == "sbe";
        if (binary && market == "usdm") reader.Refuse("feed:format", "sbe", "json: USD-M has no SBE streams");
        if (url.Length > 0 && !(Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) && parsed.Scheme is "http" or "https")) reader.Refuse("exchange:url", url, "an http:// or https:// URL, or nothing for Binance itself");
        int ringSlots = reader.Whole("ring:slots", 131_072, 1_024, 1 << 24);
        int ringWords = reader.Whole("ring:words", 4_194_304, 131_072, 1 << 28);
        if (!BitOperations.IsPow2(ringSlots)) reader.Refuse("ring:slots", ringSlots.ToString(CultureInfo.InvariantCulture), "a power of two");
        if (!BitOperations.IsPow2(ringWords)) reader.Refuse("ring:words", ringWords.ToString(CultureInfo.InvariantCulture), "a power of two");
        (string key, string secret) = Credentials.Read(reader, folder);
        if (binary && key.Length == 0) reader.Refuse("feed:format", "sbe", "json, or sbe with exchange.apiKeyFile: SBE streams want a key");
        double enter = reader.Fraction("strategy:enterAbove", 0.55, 0.500001, 1);
        double exit = reader.Fraction("strategy:exitBelow", 0.45, 0, 1);
        if (exit > enter) reader.Refuse("strategy:exitBelow", exit.ToString(CultureInfo.InvariantCulture), $"at most strategy.enterAbove ({enter.ToString(CultureInfo.InvariantCulture)})");
        string model = reader.Text("model:path", "");
        return new ApplianceOptions
        {
            Mode = mode switch { "paper" => RunMode.Paper, "live" => RunMode.Live, _ => RunMode.Record },
            Market = market == "usdm" ? Market.UsdMargined : Market.Spot,
            Symbols = reader.List("symbols", ["BTCUSDT"], symbol => SymbolPattern().IsMatch(symbol), "symbols in upper case such as BTCUSDT"),
            Streams = reader.List("streams", DefaultStreams, stream => IsRead(stream, market == "usdm"), string.Join(", ", DefaultStreams) + (market == "usdm" ? ", markPrice, markPrice@1s, forceOrder" : "")),
            ExchangeUrl = url,
            ApiKey = key,
            ApiSecret = secret,
            StateDirectory = Path.GetFullPath(reader.Text("state", "state"), folder),
            ModelPath = model.Length > 0 ? Path.GetFullPath(model, folder) : "",
            RsiBarMillis = reader.Whole("features:rsiBarMillis", 1_000, 100, 3_600_000),
            RsiPeriod = reader.Whole("features:rsiPeriod", 14, 2, 1_000),
            EnterAbove = enter,
            ExitBelow = exit,
            HoldingMillis = reader.Whole("strategy:holdingMillis", 10_000, 100, 86_400_000),
            PositionNotional = reader.Amount("strategy:positionNotional", "200"),
            PaperBalance = reader.Amount("paper:balance", "10000"),
            ReachBasisPoints = reader.Whole("execution:reachBasisPoints", 5, 0, 100),
            OrderPauseMillis = reader.Whole("execution:orderPauseMillis", 500, 0, 3_600_000),
            Risk = ReadRisk(reader),
            CancelsOrphans = reader.OneOf("execution:orphans", "cancel", "cancel", "adopt") == "cancel",
            Bracket = ReadBracket(reader),
            NeedsIpRestriction = reader.Flag("exchange:needsIpRestriction", true),
            BatchMillis = reader.Whole("recording:batchMillis", 250, 10, 250),
            BackupTarget = reader.Text("backup:target", "") is { Length: > 0 } target ? Path.GetFullPath(target, folder) : "",
            Backup = new BackupOptions
            {
                Level = reader.Whole("backup:level", 3, BackupOptions.LevelMin, BackupOptions.LevelMax),
                Threads = reader.Whole("backup:threads", 0, 0, BackupOptions.ThreadsMax),
                BytesPerSecondMax = reader.Whole("backup:megabytesPerSecond", 0, 0, 100_000) * 1_000_000L,
                RecheckExisting = false, // At each start; retention hashes everything before it deletes.
            },
            RetentionKeepWeeks = reader.Whole("retention:keepWeeks", 0, 0, 5_000),
            RetentionFilesPerDay = reader.Whole("retention:filesPerDay", 2, 1, 100),
            Disk = ReadDisk(reader),
            ObserveAfter = reader.Whole("restarts:observeAfter", 5, 0, ProcessRestartsOptions.MaxAllowed),
            RestartWindow = TimeSpan.FromMinutes(reader.Whole("restarts:withinMinutes", 10, 1, 10_000)),
            RestartPauseMax = TimeSpan.FromSeconds(reader.Whole("restarts:pauseMaxSeconds", 60, 0, 86_400)),
            FeedBinary = binary,
            FeedLines = reader.Whole("feed:lines", 2, 1, 2),
            FeedLineLifetime = TimeSpan.FromMinutes(reader.Whole("feed:lifetimeMinutes", 1_380, 1, 1_430)),
            OpenInterestEvery = TimeSpan.FromSeconds(reader.Whole("derivatives:openInterestSeconds", 30, 0, 86_400)),
            PremiumIndexEvery = TimeSpan.FromSeconds(reader.Whole("derivatives:premiumIndexSeconds", 60, 0, 86_400)),
            Idle = idle switch { "spin" => HotIdle.Spin, "spinThenBlock" => HotIdle.SpinThenBlock, _ => HotIdle.Block },
            Core = reader.Whole("hotThread:core", -1, -1, 1_023),
            RingSlots = ringSlots,
            RingWords = ringWords,
        };
    }

    /// <summary>Whether there are such streams on the market, and we read them.</summary>
    private static bool IsRead(string stream, bool isFutures)
    {
        try
        {
            return !stream.StartsWith('!') && (isFutures || StreamTable.KindOf(stream) is not (EventKind.MarkPrice or EventKind.Liquidation)) && StreamTable.KindOf(stream) != EventKind.None;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static DiskOptions ReadDisk(ConfigurationReader reader)
    {
        DiskOptions usual = new();
        double noDepth = reader.Fraction("disk:noDepthBelow", usual.NoDepthShare, 0, 1);
        double ledgerOnly = reader.Fraction("disk:ledgerOnlyBelow", usual.LedgerOnlyShare, 0, 1);
        double halt = reader.Fraction("disk:haltBelow", usual.HaltShare, 0, 1);
        CultureInfo culture = CultureInfo.InvariantCulture;
        if (ledgerOnly > noDepth) reader.Refuse("disk:ledgerOnlyBelow", ledgerOnly.ToString(culture), $"at most disk.noDepthBelow ({noDepth.ToString(culture)})");
        if (halt > ledgerOnly) reader.Refuse("disk:haltBelow", halt.ToString(culture), $"at most disk.ledgerOnlyBelow ({ledgerOnly.ToString(culture)})");
        return usual with { NoDepthShare = noDepth, LedgerOnlyShare = ledgerOnly, HaltShare = halt, BallastBytes = reader.Whole("disk:ballastMegabytes", 64, 0, 100_000) * 1_048_576L };
    }

    private static RiskLimits ReadRisk(ConfigurationReader reader)
    {
        RiskLimits careful = new();
        return new RiskLimits
        {
            MaxOrderNotional = reader.Amount("risk:maxOrderNotional", careful.MaxOrderNotional.ToString()),
            MaxOrderQuantity = Quantity.Parse(FixedPoint.Text(reader.Amount("risk:maxOrderQuantity", "0").ToUnits())),
            MaxPositionNotional = reader.Amount("risk:maxPositionNotional", careful.MaxPositionNotional.ToString()),
            MaxOpenOrders = reader.Whole("risk:maxOpenOrders", careful.MaxOpenOrders, 1, 200),
            PriceCollarBasisPoints = reader.Whole("risk:priceCollarBasisPoints", careful.PriceCollarBasisPoints, 1, 1_000),
            MaxPriceJumpPercent = reader.Whole("risk:maxPriceJumpPercent", careful.MaxPriceJumpPercent, 0, 1_000),
            MaxDataAgeMillis = reader.Whole("risk:maxDataAgeMillis", careful.MaxDataAgeMillis, 50, 60_000),
            MaxOrdersPerMinute = reader.Whole("risk:maxOrdersPerMinute", careful.MaxOrdersPerMinute, 1, 5_000),
            MaxLoss = reader.Amount("risk:maxLoss", careful.MaxLoss.ToString()),
            MaxOpenOrdersPerSymbol = reader.Whole("risk:maxOpenOrdersPerSymbol", careful.MaxOpenOrdersPerSymbol, 1, 200),
            MaxGrossExposure = reader.Amount("risk:maxGrossExposure", careful.MaxGrossExposure.ToString()),
            DuplicateWindowMillis = reader.Whole("risk:duplicateWindowMillis", careful.DuplicateWindowMillis, 0, 60_000),
            MaxOrdersWithoutFill = reader.Whole("risk:maxOrdersWithoutFill", careful.MaxOrdersWithoutFill, 0, 1_000_000),
            MaxClockOffsetMillis = reader.Whole("risk:maxClockOffsetMillis", careful.MaxClockOffsetMillis, 10, 900),
            MaxModelAgeMillis = reader.Whole("risk:maxModelAgeMillis", careful.MaxModelAgeMillis, 100, 86_400_000),
            MaxDailyLoss = reader.Amount("risk:maxDailyLoss", careful.MaxDailyLoss.ToString()),
            MaxDrawdown = reader.Amount("risk:maxDrawdown", careful.MaxDrawdown.ToString()),
            MaxStrategyLoss = reader.Amount("risk:maxStrategyLoss", "0"),
        };
    }

    private static BracketOptions ReadBracket(ConfigurationReader reader)
    {
        BracketOptions bracket = new()
        {
            ProfitBasisPoints = reader.Whole("bracket:profitBasisPoints", 0, 0, 10_000),
            LossBasisPoints = reader.Whole("bracket:lossBasisPoints", 0, 0, 9_000),
            Seconds = reader.Whole("bracket:seconds", 0, 0, 2_592_000),
        };
        if (bracket.ProfitBasisPoints > 0 != bracket.LossBasisPoints > 0) reader.Refuse("bracket:lossBasisPoints", bracket.LossBasisPoints.ToString(CultureInfo.InvariantCulture), "both barriers of the OCO, or none: profitBasisPoints and lossBasisPoints above 0, or both 0");
        return bracket;
    }

    [GeneratedRegex(@"^[^\s/a-z@,]{2,40}$")]
    private static partial Regex SymbolPattern();
}
