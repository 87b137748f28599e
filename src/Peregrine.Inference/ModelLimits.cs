namespace Peregrine.Inference;

/// <summary>How large a model may be. A file is a stranger's word until it was checked against these.</summary>
public sealed record ModelLimits
{
    /// <summary>The limits that apply when none are given: generous for an appliance, small enough for a board with 2 GB.</summary>
    public static ModelLimits Default { get; } = new();

    /// <summary>Bytes of the model file, and of all its external data together.</summary>
    public long FileBytesMax { get; init; } = 128L << 20;

    public int NodesMax { get; init; } = 10_000;

    /// <summary>Dimensions of one tensor. Kernels keep their loop counters in arrays of this length.</summary>
    public int RankMax { get; init; } = 8;

    /// <summary>Elements of one tensor, constant or computed.</summary>
    public int ElementsMax { get; init; } = 1 << 24;

    /// <summary>Bytes of everything a session needs beside the model: arena, packed weights, index tables.</summary>
    public long SessionBytesMax { get; init; } = 192L << 20;

    /// <summary>Multiply-adds of one run: an absurd model is refused when it is compiled, not discovered when it is run.</summary>
    public long MultiplyAddsMax { get; init; } = 1L << 32;

    /// <summary>Elements that folding constants may produce in all; beyond it the work is left to each run, whose memory is bounded by itself.</summary>
    public long FoldedElementsMax { get; init; } = 1L << 22;

    /// <summary>Multiply-adds that folding constants may spend while a model is compiled; beyond it the work is left to each run.</summary>
    public long FoldingMultiplyAddsMax { get; init; } = 1L << 26;
}
