using Peregrine.Common;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Matching;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Synthetic;

/// <summary>The levels that changed since the last diff of one speed.</summary>
/// <param name="phaseMillis">Where in the interval its diffs come: symbols do not all speak at once.</param>
internal sealed class DiffBatch(FormedChannel[] channels, long intervalMillis, long phaseMillis)
{
    /// <summary>A diff that is kept back for a snapshot comes so late at most.</summary>
    private const long HoldMillisMax = 3_000;

    private readonly HashSet<long> _bids = [];
    private readonly HashSet<long> _asks = [];
    private readonly List<long> _sorted = [];
    private readonly List<(long Price, long Quantity)> _bidLevels = [];
    private readonly List<(long Price, long Quantity)> _askLevels = [];
    private long _previousLast;
    private long _first;
    private long _dueMillis;
    private long _holdUntilAbove;

    public bool IsPending(long updateId) => updateId != _previousLast;

    public void Mark(Side side, long price, long updateId)
    {
        if (_first == 0) _first = updateId;
        (side == Side.Buy ? _bids : _asks).Add(price);
    }

    /// <summary>Forgets what was before the first diff: a snapshot has it.</summary>
    public void Begin(long updateId)
    {
        _bids.Clear();
        _asks.Clear();
        _previousLast = updateId;
        _first = 0;
    }

    /// <summary>Keeps the next diff back until the book is beyond this update, so that the diff spans it.</summary>
    public void HoldUntilAbove(long updateId) => _holdUntilAbove = updateId;

    /// <summary>Publishes the diff when its time has come and something changed.</summary>
    public void PublishDue(SyntheticSymbol symbol, long nowMicros, long eventMicros, WireWriter writer)
    {
        long nowMillis = nowMicros / 1_000;
        long updateId = symbol.UpdateId;
        if (nowMillis < _dueMillis || updateId == _previousLast) return;
        if (updateId <= _holdUntilAbove && nowMillis < _dueMillis + HoldMillisMax) return;
        _holdUntilAbove = 0;
        _dueMillis = nowMillis - ((nowMillis - phaseMillis) % intervalMillis) + intervalMillis;
        if (Array.Exists(channels, c => c.IsWanted))
        {
            Collect(symbol);
            foreach (FormedChannel formed in channels)
            {
                if (!formed.IsWanted) continue;
                if (formed.Form == WireForm.Sbe) symbol.Sbe.Diff(writer, eventMicros, _first, updateId, _bidLevels, _askLevels);
                else Write(symbol, updateId, eventMicros / formed.Unit, writer);
                StreamHub.Publish(formed.Channel, writer.Written);
            }
        }
        Begin(updateId);
    }

    private void Write(SyntheticSymbol symbol, long updateId, long eventTime, WireWriter writer)
    {
        writer.Clear();
        writer.Raw("{\"e\":\"depthUpdate\",\"E\":"u8).Number(eventTime);
        if (!symbol.IsSpot) writer.Raw(",\"T\":"u8).Number(eventTime);
        writer.Raw(",\"s\":"u8).Text(symbol.Name);
        if (!symbol.IsSpot) writer.Raw(",\"ps\":"u8).Text(symbol.Name);
        writer.Raw(",\"U\":"u8).Number(_first).Raw(",\"u\":"u8).Number(updateId);
        if (!symbol.IsSpot) writer.Raw(",\"pu\":"u8).Number(_previousLast);
        writer.Raw(",\"b\":["u8);
        foreach ((long price, long quantity) in _bidLevels) MarketWire.Level(writer, symbol, price, quantity);
        writer.Raw("],\"a\":["u8);
        foreach ((long price, long quantity) in _askLevels) MarketWire.Level(writer, symbol, price, quantity);
        writer.Raw(symbol.IsSpot ? "]}"u8 : "],\"st\":1}"u8);
    }

    private void Collect(SyntheticSymbol symbol)
    {
        Crossing? crossing = symbol.Faults.Crossings.Find(c => c.Take(this));
        bool omitsDeletes = crossing is { Mode: CrossMode.OmitDeletes };
        Collect(symbol.Book, Side.Buy, _bids, _bidLevels, omitsDeletes);
        Collect(symbol.Book, Side.Sell, _asks, _askLevels, omitsDeletes);
        if (crossing is null || omitsDeletes) return;
        long ask = symbol.Best.AskPrice;
        long tick = symbol.Instrument.Rules.TickSize.Raw;
        if (ask > 0) _bidLevels.Insert(0, (ask + tick, symbol.Instrument.Rules.StepSize.Raw));
    }

    private void Collect(MatchingBook book, Side side, HashSet<long> prices, List<(long Price, long Quantity)> levels, bool omitsDeletes)
    {
        _sorted.Clear();
        _sorted.AddRange(prices);
        _sorted.Sort();
        if (side == Side.Buy) _sorted.Reverse();
        levels.Clear();
        foreach (long price in _sorted)
        {
            long quantity = book.QuantityAt(side, price);
            if (quantity > 0 || !omitsDeletes) levels.Add((price, quantity));
        }
    }
}
