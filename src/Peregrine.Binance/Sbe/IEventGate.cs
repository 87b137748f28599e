using Peregrine.Common.Events;

namespace Peregrine.Binance.Sbe;

/// <summary>Says whether an event that was read is published: where two connections carry the same stream, the later copy is not.</summary>
public interface IEventGate
{
    /// <summary>
    /// True: publish it. All fields of the event are set but those of its payload. It stands in the ring's claimed slot: the ring may not be written to here.
    /// </summary>
    bool Accept(in MarketEvent entry);
}

/// <summary>Lets everything pass.</summary>
public readonly struct OpenGate : IEventGate
{
    public bool Accept(in MarketEvent entry) => true;
}
