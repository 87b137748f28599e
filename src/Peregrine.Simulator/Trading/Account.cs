using Peregrine.Common;

namespace Peregrine.Simulator.Trading;

/// <summary>What an account holds of one asset, in whole 1e-8 units.</summary>
public readonly record struct AssetBalance(string Asset, long Free, long Locked);

/// <summary>One account's ledger in exact integers. What an open order may cost is locked; only what is free can be spent.</summary>
internal sealed class Account
{
    private readonly SortedDictionary<string, (long Free, long Locked)> _balances = new(StringComparer.Ordinal);

    public IEnumerable<AssetBalance> Balances => _balances.Select(b => new AssetBalance(b.Key, b.Value.Free, b.Value.Locked));

    public AssetBalance this[string asset] => _balances.TryGetValue(asset, out (long Free, long Locked) held) ? new(asset, held.Free, held.Locked) : new(asset, 0, 0);

    public void Deposit(string asset, long units) => Change(asset, free: units, locked: 0);

    /// <summary>Sets aside; false, and nothing done, when not enough is free.</summary>
    public bool TryLock(string asset, long units)
    {
        if (this[asset].Free < units) return false;
        Change(asset, -units, units);
        return true;
    }

    public void Unlock(string asset, long units) => Change(asset, units, -units);

    /// <summary>Pays out of what was locked and gives the rest of the released lock back.</summary>
    public void PayLocked(string asset, long released, long paid) => Change(asset, released - paid, -released);

    public void Receive(string asset, long units) => Change(asset, units, 0);

    private void Change(string asset, long free, long locked)
    {
        AssetBalance held = this[asset];
        _balances[asset] = (checked(held.Free + free), checked(held.Locked + locked));
    }
}
