using System.Buffers.Binary;
using System.Text;
using Peregrine.Common;
using Peregrine.Simulator.Markets;

namespace Peregrine.Simulator.Wire;

/// <summary>Which version of the stream schema is spoken, and what a later one has appended.</summary>
internal sealed class SbeVersion
{
    public int Version { get; set; }

    /// <summary>Bytes appended to each message's root block.</summary>
    public int RootBytes { get; set; }

    /// <summary>Bytes appended to each entry of a group.</summary>
    public int GroupBytes { get; set; }
}

/// <summary>
/// Writes the frames of the schema stream_1_0 for one symbol. Prices and quantities come as 1e-8 units and leave as mantissas of the symbol's exponents.
/// </summary>
internal sealed class SbeWriter
{
    private const int SchemaId = 1;
    private const int Trades = 10_000;
    private const int BestBidAsk = 10_001;
    private const int DepthSnapshot = 10_002;
    private const int DepthDiff = 10_003;

    private readonly byte[] _symbol;
    private readonly SbeVersion _version;
    private readonly int _pricePlaces;
    private readonly int _quantityPlaces;
    private readonly long _priceDivisor;
    private readonly long _quantityDivisor;

    /// <param name="pricePlaces">Decimal places of prices; the exponent is their negative.</param>
    public SbeWriter(string symbol, int pricePlaces, int quantityPlaces, SbeVersion version)
    {
        (_symbol, _version) = (Encoding.UTF8.GetBytes(symbol), version);
        (_pricePlaces, _quantityPlaces) = (pricePlaces, quantityPlaces);
        (_priceDivisor, _quantityDivisor) = (Power(FixedPoint.Places - pricePlaces), Power(FixedPoint.Places - quantityPlaces));
    }

    /// <summary>TradesStreamEvent: the trades of one taker.</summary>
    public void TradesEvent(WireWriter to, long eventMicros, long transactMicros, IReadOnlyList<TapeTrade> trades)
    {
        Begin(to, Trades, 18);
        Int64(to, eventMicros);
        Int64(to, transactMicros);
        Exponents(to);
        Extra(to, _version.RootBytes);
        UInt16(to, 25 + _version.GroupBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(to.Take(4), (uint)trades.Count);
        foreach (TapeTrade trade in trades)
        {
            Int64(to, trade.Id);
            Int64(to, trade.Price / _priceDivisor);
            Int64(to, trade.Quantity / _quantityDivisor);
            to.Take(1)[0] = trade.BuyerIsMaker ? (byte)1 : (byte)0;
            Extra(to, _version.GroupBytes);
        }
        End(to);
    }

    public void Best(WireWriter to, long eventMicros, long updateId, in (long BidPrice, long BidQuantity, long AskPrice, long AskQuantity) best)
    {
        Begin(to, BestBidAsk, 50);
        Int64(to, eventMicros);
        Int64(to, updateId);
        Exponents(to);
        Int64(to, best.BidPrice / _priceDivisor);
        Int64(to, best.BidQuantity / _quantityDivisor);
        Int64(to, best.AskPrice / _priceDivisor);
        Int64(to, best.AskQuantity / _quantityDivisor);
        Extra(to, _version.RootBytes);
        End(to);
    }

    /// <summary>DepthSnapshotStreamEvent: the best levels.</summary>
    public void Snapshot(WireWriter to, long eventMicros, long updateId, IReadOnlyList<(long Price, long Quantity)> bids, IReadOnlyList<(long Price, long Quantity)> asks)
    {
        Begin(to, DepthSnapshot, 18);
        Int64(to, eventMicros);
        Int64(to, updateId);
        Exponents(to);
        Extra(to, _version.RootBytes);
        Levels(to, bids);
        Levels(to, asks);
        End(to);
    }

    public void Diff(
        WireWriter to, long eventMicros, long firstId, long lastId, IReadOnlyList<(long Price, long Quantity)> bids, IReadOnlyList<(long Price, long Quantity)> asks)
    {
        Begin(to, DepthDiff, 26);
        Int64(to, eventMicros);
        Int64(to, firstId);
        Int64(to, lastId);
        Exponents(to);
        Extra(to, _version.RootBytes);
        Levels(to, bids);
        Levels(to, asks);
        End(to);
    }

    private void Begin(WireWriter to, int template, int blockLength)
    {
        to.Clear();
        UInt16(to, blockLength + _version.RootBytes);
        UInt16(to, template);
        UInt16(to, SchemaId);
        UInt16(to, _version.Version);
    }

    private void End(WireWriter to)
    {
        to.Take(1)[0] = (byte)_symbol.Length;
        to.Raw(_symbol);
    }

    private void Levels(WireWriter to, IReadOnlyList<(long Price, long Quantity)> levels)
    {
        UInt16(to, 16 + _version.GroupBytes);
        UInt16(to, levels.Count);
        foreach ((long price, long quantity) in levels)
        {
            Int64(to, price / _priceDivisor);
            Int64(to, quantity / _quantityDivisor);
            Extra(to, _version.GroupBytes);
        }
    }

    private void Exponents(WireWriter to)
    {
        Span<byte> two = to.Take(2);
        two[0] = (byte)(sbyte)-_pricePlaces;
        two[1] = (byte)(sbyte)-_quantityPlaces;
    }

    /// <summary>Fields that a reader of version 0 does not know.</summary>
    private static void Extra(WireWriter to, int bytes) => to.Take(bytes).Fill(0xEE);

    private static void UInt16(WireWriter to, int value) => BinaryPrimitives.WriteUInt16LittleEndian(to.Take(2), (ushort)value);
    private static void Int64(WireWriter to, long value) => BinaryPrimitives.WriteInt64LittleEndian(to.Take(8), value);

    private static long Power(int tens)
    {
        long power = 1;
        for (int i = 0; i < tens; i++) power *= 10;
        return power;
    }
}
