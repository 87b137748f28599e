using Peregrine.Common;

namespace Peregrine.App.Appliance;

/// <summary>
/// Where the time goes between a socket and an order, hop by hop. Written by the hot thread, read by anybody a little later. A hop begins where the one before ends:
/// read (bytes are in our memory), decoded, published (the gate let it through and the ring has it), core (book, features, decision), encoded, written.
/// </summary>
internal sealed class HopLatencies
{
    /// <summary>Frames that came with one read wait for those before them: that is part of this.</summary>
    public LatencyHistogram ReadToDecoded { get; } = new();

    public LatencyHistogram DecodedToPublished { get; } = new();
    public LatencyHistogram PublishedToCore { get; } = new();

    /// <summary>Orders: from the end of the core's decision to the request's bytes, journal entry included.</summary>
    public LatencyHistogram CoreToEncoded { get; } = new();

    /// <summary>Orders: until the kernel has the bytes.</summary>
    public LatencyHistogram EncodedToWritten { get; } = new();

    /// <summary>Our clock at the read minus the exchange's event time: network, and whatever the two clocks differ by. No part of the hops.</summary>
    public OffsetHistogram ExchangeToRead { get; } = new();
}
