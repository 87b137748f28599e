using Peregrine.Common;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Markets;

/// <summary>What stands behind the exchange's protocol: a made-up market or a recorded one. Used under the exchange's gate.</summary>
internal interface IMarketSource : IAsyncDisposable
{
    IReadOnlyList<MarketSymbol> Symbols { get; }
    IOrderVenue Venue { get; }

    /// <summary>A stream name's canonical form: names that carry the same frames have the same.</summary>
    string ChannelKey(string streamName);

    /// <summary>Brings the market up to the present before an order meets it.</summary>
    void CatchUp();

    /// <summary>Whether a depth snapshot may be asked for now; false for a little later, which only a fault wants.</summary>
    bool PrepareSnapshot(string symbol) => true;

    /// <summary>Writes a depth snapshot; false when there is none (yet).</summary>
    bool TryWriteDepth(MarketSymbol symbol, int limit, WireWriter writer);

    /// <summary>Writes mark price, index and funding of a futures symbol; false when there is none (yet).</summary>
    bool TryWritePremium(MarketSymbol symbol, WireWriter writer);

    /// <summary>Writes a futures symbol's open interest; false when there is none.</summary>
    bool TryWriteOpenInterest(MarketSymbol symbol, WireWriter writer);

    /// <summary>Best bid and ask as (price, quantity); zeros where a side is empty.</summary>
    (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity) Best(MarketSymbol symbol);

    /// <summary>Starts its thread.</summary>
    void Start();

    /// <summary>Completes when the market is over, which only a replay with Once ever is.</summary>
    Task Completion { get; }
}
