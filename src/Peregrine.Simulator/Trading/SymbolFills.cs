using Peregrine.Common;
using Peregrine.Simulator.Matching;

namespace Peregrine.Simulator.Trading;

/// <summary>
/// How orders of ours would have filled in a market that does not know of them: a recorded or a live one.
/// <list type="bullet">
/// <item>An order that reaches the opposite side takes what is displayed there, level by level, at those levels' prices, as taker. What it took
/// is gone until the level's displayed quantity changes. It never moves the market.</item>
/// <item>A resting order fills at its own price, as maker: when the opposite side's best reaches its price, as much as is displayed there; when
/// a trade prints through its price, as much as was traded; when a trade prints at its price, what is left of the trade once the queue that
/// stood before it has traded.</item>
/// <item>The queue before an order is what its level displayed when it came (nothing, when it betters the best), and shrinks with trades at the
/// price and with the displayed quantity. Behind the displayed levels it is unknown until the level becomes the best.</item>
/// </list>
/// </summary>
internal sealed class SymbolFills(long step, LevelBook? book)
{
    /// <summary>How deep a taker may reach.</summary>
    private const int LevelsMax = 200;

    private readonly List<(VenueOrder Order, IFillListener Listener)> _resting = [];
    private readonly Dictionary<(Side Side, long Price), (long Taken, long Displayed)> _taken = [];
    private readonly List<(long Price, long Available, long Displayed)> _levels = [];
    private (long Price, long Quantity) _bid;
    private (long Price, long Quantity) _ask;
    private long _lastTradePrice;

    public (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity) Best => (_bid.Price, _bid.Quantity, _ask.Price, _ask.Quantity);

    public long LastPrice => _lastTradePrice > 0 ? _lastTradePrice : _bid.Price > 0 && _ask.Price > 0 ? (_bid.Price + _ask.Price) / 2 : Math.Max(_bid.Price, _ask.Price);

    public bool WouldTake(Side side, long price) => BestOf(side.Opposite()) is { Price: > 0 } best && MatchingBook.Reaches(side, price, best.Price);

    public bool TryQuote(Side side, long quantity, long limit, out long quoteUnits)
    {
        quoteUnits = 0;
        CollectOpposite(side, limit);
        foreach ((long price, long available, _) in _levels)
        {
            long taken = Math.Min(quantity, available);
            quoteUnits += Money.Quote(price, taken);
            quantity -= taken;
            if (quantity == 0) return true;
        }
        return false;
    }

    /// <summary>Whether nothing of ours depends on what the market does.</summary>
    public bool IsIdle => _resting.Count == 0 && _taken.Count == 0;

    /// <summary>Takes what can be taken now. True when a rest stays.</summary>
    public bool Execute(VenueOrder order, IFillListener listener)
    {
        bool isWhole = order.Remainder != Remainder.FillsWhollyOrExpires || TryQuote(order.Side, order.Quantity, order.Price, out _);
        if (isWhole && order.Remainder != Remainder.OnlyRests) Sweep(order, listener, asMaker: false);
        if (order.Remainder is Remainder.Expires or Remainder.FillsWhollyOrExpires || !order.IsOpen) return false;
        order.QueueAhead = QueueAt(order.Side, order.Price);
        _resting.Add((order, listener));
        return true;
    }

    public void Remove(VenueOrder order) => _resting.RemoveAll(r => r.Order == order);

    public void OnBest(long bidPrice, long bidQuantity, long askPrice, long askQuantity)
    {
        _bid = (bidPrice, bidQuantity);
        _ask = (askPrice, askQuantity);
        if (_taken.Count > 0) ForgetChanged();
        if (_resting.Count > 0) Review();
    }

    /// <summary>The level book changed.</summary>
    public void OnBook(bool hasTicker)
    {
        if (book is null) return;
        if (!hasTicker) (_bid, _ask) = (book.Best(Side.Buy), book.Best(Side.Sell));
        if (_taken.Count > 0) ForgetChanged();
        if (_resting.Count > 0) Review();
    }

    public void OnTrade(long price, long quantity, bool buyerIsMaker)
    {
        _lastTradePrice = price;
        if (_resting.Count > 0) FillFromTrade(price, quantity, buyerIsMaker);
    }

