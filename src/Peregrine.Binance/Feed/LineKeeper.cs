using System.Collections.Concurrent;

using Peregrine.Binance.Wire;

namespace Peregrine.Binance.Feed;

/// <summary>Makes connections and lets go of them on a thread of its own: both allocate, and may wait, which the hot thread must not.</summary>
internal sealed class LineKeeper : IDisposable
{
    private readonly Func<StreamGroup, int, WireLine> _open;
    private readonly int _keys;
    private readonly ConcurrentQueue<Order> _orders = new();
    private readonly ConcurrentQueue<(FeedLine Line, FeedLine Predecessor)> _made = new();
    private readonly AutoResetEvent _work = new(false);
    private readonly ManualResetEvent _stop = new(false);
    private readonly Thread _thread;

    private readonly record struct Order(FeedLine? Retire, FeedLine? Succeed);

    /// <param name="open">Makes a connection of a group for a slot.</param>
    /// <param name="keys">The number of stream keys.</param>
    public LineKeeper(Func<StreamGroup, int, WireLine> open, int keys)
    {
        _open = open;
        _keys = keys;
        _thread = new Thread(Run) { IsBackground = true, Name = "feed lines" };
        _thread.Start();
    }

    /// <summary>Woken when a successor is there.</summary>
    public LinePoller? Poller { get; set; }

    /// <summary>Makes one now, for the start.</summary>
    public FeedLine Make(StreamGroup group, int slot) => new(group, slot, _open(group, slot), _keys);

    /// <summary>Asks for a successor of a line; it comes through <see cref="TryTake"/>, not connected yet.</summary>
    public void Succeed(FeedLine line) => Enqueue(new Order(null, line));

    /// <summary>Lets go of a line that the hot thread does not use any more.</summary>
    public void Retire(FeedLine line) => Enqueue(new Order(line, null));

    public bool TryTake(out FeedLine line, out FeedLine predecessor)
    {
        bool any = _made.TryDequeue(out (FeedLine Line, FeedLine Predecessor) made);
        (line, predecessor) = made;
        return any;
    }

    public void Dispose()
    {
        _stop.Set();
        bool ended = _thread.Join(TimeSpan.FromSeconds(5));
        while (_orders.TryDequeue(out Order order)) order.Retire?.Wire.Dispose();
        while (_made.TryDequeue(out (FeedLine Line, FeedLine Predecessor) made)) made.Line.Wire.Dispose();
        if (!ended) return;
        _work.Dispose();
        _stop.Dispose();
    }

    private void Enqueue(Order order)
    {
        _orders.Enqueue(order);
        _work.Set();
    }

    private void Run()
    {
        WaitHandle[] events = [_stop, _work];
        while (WaitHandle.WaitAny(events) == 1)
        {
            while (_orders.TryDequeue(out Order order))
            {
                order.Retire?.Wire.Dispose();
                if (order.Succeed is not { } old) continue;
                FeedLine made = Make(old.Group, old.Slot);
                made.IsSuccessor = true;
                made.Wire.Start();
                _made.Enqueue((made, old));
                Poller?.Wake();
            }
        }
    }
}
