using System.Globalization;
using System.Text.Json.Nodes;

namespace Peregrine.Simulator.Tests;

/// <summary>An order book as the exchange's manual says to build it, as plainly as possible.</summary>
internal sealed class PlainBook(bool isSpot)
{
    private readonly SortedDictionary<decimal, decimal> _bids = new(Comparer<decimal>.Create((a, b) => b.CompareTo(a)));
    private readonly SortedDictionary<decimal, decimal> _asks = [];
    private readonly List<JsonNode> _early = [];
    private bool _hasSnapshot;
    private bool _isChained;

    public long UpdateId { get; private set; }
    public int Applied { get; private set; }
    public int Gaps { get; private set; }
    public decimal Bid => _bids.First().Key;
    public decimal Ask => _asks.First().Key;
    public bool IsCrossed => _bids.Count > 0 && _asks.Count > 0 && Bid >= Ask;

    public void Snapshot(JsonNode snapshot)
    {
        UpdateId = snapshot["lastUpdateId"]!.GetValue<long>();
        Set(_bids, snapshot["bids"]!);
        Set(_asks, snapshot["asks"]!);
        _hasSnapshot = true;
        foreach (JsonNode diff in _early) Apply(diff);
        _early.Clear();
    }

    public void Apply(JsonNode diff)
    {
        if (!_hasSnapshot)
        {
            _early.Add(diff);
            return;
        }
        long first = diff["U"]!.GetValue<long>();
        long last = diff["u"]!.GetValue<long>();
        if (isSpot ? last <= UpdateId : last < UpdateId) return;
        bool follows = isSpot ? first <= UpdateId + 1
            : _isChained ? diff["pu"]!.GetValue<long>() == UpdateId : diff["pu"]!.GetValue<long>() <= UpdateId;
        if (!follows) Gaps++;
        Set(_bids, diff["b"]!);
        Set(_asks, diff["a"]!);
        UpdateId = last;
        _isChained = true;
        Applied++;
    }

    private static void Set(SortedDictionary<decimal, decimal> side, JsonNode levels)
    {
        foreach (JsonNode? level in levels.AsArray())
        {
            decimal price = decimal.Parse(level![0]!.GetValue<string>(), CultureInfo.InvariantCulture);
            decimal quantity = decimal.Parse(level[1]!.GetValue<string>(), CultureInfo.InvariantCulture);
            if (quantity == 0) side.Remove(price);
            else side[price] = quantity;
        }
    }
}
