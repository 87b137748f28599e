using Peregrine.Simulator.Virtual;

namespace Peregrine.Research.WholeSystem;

/// <summary>When what fails, by chance: the network, the processes, the clocks and the exchange.</summary>
internal sealed class FaultPlan
{
    private readonly VirtualExchange _exchange;
    private readonly TraderWorld _world;
    private readonly Random _random;
    private readonly SimulationOptions _options;
    private readonly (string Name, int Weight, Action<double> Do)[] _kinds;
    private readonly int _weights;
    private readonly List<(long At, Action Do)> _undo = [];
    private readonly List<(string Asset, long Units)> _deposits = [];
    private readonly long _usualLatency;
    private long _next;

    public FaultPlan(VirtualExchange exchange, TraderWorld world, Random random, SimulationOptions options, Action<double> crash)
    {
        (_exchange, _world, _random, _options) = (exchange, world, random, options);
        Oracle = new Oracle(exchange);
        _usualLatency = 2_000 + random.NextInt64(60_000);
        world.OrderLink.LatencyMicros = world.MarketLink.LatencyMicros = _usualLatency;
        _kinds =
        [
            ("orders.cut", 6, _ => world.OrderLink.Cut()),
            ("orders.stallUp", 3, seconds => world.OrderLink.UpStalledUntil = At(seconds)),
            ("orders.stallDown", 4, seconds => world.OrderLink.DownStalledUntil = At(seconds)),
            ("market.cut", 3, _ => world.MarketLink.Cut()),
            ("market.stallDown", 2, seconds => world.MarketLink.DownStalledUntil = At(seconds)),
            ("network.slow", 3, Slow),
            ("process.kill", 3, crash),
            ("clock.step", 2, Skew),
            .. ExchangeFaultKinds.All(exchange, random, Undo, _deposits),
        ];
        _weights = _kinds.Sum(static one => one.Weight);
        Schedule();
    }

    /// <summary>What the exchange really knows.</summary>
    public Oracle Oracle { get; }

    public SortedDictionary<string, int> Counts { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether deposits, some or all of them, are what the account has more than we expect.</summary>
    public bool Explains((Common.Orders.AssetCode Asset, long Units) difference)
    {
        if (difference.Units <= 0) return false;
        HashSet<long> sums = [0];
        foreach ((string asset, long units) in _deposits)
            if (asset == difference.Asset.ToString()) sums.UnionWith([.. sums.Select(sum => sum + units)]);
        return sums.Contains(difference.Units);
    }

    public void Step()
    {
        long now = _exchange.NowMicros;
        for (int i = _undo.Count - 1; i >= 0; i--)
        {
            if (_undo[i].At > now) continue;
            _undo[i].Do();
            _undo.RemoveAt(i);
        }
        if (now < _next || _options.FaultEverySeconds <= 0) return;
        Schedule();
        int draw = _random.Next(_weights);
        foreach ((string name, int weight, Action<double> act) in _kinds)
        {
            if ((draw -= weight) >= 0) continue;
            double seconds = 0.2 + (_random.NextDouble() * _random.NextDouble() * 20);
            Counts[name] = Counts.GetValueOrDefault(name) + 1;
            _world.Log?.Invoke($"FAULT {name} {seconds:F1}");
            act(seconds);
            return;
        }
    }

    /// <summary>Nothing fails any more.</summary>
    public void End()
    {
        foreach ((_, Action act) in _undo) act();
        _undo.Clear();
        _world.OrderLink.UpStalledUntil = _world.OrderLink.DownStalledUntil = _world.MarketLink.DownStalledUntil = 0;
        _exchange.Faults.Clear();
        _world.Time.OffsetMicros = 0;
    }

    private long At(double seconds) => _exchange.NowMicros + (long)(seconds * 1e6);

    private void Undo(double seconds, Action act) => _undo.Add((At(seconds), act));

    private void Slow(double seconds)
    {
        long latency = 100_000 + _random.NextInt64(1_500_000);
        _world.OrderLink.LatencyMicros = latency;
        if (_random.Next(2) == 0) _world.MarketLink.LatencyMicros = latency;
        Undo(seconds, () => _world.OrderLink.LatencyMicros = _world.MarketLink.LatencyMicros = _usualLatency);
    }

    private void Skew(double seconds)
    {
        _world.Time.OffsetMicros += (_random.Next(2) == 0 ? 1 : -1) * (50_000 + _random.NextInt64(3_000_000));
        Undo(seconds, () => _world.Time.OffsetMicros = 0);
    }

    private void Schedule() => _next = At(-Math.Log(1 - _random.NextDouble()) * Math.Max(0.001, _options.FaultEverySeconds));
}
