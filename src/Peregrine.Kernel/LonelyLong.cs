using System.Runtime.InteropServices;

namespace Peregrine.Kernel;

/// <summary>A number on cache lines of its own: writing it from one core disturbs no neighbour's reads from another.</summary>
[StructLayout(LayoutKind.Explicit, Size = 192)]
internal struct LonelyLong
{
    [FieldOffset(64)] public long Value;
}
