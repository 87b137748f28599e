using System.Text.Json;
using System.Text.Json.Serialization;

namespace Peregrine.Dashboards;

/// <summary>
/// What the appliance publishes about itself on its status board, several times a second: the contract between the two processes.
/// Prices, quantities and money are exact decimal texts. A field that is missing or null is empty here, and an unknown one is passed over,
/// so that a dashboard can look at an older or newer appliance.
/// </summary>
public sealed class ApplianceSnapshot
{
    /// <summary>When it was made, by the appliance's clock.</summary>
    public DateTimeOffset Time { get; set; }

    /// <summary>record, paper or live.</summary>
    public string Mode { get; set => field = value ?? ""; } = "";

    /// <summary>What it may do at the moment, for instance ACTIVE or SAFE.</summary>
    public string State { get; set => field = value ?? ""; } = "";

    public double UptimeSeconds { get; set; }
    public double EventsPerSecond { get; set; }

    /// <summary>Accepted events by kind.</summary>
    public Dictionary<string, long> Events { get; set => field = value ?? []; } = [];

    /// <summary>Recorded events by kind.</summary>
    public Dictionary<string, long> Recorded { get; set => field = value ?? []; } = [];

    /// <summary>Events that the recorder missed.</summary>
    public long Lagged { get; set; }

    public long Gaps { get; set; }

    /// <summary>Messages that were set aside because they could not be read.</summary>
    public long Refused { get; set; }

    public LatencySnapshot Latency { get; set => field = value ?? new(); } = new();
    public double AllocatedPerEvent { get; set; }

    /// <summary>Memory of the process, bytes.</summary>
    public long Rss { get; set; }

    public AccountSnapshot Account { get; set => field = value ?? new(); } = new();
    public List<SymbolSnapshot> Symbols { get; set => field = Whole(value); } = [];
    public List<OrderSnapshot> Orders { get; set => field = Whole(value); } = [];
    public List<ActorSnapshot> Actors { get; set => field = Whole(value); } = [];
    /// <summary>One-shots that run and the last that ended, oldest first.</summary>
    public List<OneShotSnapshot> OneShots { get; set => field = Whole(value); } = [];

    /// <summary>Messages that crashed their actor twice and were set aside.</summary>
    public List<DeadLetterSnapshot> DeadLetters { get; set => field = Whole(value); } = [];

    public List<LineSnapshot> Lines { get; set => field = Whole(value); } = [];

    /// <summary>The last notices, oldest first.</summary>
    public List<string> Messages { get; set => field = Whole(value); } = [];

    private static List<T> Whole<T>(List<T>? entries) where T : class
    {
        entries?.RemoveAll(static entry => entry is null);
        return entries ?? [];
    }

    /// <summary>False when the text is not such a snapshot.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8Json, out ApplianceSnapshot snapshot)
    {
        try
        {
            snapshot = JsonSerializer.Deserialize(utf8Json, SnapshotJson.Default.ApplianceSnapshot) ?? new ApplianceSnapshot();
            return true;
        }
        catch (JsonException)
        {
            snapshot = new ApplianceSnapshot();
            return false;
        }
    }
}

/// <summary>From socket read to order bytes written, microseconds.</summary>
public sealed class LatencySnapshot
{
    public double P50 { get; set; }
    public double P99 { get; set; }
    public double P999 { get; set; }
}

/// <summary>Money in the quote asset.</summary>
public sealed class AccountSnapshot
{
    public string Equity { get; set => field = value ?? ""; } = "";
    public string Pnl { get; set => field = value ?? ""; } = "";
    public string Realised { get; set => field = value ?? ""; } = "";
    public string Unrealised { get; set => field = value ?? ""; } = "";
    public string Fees { get; set => field = value ?? ""; } = "";
}

/// <summary>One symbol: its market, what is thought of it, and what is held of it.</summary>
public sealed class SymbolSnapshot
{
    public string Symbol { get; set => field = value ?? ""; } = "";
    public string Last { get; set => field = value ?? ""; } = "";
    public string Bid { get; set => field = value ?? ""; } = "";
    public string Ask { get; set => field = value ?? ""; } = "";

    /// <summary>Live when the book can be traded on.</summary>
    public string BookState { get; set => field = value ?? ""; } = "";

