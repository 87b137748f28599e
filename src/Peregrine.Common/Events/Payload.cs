using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Peregrine.Common.Events;

/// <summary>Reads payload words as what they hold.</summary>
public static class Payload
{
    public static ReadOnlySpan<Level> Levels(ReadOnlySpan<long> words) => MemoryMarshal.Cast<long, Level>(words);

    public static ReadOnlySpan<Level> Bids(in MarketEvent depth, ReadOnlySpan<long> words) => Levels(words)[..depth.Depth.BidCount];

    public static ReadOnlySpan<Level> Asks(in MarketEvent depth, ReadOnlySpan<long> words) => Levels(words)[depth.Depth.BidCount..];

    /// <summary>The one record (<see cref="Kline"/>, <see cref="Orders.OrderReport"/>, …) that the words hold.</summary>
    public static ref readonly T Read<T>(ReadOnlySpan<long> words) where T : unmanaged => ref MemoryMarshal.AsRef<T>(MemoryMarshal.AsBytes(words));

    /// <summary>A record as payload words; its size is a multiple of eight.</summary>
    public static ReadOnlySpan<long> Of<T>(ref readonly T record) where T : unmanaged =>
        MemoryMarshal.Cast<T, long>(MemoryMarshal.CreateReadOnlySpan(in record, 1));

    public static int Words<T>() where T : unmanaged => Unsafe.SizeOf<T>() / sizeof(long);
}

/// <summary>A candle: 13 payload words. Times in microseconds since 1970, amounts in 1e-8 units.</summary>
public struct Kline
{
    public long OpenTimeMicros;
    public long CloseTimeMicros;
    public Price Open;
    public Price High;
    public Price Low;
    public Price Close;
    public Quantity Volume;
    public long QuoteVolumeUnits;
    public Quantity TakerBuyVolume;
    public long TakerBuyQuoteUnits;
    public long TradeCount;

    /// <summary>-1 where no trade happened.</summary>
    public long FirstTradeId;

    public long LastTradeId;
}

/// <summary>
/// What became of an asset of the account, absolute. The event beside it says where that came from (A = <see cref="Orders.ReportSource"/>) and, for a deposit,
/// withdrawal or transfer, what was added (B, 1e-8 units; free and locked are zero then, for the exchange does not tell them).
/// </summary>
public struct BalanceUpdate
{
    public Orders.AssetCode Asset;
    public long FreeUnits;
    public long LockedUnits;
}

/// <summary>Why market data is not whole.</summary>
public enum GapReason : byte
{
    None = 0,

    /// <summary>A diff did not follow the one before.</summary>
    Sequence = 1,

    /// <summary>The best bid was not below the best ask.</summary>
    Crossed = 2,

    /// <summary>The connection was lost and nothing may be assumed about the time between.</summary>
    Disconnected = 3,

    /// <summary>A subscriber of the ring fell a whole ring behind.</summary>
    Lagged = 4,

    /// <summary>More diffs arrived before a snapshot than the book keeps.</summary>
    Overflow = 5,

    /// <summary>The disk was too full: events of a kind were left out on purpose, or could not be written.</summary>
    Disk = 6,

    /// <summary>The process ended before it could record them.</summary>
    Killed = 7,

    /// <summary>A stream said nothing for longer than it ever does while the connection lived (or never spoke at all).</summary>
    Silent = 8,

    /// <summary>A stream went on, but only with what was known already: old messages, or an event time that stands still.</summary>
    Frozen = 9,

    /// <summary>The book contradicted the best prices or the trades on the wire.</summary>
    Contradicted = 10,

    /// <summary>Events arrived more than a second later than usual: they waited somewhere.</summary>
    Late = 11,
}
