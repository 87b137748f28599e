using Peregrine.Common;

namespace Peregrine.Simulator.Trading;

/// <summary>A book of price levels as a snapshot and its diffs tell it. Prices and quantities are whole 1e-8 units.</summary>
internal sealed class LevelBook
{
    private readonly LevelSide _bids = new(1);
    private readonly LevelSide _asks = new(-1);

    public void Clear()
    {
        _bids.Count = 0;
        _asks.Count = 0;
    }

    /// <summary>Sets a level to its new quantity; 0 removes it.</summary>
    public void Set(Side side, long price, long quantity) => Of(side).Set(price, quantity);

    public int Count(Side side) => Of(side).Count;

    /// <summary>The level at a rank, 0 being the best.</summary>
    public (long Price, long Quantity) At(Side side, int rank) => Of(side).FromBest(rank);

    public (long Price, long Quantity) Best(Side side) => Of(side).Count > 0 ? Of(side).FromBest(0) : default;

    public long QuantityAt(Side side, long price) => Of(side).QuantityAt(price);

    private LevelSide Of(Side side) => side == Side.Buy ? _bids : _asks;

    /// <summary>Levels sorted so that the best is the last.</summary>
    private sealed class LevelSide(int sign)
    {
        private (long Rank, long Quantity)[] _levels = new (long, long)[1024];

        public int Count { get; set; }

        public (long Price, long Quantity) FromBest(int rank) => (_levels[Count - 1 - rank].Rank * sign, _levels[Count - 1 - rank].Quantity);

        public long QuantityAt(long price) => TryFind(price * sign, out int at) ? _levels[at].Quantity : 0;

        public void Set(long price, long quantity)
        {
            bool isThere = TryFind(price * sign, out int at);
            if (isThere && quantity != 0) _levels[at].Quantity = quantity;
            else if (isThere) Array.Copy(_levels, at + 1, _levels, at, Count-- - at - 1);
            else if (quantity != 0)
            {
                if (Count == _levels.Length) Array.Resize(ref _levels, Count * 2);
                Array.Copy(_levels, at, _levels, at + 1, Count++ - at);
                _levels[at] = (price * sign, quantity);
            }
        }

        private bool TryFind(long rank, out int at)
        {
            int low = 0;
            int high = Count - 1;
            while (low <= high)
            {
                int middle = (low + high) >>> 1;
                long other = _levels[middle].Rank;
                if (other == rank)
                {
                    at = middle;
                    return true;
                }
                if (other < rank) low = middle + 1;
                else high = middle - 1;
            }
            at = low;
            return false;
        }
    }
}
