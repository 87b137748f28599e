namespace Peregrine.Simulator.Markets;

/// <summary>A trade as the market shows it. Prices and quantities are whole 1e-8 units, times microseconds.</summary>
internal readonly record struct TapeTrade(long Id, long Price, long Quantity, long TimeMicros, bool BuyerIsMaker);

/// <summary>Trades of one taker order at one price.</summary>
internal readonly record struct TapeAggregate(long Id, long Price, long Quantity, long FirstId, long LastId, long TimeMicros, bool BuyerIsMaker);

/// <summary>The last so many of something, oldest first. Memory is taken as it is needed: hundreds of symbols have dozens of these.</summary>
internal sealed class RecentList<T>(int capacity)
{
    private T[] _items = new T[Math.Min(capacity, 16)];
    private long _added;

    public int Count => (int)Math.Min(_added, _items.Length);

    public void Add(T item)
    {
        if (_added == _items.Length && _items.Length < capacity) Array.Resize(ref _items, Math.Min(capacity, _items.Length * 2));
        _items[_added++ % _items.Length] = item;
    }

    public ref readonly T this[int at] => ref _items[(_added - Count + at) % _items.Length];

    /// <summary>The newest <paramref name="count"/>, oldest first.</summary>
    public IEnumerable<T> Last(int count)
    {
        for (int at = Math.Max(0, Count - count); at < Count; at++) yield return this[at];
    }
}
