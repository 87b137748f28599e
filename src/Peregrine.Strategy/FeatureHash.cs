using System.Runtime.InteropServices;

namespace Peregrine.Strategy;

/// <summary>FNV-1a (64 bits) over the bits of features, so that a decision's record says what the model was shown. Fowler, Noll, Vo; RFC 9923.</summary>
public static class FeatureHash
{
    private const ulong Offset = 14_695_981_039_346_656_037;
    private const ulong Prime = 1_099_511_628_211;

    /// <summary>The hash of the little-endian bytes of the values; that of nothing is FNV's offset basis, never 0.</summary>
    public static ulong Of(ReadOnlySpan<float> values)
    {
        ulong hash = Offset;
        foreach (uint word in MemoryMarshal.Cast<float, uint>(values))
        {
            uint bits = word;
            for (int i = 0; i < sizeof(uint); i++, bits >>= 8) hash = (hash ^ (bits & 0xFF)) * Prime;
        }
        return hash;
    }
}
