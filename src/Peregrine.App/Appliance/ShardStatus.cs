using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Risk;
using Peregrine.Execution.Trading;
using Peregrine.MarketData;

namespace Peregrine.App.Appliance;

/// <summary>
/// The hot thread's numbers as of one moment, copied by it ten times a second into memory that exists already, and read whole by the monitor:
/// an odd version means that a copy is being made, and whoever read meanwhile reads again.
/// </summary>
internal sealed class ShardStatus(int symbols)
{
    public const int Levels = 10;
    public const int FeaturesMax = 32;
    public const int OrdersMax = 16;
    public const int SparkMax = 60;

    private long _version;
    private long _sparkNext;

    public long[] Events { get; } = new long[256];
    public SymbolNumbers[] Symbols { get; } = [.. Enumerable.Range(0, symbols).Select(_ => new SymbolNumbers())];
    public TrackedOrder[] Orders { get; } = new TrackedOrder[OrdersMax];
    public int OrderCount { get; private set; }
    public TradingState State { get; private set; }
    public KillLevel Level { get; private set; }
    public HaltReason Reason { get; private set; }
    public Notional Result { get; private set; }
    public Notional Today { get; private set; }
    public Notional Drawdown { get; private set; }
    public RiskMemory Risk { get; private set; }
    public ClockReading Clock { get; private set; }
    public bool IsReconciled { get; private set; }
    public long Rounds { get; private set; }
    public int ForeignOpen { get; private set; }
    public (AssetCode Asset, long Units) Difference { get; private set; }
    public long LateFills { get; private set; }

    /// <summary>Grows with each copy: whoever sees it stand still sees a hot thread that stands still.</summary>
    public long Copies { get; private set; }
    public long Gaps { get; private set; }
    public long Decisions { get; private set; }
    public long Fills { get; private set; }
    public long Refusals { get; private set; }
    public long OrdersSent { get; private set; }
    public double AllocatedPerEvent { get; private set; }

    /// <summary>One symbol's numbers.</summary>
    internal sealed class SymbolNumbers
    {
        public Price Last;
        public BookState Book;
        public int BidCount;
        public int AskCount;
        public readonly Level[] Bids = new Level[Levels];
        public readonly Level[] Asks = new Level[Levels];
        public readonly float[] Features = new float[FeaturesMax];
        public int FeatureCount;
        public float Down;
        public float Flat;
        public float Up;
        public Quantity Position;
        public Quantity Target;
        public Price AveragePrice;
        public Notional Realised;
        public Notional Unrealised;
        public Notional Fees;
        public readonly double[] Spark = new double[SparkMax];
        public int SparkCount;
    }

    /// <summary>Hot thread: copies what the shard has now.</summary>
    public void Publish(Shard shard)
    {
        TradingCore core = shard.Core;
        Volatile.Write(ref _version, _version + 1);
        Interlocked.MemoryBarrier();
        shard.EventsByKind.CopyTo(Events);
        State = core.State;
        Level = core.States.Level;
        Reason = core.States.Reason;
        Result = core.Result;
        Today = core.Losses.Today(Result);
        Drawdown = core.Losses.Drawdown(Result);
        Risk = core.Losses.ToMemory();
        Clock = core.Clock;
        IsReconciled = core.Reconciler.IsReconciled;
        Rounds = core.Reconciler.Agreed;
        ForeignOpen = core.Reconciler.ForeignOpen;
        Difference = core.Reconciler.Difference;
        LateFills = core.LateFills;
        Copies++;
        Gaps = core.Gaps;
        Decisions = core.Decisions;
        Fills = core.Fills;
        Refusals = core.Refusals;
        OrdersSent = shard.OrdersSent;
        AllocatedPerEvent = shard.AllocatedPerEvent;
        bool spark = ++_sparkNext % 10 == 0; // Once a second.
        for (int i = 0; i < Symbols.Length; i++) Copy(core.Symbols[i], Symbols[i], spark);
        OrderCount = 0;
        if (core.Orders.OpenCount > 0)
        {
            foreach (ref readonly TrackedOrder order in core.Orders.Orders)
            {
                if (!order.IsOpen) continue;
                Orders[OrderCount++] = order;
                if (OrderCount == OrdersMax) break;
            }
        }
        Interlocked.MemoryBarrier();
        Volatile.Write(ref _version, _version + 1);
    }

    /// <summary>Monitor: runs the reading until nothing was copied meanwhile.</summary>
    public void Read(Action reading)
    {
        SpinWait wait = default;
        while (true)
        {
            long before = Volatile.Read(ref _version);
            if ((before & 1) == 0)
            {
                reading();
                Interlocked.MemoryBarrier();
                if (Volatile.Read(ref _version) == before) return;
            }
            wait.SpinOnce();
        }
    }

    private static void Copy(SymbolTrading from, SymbolNumbers to, bool spark)
    {
        SymbolBook book = from.State.Book;
        to.Last = from.State.LastTradePrice;
        to.Book = book.State;
        to.BidCount = book.Top(Side.Buy, to.Bids);
        to.AskCount = book.Top(Side.Sell, to.Asks);
        ReadOnlySpan<float> features = from.State.Features.Values;
        to.FeatureCount = Math.Min(features.Length, FeaturesMax);
        features[..to.FeatureCount].CopyTo(to.Features);
        to.Down = from.State.Model.Down;
        to.Flat = from.State.Model.Flat;
        to.Up = from.State.Model.Up;
        to.Position = from.Position.Quantity;
        to.Target = from.Target;
        to.AveragePrice = from.Position.AveragePrice;
        to.Realised = from.Position.Realised;
        to.Unrealised = from.Unrealised;
        to.Fees = from.Position.QuoteFees;
        if (!spark) return;
        if (to.SparkCount == SparkMax) Array.Copy(to.Spark, 1, to.Spark, 0, --to.SparkCount);
        to.Spark[to.SparkCount++] = book.Mid is { IsZero: false } mid ? mid.ToDouble() : to.Last.ToDouble();
    }
}
