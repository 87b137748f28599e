using Peregrine.Common;

namespace Peregrine.Simulator.Trading;

/// <summary>
/// An OCO (two legs, of which one is to happen), or an OTO or OTOCO (a working order whose whole fill places the pending ones). The two legs of an OCO share
/// one lock, the larger of what they need: the leg that needs more holds it.
/// </summary>
internal sealed class OrderList
{
    public required long Id { get; init; }
    public required string ClientId { get; init; }
    public required Instrument Instrument { get; init; }
    public long TimeMicros { get; init; }

    /// <summary>The order that goes first; null for an OCO.</summary>
    public VenueOrder? Working { get; init; }

    /// <summary>The legs of the OCO, or the pending orders.</summary>
    public required IReadOnlyList<VenueOrder> Legs { get; init; }

    public IEnumerable<VenueOrder> Orders => Working is null ? Legs : Legs.Prepend(Working);
    public bool IsOpen => Orders.Any(o => o.IsOpen);
    public string Contingency => Working is null ? "OCO" : "OTO";
    public string StatusType => IsOpen ? "EXEC_STARTED" : "ALL_DONE";
    public string OrderStatus => IsOpen ? "EXECUTING" : "ALL_DONE";

    /// <summary>Whether its end was told of.</summary>
    public bool IsEnded { get; set; }
}
