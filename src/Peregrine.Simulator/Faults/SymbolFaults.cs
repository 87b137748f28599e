namespace Peregrine.Simulator.Faults;

/// <summary>What is to go wrong with one symbol's book. Used under the exchange's gate.</summary>
internal sealed class SymbolFaults
{
    public int StraddlingSnapshots { get; set; }
    public int OldSnapshots { get; set; }
    public int CrossingFrames { get; set; }

    /// <summary>Goes up with each crossing fault, so that every speed of diffs counts its own frames.</summary>
    public int CrossGeneration { get; set; }
    public CrossMode CrossMode { get; set; }

    /// <summary>How many times as fast its order flow runs.</summary>
    public double FlowFactor { get; set; } = 1;
}
