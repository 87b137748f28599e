using System.Runtime.CompilerServices;

using Peregrine.Common.Events;

namespace Peregrine.Binance.Streams.Scanning;

/// <summary>Values whose reading takes no vectors.</summary>
internal static unsafe class FieldScan
{
    private const uint True = 0x65757274; // "true", its first letter in the lowest byte, as all of these.
    private const ulong False = 0x65736C6166;
    private const uint Sell = 0x4C4C4553;
    private const uint Buy = 0x595542;
    private const ulong FiveBytes = 0xFF_FFFF_FFFF;

    /// <summary>true or false as 1 or 0, without a branch: it is as good as a coin's toss.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Flag<TScan>(ref TScan scan, ref byte* at) where TScan : struct, IFieldScan
    {
        ulong text = Load(at);
        ulong yes = (uint)text == True ? 1UL : 0UL;
        ulong no = (text & FiveBytes) == False ? 1UL : 0UL;
        scan.Require((yes | no) ^ 1);
        at += 5 - yes;
        return yes;
    }

    /// <summary>What differs from true (1) or false (0), of which one must stand there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong SideDiffers(byte* at, ulong side) => (Load(at) ^ False ^ ((False ^ True) & (0 - side))) & (FiveBytes >> (int)(8 * side));

    /// <summary>SELL or BUY as 1 or 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Side<TScan>(ref TScan scan, ref byte* at) where TScan : struct, IFieldScan
    {
        uint text = (uint)Load(at);
        ulong sell = text == Sell ? 1UL : 0UL;
        ulong buy = (text & 0xFFFFFF) == Buy ? 1UL : 0UL;
        scan.Require((sell | buy) ^ 1);
        at += 3 + sell;
        return sell;
    }

    /// <summary>A decimal that may be negative.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Signed<TScan>(ref TScan scan, ref byte* at, DecimalFormat* format) where TScan : struct, IFieldScan
    {
        long negative = *at == (byte)'-' ? 1 : 0;
        at += negative;
        return (scan.Decimal(ref at, format) ^ -negative) + negative;
    }

    /// <summary>The first eight bytes of an event whose two times are so far apart; too far is required not to be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Header<TScan>(ref TScan scan, StreamLayout* layout, ulong flags, long lagMicros) where TScan : struct, IFieldScan
    {
        scan.Require(((ulong)lagMicros + 0x8000_0000) >> 32);
        return layout->Header | (flags << 8) | ((ulong)lagMicros << 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Load(byte* at) => Unsafe.ReadUnaligned<ulong>(at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static MarketEvent* Address(ref MarketEvent slot) => (MarketEvent*)Unsafe.AsPointer(ref slot); // The ring's slots are pinned.
}
