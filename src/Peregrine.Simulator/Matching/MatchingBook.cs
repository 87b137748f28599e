using Peregrine.Common;

namespace Peregrine.Simulator.Matching;

/// <summary>What happens to the part of an order that finds no counterpart.</summary>
internal enum Remainder : byte
{
    /// <summary>It rests in the book (GTC).</summary>
    Rests = 0,

    /// <summary>It expires (IOC, MARKET).</summary>
    Expires = 1,

    /// <summary>All or nothing (FOK).</summary>
    FillsWhollyOrExpires = 2,

    /// <summary>The order may only rest; one that would take is refused (LIMIT_MAKER).</summary>
    OnlyRests = 3,
}

/// <summary>An order as the matching engine takes it. Prices and quantities are whole 1e-8 units.</summary>
/// <param name="Price">The limit; 0 takes any price.</param>
/// <param name="QuoteBudget">Buys or sells for this much quote money instead of a quantity, which then is only a bound (0: none); 0 where the quantity counts.</param>
internal readonly record struct IncomingOrder(long Id, Side Side, long Price, long Quantity, Remainder Remainder, long QuoteBudget = 0)
{
    /// <summary>How much of it the book shows at a time; 0 for all. What is shown anew stands behind what is there.</summary>
    public long Peak { get; init; }

    /// <summary>Whether the observer is asked before it meets an order (<see cref="IMatchObserver.Prevents"/>).</summary>
    public bool AsksFirst { get; init; }
}

/// <summary>What came of it. <paramref name="Remaining"/> rests when <paramref name="Rested"/>, is gone otherwise.</summary>
internal readonly record struct MatchOutcome(long Filled, long Remaining, bool Rested, bool WouldTake);

/// <summary>Listens to a book. Calls come inside <see cref="MatchingBook.Submit"/> and <see cref="MatchingBook.Cancel"/>.</summary>
internal interface IMatchObserver
{
    /// <summary>Two orders met at the resting order's price.</summary>
    void OnMatch(in IncomingOrder taker, long makerId, long price, long quantity, long makerRemaining);

    /// <summary>A level shows a new total quantity; 0 is gone.</summary>
    void OnLevel(Side side, long price, long quantity);

    /// <summary>Whether two orders must not trade with each other, and what happens instead. Asked of orders that ask first.</summary>
    SelfTradePrevention Prevents(in IncomingOrder taker, long makerId) => SelfTradePrevention.None;

    /// <summary>Two orders did not trade.</summary>
    /// <param name="takerPrevented">How much of the taker is gone.</param>
    /// <param name="makerPrevented">How much of the maker is gone.</param>
    /// <param name="quantity">How much would have been traded, where both shrink by that; 0 where they expire.</param>
    void OnPrevented(in IncomingOrder taker, long makerId, long price, long takerPrevented, long makerPrevented, long quantity, long makerRemaining)
    {
    }
}

/// <summary>
/// One symbol's order book with price-time priority: the best price first, and at one price who came first. A taker pays the resting
/// order's price. Orders live in a pooled array and hang in their level's list, levels in a sorted array with the best at its end.
/// </summary>
internal sealed class MatchingBook(long step, IMatchObserver observer)
{
    private readonly Dictionary<long, int> _slots = [];
    private readonly Ladder _bids = new(Side.Buy);
    private readonly Ladder _asks = new(Side.Sell);
    private Node[] _nodes = new Node[1024];
    private int _used;
    private int _free = -1;

    public int OrderCount => _slots.Count;
    public int LevelCount(Side side) => Of(side).Count;

    /// <summary>The best price, 0 when the side is empty.</summary>
    public long BestPrice(Side side) => Of(side) is { Count: > 0 } ladder ? ladder.Best.Price : 0;

    public long BestQuantity(Side side) => Of(side) is { Count: > 0 } ladder ? ladder.Best.Quantity : 0;

    /// <summary>The level at a rank, 0 being the best.</summary>
    public (long Price, long Quantity) LevelAt(Side side, int rank)
    {
        ref Level level = ref Of(side).FromBest(rank);
        return (level.Price, level.Quantity);
    }

