namespace Peregrine.Research.WholeSystem;

/// <summary>One run of the whole system in virtual time. The seed decides everything: market, network, faults, chance.</summary>
public sealed record SimulationOptions
{
    public ulong Seed { get; init; } = 1;

    /// <summary>Virtual minutes with faults, before everything is let settle.</summary>
    public double Minutes { get; init; } = 10;

    /// <summary>Seconds between two faults on average; 0 for none.</summary>
    public double FaultEverySeconds { get; init; } = 12;

    /// <summary>Multiplies how many orders other people send.</summary>
    public double MarketRate { get; init; } = 0.05;

    /// <summary>Takes a line for each fault and what the trader says of it; null for none.</summary>
    public Action<string>? Log { get; init; }
}

/// <summary>What came of it.</summary>
public sealed record SimulationResult
{
    public required ulong Seed { get; init; }

    /// <summary>Over every event the core took in and every message that was sent: the same for the same seed.</summary>
    public required string Hash { get; init; }
    public required double VirtualSeconds { get; init; }
    public required long Events { get; init; }
    public required long Orders { get; init; }
    public required long Fills { get; init; }
    public required long Rounds { get; init; }
    public required int Restarts { get; init; }
    public required int Reconnects { get; init; }

    /// <summary>How often each fault was injected.</summary>
    public required IReadOnlyDictionary<string, int> Faults { get; init; }

    /// <summary>What must never be and was; empty when all is well.</summary>
    public required IReadOnlyList<string> Violations { get; init; }

    /// <summary>The command that runs this very run again.</summary>
    public string Command => $"./peregrine simulate --seed {Seed} --minutes {Minutes}";

    public required double Minutes { get; init; }
}
