using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Execution;
using Peregrine.Execution.Risk;
using Peregrine.Execution.Trading;

namespace Peregrine.Research.WholeSystem;

/// <summary>The order session with an eye on it: whatever is to be sent is looked at once more, by rules simpler than the core's.</summary>
internal sealed class CheckedGateway(IOrderGateway inner, Trader trader, Action<string> violate) : IOrderGateway
{
    public long Placed { get; private set; }

    public bool IsReady => inner.IsReady;
    public GatewayStatus Status => inner.Status;
    public ClockReading Clock => inner.Clock;

    public bool Poll() => inner.Poll();

    public SendResult Place(in OrderIntent intent, Instrument instrument, bool closes = false)
    {
        TradingCore core = trader.Core;
        SymbolTrading symbol = core[instrument.Id];
        bool reduces = intent.Side == Side.Sell && intent.Quantity <= symbol.Position.Quantity;
        KillLevel level = core.States.Level;
        if (level is KillLevel.HaltNew or KillLevel.CancelAll || (level is KillLevel.ReduceOnly or KillLevel.Flatten && !reduces)) violate($"{intent.ClientId} was sent at level {level}");
        if (!core.Reconciler.IsReconciled) violate($"{intent.ClientId} was sent before the account agreed");
        if (!symbol.State.IsTradable) violate($"{intent.ClientId} was sent on a book that is not tradable");
        if (core.Orders.HasUnknown(instrument.Id)) violate($"{intent.ClientId} was sent beside an order of unknown fate");
        if (core.Clock.UncertaintyMicros < 0 || Math.Abs(core.Clock.OffsetMicros) > 250_000) violate($"{intent.ClientId} was sent with the clocks {core.Clock.OffsetMicros} us apart");
        Placed++;
        return inner.Place(in intent, instrument, closes);
    }

    public SendResult PlaceList(in OrderListIntent intent, Instrument instrument)
    {
        if (trader.Core.States.Level >= KillLevel.HaltNew) violate($"list {intent.ListId} was sent at level {trader.Core.States.Level}");
        Placed++;
        return inner.PlaceList(in intent, instrument);
    }

    public SendResult Cancel(in CancelIntent intent, Instrument instrument) => inner.Cancel(in intent, instrument);

    public void Query(ClientOrderId clientId, Instrument instrument) => inner.Query(clientId, instrument);

    public bool Reconcile(long round, ReadOnlySpan<long> tradesFrom) => inner.Reconcile(round, tradesFrom);

    public void Dispose() => inner.Dispose();
}