    public long QuantityAt(Side side, long price) => Of(side).TryFind(price, out int at) ? Of(side)[at].Quantity : 0;

    public bool Contains(long id) => _slots.ContainsKey(id);

    /// <summary>The resting order's side, price and what is left of it.</summary>
    public bool TryGet(long id, out Side side, out long price, out long remaining)
    {
        bool found = _slots.TryGetValue(id, out int slot);
        (side, price, remaining) = found ? (_nodes[slot].Side, _nodes[slot].Price, _nodes[slot].Remaining + _nodes[slot].Hidden) : default;
        return found;
    }

    /// <summary>What a taker of the given quantity would pay or get, in 1e-8 quote units; false when the book holds less.</summary>
    public bool TryQuote(Side side, long quantity, long limit, out long quoteUnits)
    {
        Ladder ladder = Of(side.Opposite());
        quoteUnits = 0;
        for (int rank = 0; rank < ladder.Count && quantity > 0; rank++)
        {
            ref Level level = ref ladder.FromBest(rank);
            if (!Reaches(side, limit, level.Price)) break;
            long taken = Math.Min(quantity, level.Quantity + level.Hidden);
            quoteUnits += Money.Quote(level.Price, taken);
            quantity -= taken;
        }
        return quantity <= 0;
    }

    public bool WouldTake(Side side, long price) => Of(side.Opposite()) is { Count: > 0 } ladder && Reaches(side, price, ladder.Best.Price);

    public MatchOutcome Submit(in IncomingOrder order)
    {
        if (order.Remainder == Remainder.OnlyRests && WouldTake(order.Side, order.Price)) return new MatchOutcome(0, order.Quantity, false, WouldTake: true);
        if (order.Remainder == Remainder.FillsWhollyOrExpires && !TryQuote(order.Side, order.Quantity, order.Price, out _))
            return new MatchOutcome(0, order.Quantity, false, false);

        long remaining = order.QuoteBudget > 0 && order.Quantity == 0 ? long.MaxValue : order.Quantity;
        long budget = order.QuoteBudget;
        long filled = 0;
        bool expires = false;
        Ladder opposite = Of(order.Side.Opposite());
        while (remaining > 0 && opposite.Count > 0)
        {
            ref Level level = ref opposite.Best;
            long price = level.Price;
            if (!Reaches(order.Side, order.Price, price)) break;
            long filledHere = 0;
            bool budgetSpent = false, isTouched = false;
            while (remaining > 0 && level.Quantity > 0)
            {
                int slot = level.Head;
                ref Node maker = ref _nodes[slot];
                if (order.AsksFirst && observer.Prevents(in order, maker.Id) is var mode and not SelfTradePrevention.None)
                {
                    isTouched = true;
                    if (Prevent(in order, ref level, slot, mode, ref remaining, ref budget)) expires = true;
                    continue;
                }
                long quantity = Math.Min(remaining, maker.Remaining);
                if (order.QuoteBudget > 0)
                {
                    quantity = Math.Min(quantity, Money.Affordable(budget, price, step));
                    budgetSpent = quantity == 0;
                    if (budgetSpent) break;
                    budget -= Money.Quote(price, quantity);
                }
                maker.Remaining -= quantity;
                level.Quantity -= quantity;
                remaining -= quantity;
                filledHere += quantity;
                long makerId = maker.Id;
                long makerRemaining = maker.Remaining + maker.Hidden;
                if (maker.Remaining == 0) Refill(ref level, slot);
                observer.OnMatch(in order, makerId, price, quantity, makerRemaining);
            }
            filled += filledHere;
            long left = level.Quantity;
            if (left == 0) opposite.RemoveBest();
            if (filledHere > 0 || isTouched) observer.OnLevel(order.Side.Opposite(), price, left);
            if (budgetSpent || expires) break;
        }

        long unfilled = order.QuoteBudget > 0 ? 0 : remaining;
        if (unfilled == 0 || expires || order.Remainder is Remainder.Expires or Remainder.FillsWhollyOrExpires) return new MatchOutcome(filled, unfilled, false, false);
        long total = Link(order.Id, order.Side, order.Price, unfilled, order.Peak);
        observer.OnLevel(order.Side, order.Price, total);
        return new MatchOutcome(filled, unfilled, true, false);
    }

