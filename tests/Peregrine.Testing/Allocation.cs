namespace Peregrine.Testing;

/// <summary>Tests that something allocates nothing.</summary>
public static class Allocation
{
    /// <summary>
    /// What the runtime itself may allocate on a thread, once, while it recompiles a method that became hot. An object takes at least 24 bytes, so code that
    /// allocates in each of a few dozen calls is far above.
    /// </summary>
    private const long OnceBytesMax = 256;

    /// <summary>Throws unless the bytes counted over many calls are none, or no more than the runtime's own.</summary>
    public static void AssertNone(long bytes)
    {
        if (bytes is < 0 or > OnceBytesMax) throw new InvalidOperationException($"{bytes} bytes were allocated where none may be.");
    }
}
