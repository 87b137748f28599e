using Peregrine.Common;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Matching;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Synthetic;

/// <summary>The levels that changed since the last diff of one speed.</summary>
internal sealed class DiffBatch(StreamChannel channel, long intervalMillis)
{
    private readonly HashSet<long> _bids = [];
    private readonly HashSet<long> _asks = [];
    private readonly List<long> _sorted = [];
    private long _previousLast;
    private long _dueMillis;

    public void Mark(Side side, long price) => (side == Side.Buy ? _bids : _asks).Add(price);

    /// <summary>Forgets what was before the first diff: a snapshot has it.</summary>
    public void Begin(long updateId)
    {
        _bids.Clear();
        _asks.Clear();
        _previousLast = updateId;
    }

    /// <summary>Publishes the diff when its time has come and something changed.</summary>
    public void PublishDue(MarketSymbol symbol, MatchingBook book, long updateId, long nowMillis, WireWriter writer)
    {
        if (nowMillis < _dueMillis || updateId == _previousLast) return;
        _dueMillis = nowMillis - (nowMillis % intervalMillis) + intervalMillis;
        if (channel.IsWanted)
        {
            writer.Clear();
            writer.Raw("{\"e\":\"depthUpdate\",\"E\":"u8).Number(nowMillis);
            if (!symbol.IsSpot) writer.Raw(",\"T\":"u8).Number(nowMillis);
            writer.Raw(",\"s\":"u8).Text(symbol.Name).Raw(",\"U\":"u8).Number(_previousLast + 1).Raw(",\"u\":"u8).Number(updateId);
            if (!symbol.IsSpot) writer.Raw(",\"pu\":"u8).Number(_previousLast);
            writer.Raw(",\"b\":["u8);
            WriteSide(symbol, book, Side.Buy, writer);
            writer.Raw("],\"a\":["u8);
            WriteSide(symbol, book, Side.Sell, writer);
            writer.Raw("]}"u8);
            StreamHub.Publish(channel, writer.Written);
        }
        Begin(updateId);
    }

    private void WriteSide(MarketSymbol symbol, MatchingBook book, Side side, WireWriter writer)
    {
        _sorted.Clear();
        _sorted.AddRange(side == Side.Buy ? _bids : _asks);
        _sorted.Sort();
        if (side == Side.Buy) _sorted.Reverse();
        foreach (long price in _sorted) MarketWire.Level(writer, symbol, price, book.QuantityAt(side, price));
    }
}