    /// <summary>Takes a resting order out; false when it is not there.</summary>
    public bool Cancel(long id)
    {
        if (!_slots.TryGetValue(id, out int slot)) return false;
        Node node = _nodes[slot];
        Ladder ladder = Of(node.Side);
        ladder.TryFind(node.Price, out int at);
        ref Level level = ref ladder[at];
        level.Quantity -= node.Remaining;
        level.Hidden -= node.Hidden;
        long left = level.Quantity;
        Unlink(ref level, slot);
        if (left == 0) ladder.RemoveAt(at);
        observer.OnLevel(node.Side, node.Price, left);
        return true;
    }

    /// <summary>Leaves less of a resting order, which keeps its place; false when it is not there or has no more than that.</summary>
    public bool Shrink(long id, long remaining)
    {
        if (remaining <= 0 || !_slots.TryGetValue(id, out int slot) || _nodes[slot].Remaining + _nodes[slot].Hidden <= remaining) return false;
        ref Node node = ref _nodes[slot];
        Ladder ladder = Of(node.Side);
        ladder.TryFind(node.Price, out int at);
        ref Level level = ref ladder[at];
        Reduce(ref level, ref node, node.Remaining + node.Hidden - remaining);
        observer.OnLevel(node.Side, node.Price, level.Quantity);
        return true;
    }

    /// <summary>Takes a quantity off a resting order: of what it hides first.</summary>
    private static void Reduce(ref Level level, ref Node node, long quantity)
    {
        long hidden = Math.Min(node.Hidden, quantity);
        (node.Hidden, level.Hidden) = (node.Hidden - hidden, level.Hidden - hidden);
        (node.Remaining, level.Quantity) = (node.Remaining - (quantity - hidden), level.Quantity - (quantity - hidden));
    }

    /// <summary>Does what is done instead of a trade; true when the taker is over.</summary>
    private bool Prevent(in IncomingOrder order, ref Level level, int slot, SelfTradePrevention mode, ref long remaining, ref long budget)
    {
        ref Node maker = ref _nodes[slot];
        long price = level.Price, makerId = maker.Id;
        long makerWhole = maker.Remaining + maker.Hidden;
        long takerWhole = order.QuoteBudget > 0 ? Math.Min(remaining, Money.Affordable(budget, price, step)) : remaining;
        bool isTakerOver = mode is SelfTradePrevention.ExpireTaker or SelfTradePrevention.ExpireBoth;
        long shared = mode is SelfTradePrevention.Decrement or SelfTradePrevention.Transfer ? Math.Min(takerWhole, makerWhole) : 0;
        long takerPrevented = isTakerOver ? takerWhole : shared;
        long makerPrevented = mode is SelfTradePrevention.ExpireMaker or SelfTradePrevention.ExpireBoth ? makerWhole : shared;
        remaining -= takerPrevented;
        if (order.QuoteBudget > 0)
        {
            budget -= Money.Quote(price, takerPrevented);
            isTakerOver |= shared > 0 && Money.Affordable(budget, price, step) == 0;
            if (shared == 0 && mode is SelfTradePrevention.Decrement or SelfTradePrevention.Transfer) return true; // The rest of the money buys nothing.
        }
        Reduce(ref level, ref maker, makerPrevented);
        if (maker.Remaining == 0) Refill(ref level, slot);
        observer.OnPrevented(in order, makerId, price, takerPrevented, makerPrevented, shared, makerWhole - makerPrevented);
        if (isTakerOver) remaining = 0;
        return isTakerOver;
    }