    /// <summary>Levels of price and quantity, best first.</summary>
    public List<string[]> Bids { get; set => field = value ?? []; } = [];

    public List<string[]> Asks { get; set => field = value ?? []; } = [];

    /// <summary>Values by name; null while a feature warms up.</summary>
    public Dictionary<string, double?> Features { get; set => field = value ?? []; } = [];

    public ProbabilitiesSnapshot Probabilities { get; set => field = value ?? new(); } = new();

    /// <summary>LONG, SHORT or FLAT.</summary>
    public string Signal { get; set => field = value ?? ""; } = "";

    /// <summary>Signed quantity.</summary>
    public string Position { get; set => field = value ?? ""; } = "";

    public string AveragePrice { get; set => field = value ?? ""; } = "";
    public string Unrealised { get; set => field = value ?? ""; } = "";

    /// <summary>Recent prices, oldest first.</summary>
    public List<double> Sparkline { get; set => field = value ?? []; } = [];
}

/// <summary>The model's output, each from 0 to 1.</summary>
public sealed class ProbabilitiesSnapshot
{
    public double Down { get; set; }
    public double Flat { get; set; }
    public double Up { get; set; }
}

/// <summary>One open or recent order.</summary>
public sealed class OrderSnapshot
{
    public string Symbol { get; set => field = value ?? ""; } = "";
    public string Side { get; set => field = value ?? ""; } = "";
    public string Type { get; set => field = value ?? ""; } = "";
    public string Price { get; set => field = value ?? ""; } = "";
    public string Quantity { get; set => field = value ?? ""; } = "";
    public string Filled { get; set => field = value ?? ""; } = "";
    public string Status { get; set => field = value ?? ""; } = "";
    public double AgeMs { get; set; }
}

/// <summary>One actor under the supervisor.</summary>
public sealed class ActorSnapshot
{
    public string Name { get; set => field = value ?? ""; } = "";

    /// <summary>The group that it is started, restarted and stopped with.</summary>
    public string Group { get; set => field = value ?? ""; } = "";

    public string State { get; set => field = value ?? ""; } = "";
    public long Restarts { get; set; }
    public long Generation { get; set; }

    /// <summary>Messages waiting.</summary>
    public long Mailbox { get; set; }

    /// <summary>How long the oldest of them has waited, milliseconds; null when none waits.</summary>
    public double? OldestMessageMs { get; set; }

    /// <summary>Messages that were refused or dropped.</summary>
    public long Dropped { get; set; }

    /// <summary>Milliseconds since it last made progress; null while it does not run.</summary>
    public double? LastProgressMs { get; set; }

    /// <summary>When it is started next, milliseconds from the snapshot; null unless it backs off.</summary>
    public double? StartsInMs { get; set; }

    /// <summary>How its last incarnation ended; empty while its first lives.</summary>
    public string LastExit { get; set => field = value ?? ""; } = "";

    public string LastError { get; set => field = value ?? ""; } = "";
}

/// <summary>Work that ends: a backup, a check, a recovery.</summary>
public sealed class OneShotSnapshot
{
    public string Id { get; set => field = value ?? ""; } = "";
    public string Kind { get; set => field = value ?? ""; } = "";
    public string State { get; set => field = value ?? ""; } = "";

    /// <summary>0 to 1.</summary>
    public double Progress { get; set; }

    /// <summary>What it is doing.</summary>
    public string Text { get; set => field = value ?? ""; } = "";

    public string Result { get; set => field = value ?? ""; } = "";
    public string Error { get; set => field = value ?? ""; } = "";
    public DateTimeOffset StartedAt { get; set; }
}

/// <summary>A message that was set aside whole.</summary>
public sealed class DeadLetterSnapshot
{
    public string Actor { get; set => field = value ?? ""; } = "";
    public DateTimeOffset Time { get; set; }
    public string Message { get; set => field = value ?? ""; } = "";
    public string Error { get; set => field = value ?? ""; } = "";
}

/// <summary>One connection to the exchange.</summary>
public sealed class LineSnapshot
{
    public string Name { get; set => field = value ?? ""; } = "";
    public bool Up { get; set; }
    public long Reconnects { get; set; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ApplianceSnapshot))]
internal sealed partial class SnapshotJson : JsonSerializerContext;
