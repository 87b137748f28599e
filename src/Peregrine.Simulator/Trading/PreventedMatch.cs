using Peregrine.Common;
using Peregrine.Simulator.Matching;

namespace Peregrine.Simulator.Trading;

/// <summary>A trade that self-trade prevention kept from happening. Prices and quantities are whole 1e-8 units.</summary>
/// <param name="TradeGroupId">What the two accounts have in common; -1 when they are one account without a group.</param>
/// <param name="Mode">The taker's mode.</param>
/// <param name="TakerPrevented">How much of the taker it took away, which may be more than would have been traded.</param>
/// <param name="Quantity">How much would have been traded, for modes that shrink both; 0 for the others.</param>
internal sealed record PreventedMatch(
    long Id, Instrument Instrument, VenueOrder Taker, VenueOrder Maker, int TradeGroupId, SelfTradePrevention Mode, long Price, long TakerPrevented, long MakerPrevented, long Quantity, long TimeMicros)
{
    /// <summary>Whether what would have been traded changes hands between two accounts.</summary>
    public bool IsTransfer => Mode == SelfTradePrevention.Transfer && !ReferenceEquals(Taker.Owner, Maker.Owner);

    public long PreventedOf(VenueOrder order) => ReferenceEquals(order, Taker) ? TakerPrevented : MakerPrevented;

    public VenueOrder CounterOf(VenueOrder order) => ReferenceEquals(order, Taker) ? Maker : Taker;
}