    /// <summary>What an order showed is gone: it shows the next part, behind all others, or leaves.</summary>
    private void Refill(ref Level level, int slot)
    {
        Node node = _nodes[slot];
        Unlink(ref level, slot);
        if (node.Hidden == 0) return;
        level.Hidden -= node.Hidden;
        Link(ref level, node.Id, node.Side, node.Price, node.Hidden, node.Peak);
    }

    /// <summary>Whether a limit (0: any price) of the side reaches the counter price.</summary>
    internal static bool Reaches(Side side, long limit, long counterPrice) =>
        limit == 0 || (side == Side.Buy ? counterPrice <= limit : counterPrice >= limit);

    private Ladder Of(Side side) => side == Side.Buy ? _bids : _asks;

    private long Link(long id, Side side, long price, long quantity, long peak) => Link(ref Of(side).GetOrAdd(price), id, side, price, quantity, peak);

    private long Link(ref Level level, long id, Side side, long price, long quantity, long peak)
    {
        long shown = peak > 0 ? Math.Min(peak, quantity) : quantity;
        int slot = _free;
        if (slot >= 0) _free = _nodes[slot].Next;
        else
        {
            if (_used == _nodes.Length) Array.Resize(ref _nodes, _nodes.Length * 2);
            slot = _used++;
        }
        _nodes[slot] = new Node { Id = id, Price = price, Remaining = shown, Hidden = quantity - shown, Peak = peak, Side = side, Previous = level.Tail, Next = -1 };
        if (level.Tail >= 0) _nodes[level.Tail].Next = slot;
        else level.Head = slot;
        level.Tail = slot;
        level.Quantity += shown;
        level.Hidden += quantity - shown;
        _slots.Add(id, slot);
        return level.Quantity;
    }

    private void Unlink(ref Level level, int slot)
    {
        ref Node node = ref _nodes[slot];
        if (node.Previous >= 0) _nodes[node.Previous].Next = node.Next;
        else level.Head = node.Next;
        if (node.Next >= 0) _nodes[node.Next].Previous = node.Previous;
        else level.Tail = node.Previous;
        _slots.Remove(node.Id);
        node.Next = _free;
        _free = slot;
    }

    private struct Node
    {
        public long Id;
        public long Price;

        /// <summary>What the book shows of it.</summary>
        public long Remaining;

        /// <summary>What it does not show yet.</summary>
        public long Hidden;

        /// <summary>How much it shows at a time; 0 for all.</summary>
        public long Peak;
        public int Next;
        public int Previous;
        public Side Side;
    }

    private struct Level
    {
        public long Price;

        /// <summary>What is shown.</summary>
        public long Quantity;
        public long Hidden;
        public int Head;
        public int Tail;
    }

    /// <summary>One side's levels, sorted so that the best is the last: it comes and goes without moving the others.</summary>
    private sealed class Ladder(Side side)
    {
        private Level[] _levels = new Level[256];

        public int Count { get; private set; }
        public ref Level this[int at] => ref _levels[at];
        public ref Level Best => ref _levels[Count - 1];
        public ref Level FromBest(int rank) => ref _levels[Count - 1 - rank];

        public bool TryFind(long price, out int at)
        {
            int low = 0;
            int high = Count - 1;
            while (low <= high)
            {
                int middle = (low + high) >>> 1;
                long other = _levels[middle].Price;
                if (other == price)
                {
                    at = middle;
                    return true;
                }
                if (side == Side.Buy ? other < price : other > price) low = middle + 1;
                else high = middle - 1;
            }
            at = low;
            return false;
        }

        public ref Level GetOrAdd(long price)
        {
            if (TryFind(price, out int at)) return ref _levels[at];
            if (Count == _levels.Length) Array.Resize(ref _levels, Count * 2);
            Array.Copy(_levels, at, _levels, at + 1, Count - at);
            _levels[at] = new Level { Price = price, Head = -1, Tail = -1 };
            Count++;
            return ref _levels[at];
        }

        public void RemoveBest() => Count--;

        public void RemoveAt(int at)
        {
            Array.Copy(_levels, at + 1, _levels, at, Count - at - 1);
            Count--;
        }
    }
}
