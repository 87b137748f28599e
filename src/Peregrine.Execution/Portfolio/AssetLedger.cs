using Peregrine.Common.Orders;

namespace Peregrine.Execution.Portfolio;

/// <summary>
/// What the account should hold of each asset, free and locked together, in 1e-8 units: where it began, plus every fill, fee and transfer we know of. It starts
/// with what the exchange says, and from then on the exchange has to agree. Memory is taken once; a fill allocates nothing.
/// </summary>
public sealed class AssetLedger
{
    private readonly Dictionary<AssetCode, Entry> _entries = new(64);

    private struct Entry
    {
        public long Expected;
        public long Told;
        public bool IsKnown;
        public long ToldRound;
    }

    /// <summary>Expected units by asset, for those that began.</summary>
    public IEnumerable<(AssetCode Asset, long Units)> Expected => _entries.Where(static one => one.Value.IsKnown).Select(static one => (one.Key, one.Value.Expected));

    /// <summary>What is expected; null for an asset that never began.</summary>
    public long? this[AssetCode asset] => _entries.TryGetValue(asset, out Entry entry) && entry.IsKnown ? entry.Expected : null;

    /// <summary>Something came or went. Before the asset began that says nothing.</summary>
    public void Add(AssetCode asset, long units)
    {
        if (!_entries.TryGetValue(asset, out Entry entry) || !entry.IsKnown) return;
        entry.Expected = checked(entry.Expected + units);
        _entries[asset] = entry;
    }

    /// <summary>Takes over what an earlier process expected.</summary>
    public void Restore(AssetCode asset, long units) => _entries[asset] = new Entry { Expected = units, IsKnown = true };

    /// <summary>What the exchange says in a round of questions.</summary>
    public void Tell(AssetCode asset, long units, long round)
    {
        _entries.TryGetValue(asset, out Entry entry);
        entry.Told = units;
        entry.ToldRound = round;
        _entries[asset] = entry;
    }

    /// <summary>What the exchange said in earlier rounds counts no more.</summary>
    public void ForgetTold()
    {
        foreach (AssetCode asset in _entries.Keys.ToArray()) _entries[asset] = _entries[asset] with { ToldRound = -1 };
    }

    /// <summary>Exchange minus ours of an asset after a round; zero where the asset begins now. An asset that the account did not list is not held.</summary>
    public long Difference(AssetCode asset, long round)
    {
        _entries.TryGetValue(asset, out Entry entry);
        return entry.IsKnown ? checked((entry.ToldRound == round ? entry.Told : 0) - entry.Expected) : 0;
    }

    /// <summary>From now on what the exchange said is what we expect: at the very first round, and when a person accepts a difference.</summary>
    public void Accept(long round, bool onlyNew)
    {
        foreach (AssetCode asset in _entries.Keys.ToArray())
        {
            Entry entry = _entries[asset];
            if (onlyNew && entry.IsKnown) continue;
            entry.Expected = entry.ToldRound == round ? entry.Told : 0;
            entry.IsKnown = true;
            _entries[asset] = entry;
        }
    }
}