    private void FillFromTrade(long price, long quantity, bool buyerIsMaker)
    {
        Side side = buyerIsMaker ? Side.Buy : Side.Sell;
        long left = quantity;
        // The better price first, then who came first: List.Sort is not stable, so the id decides.
        (VenueOrder Order, IFillListener Listener)[] candidates = [.. _resting.Where(r => r.Order.Side == side && MatchingBook.Reaches(side, r.Order.Price, price))];
        Array.Sort(candidates, (a, b) => a.Order.Price != b.Order.Price ? a.Order.Price.CompareTo(b.Order.Price) * -side.Sign() : a.Order.Id.CompareTo(b.Order.Id));
        foreach ((VenueOrder order, IFillListener listener) in candidates)
        {
            if (!order.IsOpen) continue; // A fill before it ended its list.
            long reaching = left;
            if (order.Price == price)
            {
                if (order.QueueAhead < 0) continue;
                reaching = Math.Min(left, Math.Max(0, quantity - order.QueueAhead));
                order.QueueAhead = Math.Max(0, order.QueueAhead - quantity);
            }
            long filled = Math.Min(order.Remaining, reaching);
            if (filled == 0) continue;
            left -= filled;
            Fill(order, listener, order.Price, filled, isMaker: true);
        }
    }

    private void Review()
    {
        for (int i = _resting.Count - 1; i >= 0; i = Math.Min(i, _resting.Count) - 1) // A fill may end more orders than its own.
        {
            (VenueOrder order, IFillListener listener) = _resting[i];
            (long Price, long Quantity) own = BestOf(order.Side);
            if (own.Price == order.Price) order.QueueAhead = order.QueueAhead < 0 ? own.Quantity : Math.Min(order.QueueAhead, own.Quantity);
            else if (own.Price == 0 || MatchingBook.Reaches(order.Side, order.Price, own.Price)) order.QueueAhead = 0;
            else if (book is not null && order.QueueAhead > 0) order.QueueAhead = Math.Min(order.QueueAhead, book.QuantityAt(order.Side, order.Price));
            if (WouldTake(order.Side, order.Price)) Sweep(order, listener, asMaker: true);
        }
    }

    private void Sweep(VenueOrder order, IFillListener listener, bool asMaker)
    {
        CollectOpposite(order.Side, order.Price);
        long budget = order.QuoteQuantity;
        foreach ((long price, long available, long displayed) in _levels.ToArray())
        {
            long quantity = order.QuoteQuantity > 0 ? Math.Min(available, Money.Affordable(budget, price, step)) : Math.Min(order.Remaining, available);
            if (order.QuoteQuantity > 0 && order.Side == Side.Sell) quantity = Math.Min(quantity, order.Locked - (order.Locked % step));
            if (quantity == 0) break;
            budget -= Money.Quote(price, quantity);
            (Side, long) key = (order.Side.Opposite(), price);
            _taken[key] = (quantity + (_taken.TryGetValue(key, out (long Taken, long Displayed) before) && before.Displayed == displayed ? before.Taken : 0), displayed);
            Fill(order, listener, asMaker ? order.Price : price, quantity, asMaker);
            if (!order.IsOpen) break;
        }
    }

    private void Fill(VenueOrder order, IFillListener listener, long price, long quantity, bool isMaker)
    {
        listener.OnFill(order, price, quantity, isMaker, -1);
        if (!order.IsOpen) Remove(order);
    }

    /// <summary>What is displayed on the other side within the limit, best first, less what we took of it.</summary>
    private void CollectOpposite(Side side, long limit)
    {
        _levels.Clear();
        Side opposite = side.Opposite();
        (long Price, long Quantity) best = BestOf(opposite);
        if (best.Price == 0 || !MatchingBook.Reaches(side, limit, best.Price)) return;
        Add(opposite, best.Price, best.Quantity);
        if (book is null) return;
        for (int rank = 0; rank < Math.Min(LevelsMax, book.Count(opposite)); rank++)
        {
            (long price, long quantity) = book.At(opposite, rank);
            if (!MatchingBook.Reaches(side, limit, price)) return;
            bool isBehindBest = side == Side.Buy ? price > best.Price : price < best.Price;
            if (isBehindBest) Add(opposite, price, quantity);
        }
    }

    private void Add(Side side, long price, long displayed)
    {
        long available = displayed;
        if (_taken.TryGetValue((side, price), out (long Taken, long Displayed) taken) && taken.Displayed == displayed) available -= taken.Taken;
        if (available > 0) _levels.Add((price, available, displayed));
    }

    private long QueueAt(Side side, long price)
    {
        (long Price, long Quantity) best = BestOf(side);
        if (best.Price == price) return best.Quantity;
        if (best.Price == 0 || MatchingBook.Reaches(side, price, best.Price)) return 0;
        return book is null ? -1 : book.QuantityAt(side, price);
    }

    private void ForgetChanged()
    {
        foreach (((Side side, long price) key, (long _, long displayed)) in _taken)
        {
            long now = BestOf(key.side).Price == key.price ? BestOf(key.side).Quantity : book?.QuantityAt(key.side, key.price) ?? 0;
            if (now != displayed) _taken.Remove(key); // Removing while enumerating is allowed here.
        }
    }

    private (long Price, long Quantity) BestOf(Side side) => side == Side.Buy ? _bid : _ask;
}
