namespace Peregrine.Simulator.Faults;

/// <summary>What is to go wrong with one symbol's book. Used under the exchange's gate.</summary>
internal sealed class SymbolFaults
{
    public Countdowns Straddling { get; } = new();
    public Countdowns Old { get; } = new();

    /// <summary>The oldest one that has frames left is in force.</summary>
    public List<Crossing> Crossings { get; } = [];

    /// <summary>How many times as fast its order flow runs.</summary>
    public Layered<double> FlowFactor { get; } = new(1);
}

/// <summary>Faults of one kind that are good for so many times each; the oldest is used up first.</summary>
internal sealed class Countdowns
{
    private readonly List<Left> _all = [];

    public bool Any => _all.Exists(static l => l.Times > 0);

    /// <summary>One more; the result ends it.</summary>
    public Action Add(int times)
    {
        Left left = new() { Times = times };
        _all.Add(left);
        return () => _all.Remove(left);
    }

    /// <summary>Uses one up; false when there is none.</summary>
    public bool Take()
    {
        if (_all.Find(static l => l.Times > 0) is not { } left) return false;
        left.Times--;
        return true;
    }

    private sealed class Left
    {
        public int Times { get; set; }
    }
}

/// <summary>A book that crosses for so many diffs; every speed of diffs counts its own.</summary>
internal sealed class Crossing(int frames, CrossMode mode)
{
    private readonly Dictionary<object, int> _used = [];

    public CrossMode Mode => mode;

    /// <summary>Uses one frame of a speed up; false when it has none left.</summary>
    public bool Take(object speed)
    {
        int used = _used.GetValueOrDefault(speed);
        if (used == frames) return false;
        _used[speed] = used + 1;
        return true;
    }
}
