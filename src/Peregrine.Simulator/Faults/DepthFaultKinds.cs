namespace Peregrine.Simulator.Faults;

/// <summary>A fault of books.</summary>
public abstract record DepthFault : ExchangeFault
{
    /// <summary>A symbol such as BTCUSDT, or <c>*</c> for all.</summary>
    public required string Symbol { get; init; }

    internal override string? Problem() => Symbol.Length == 0 ? "'symbol' is empty" : base.Problem();
}

/// <summary><c>depth.gap</c>: the next diffs of the symbol are lost.</summary>
public sealed record DepthGap : ConnectionFault
{
    /// <summary>A symbol such as BTCUSDT, or <c>*</c> for all.</summary>
    public required string Symbol { get; init; }

    public int Frames { get; init; } = 1;

    internal override string? Problem() => Symbol.Length == 0 ? "'symbol' is empty" : AtLeastOne("frames", Frames) ?? base.Problem();
}

/// <summary><c>depth.straddle</c>: the next snapshots have an id that lies within the diff that follows: U ≤ id &lt; u.</summary>
public sealed record DepthStraddle : DepthFault
{
    public int Snapshots { get; init; } = 1;

    internal override string? Problem() => AtLeastOne("snapshots", Snapshots) ?? base.Problem();
}

/// <summary>How a book gets crossed.</summary>
public enum CrossMode
{
    /// <summary>A bid above the best ask is added to the next diffs and never taken back.</summary>
    Level = 0,

    /// <summary>The next diffs leave out every level that is gone.</summary>
    OmitDeletes = 1,
}

/// <summary><c>depth.cross</c>: diffs that make a book cross.</summary>
public sealed record DepthCross : DepthFault
{
    public int Frames { get; init; } = 1;
    public CrossMode Mode { get; init; }

    internal override string? Problem() => AtLeastOne("frames", Frames) ?? base.Problem();
}

/// <summary><c>depth.oldSnapshot</c>: the next snapshots show the book as it was when the market began.</summary>
public sealed record OldSnapshot : DepthFault
{
    public int Snapshots { get; init; } = 1;

    internal override string? Problem() => AtLeastOne("snapshots", Snapshots) ?? base.Problem();
}

/// <summary><c>depth.delaySnapshot</c>: snapshots are made at once, but leave late.</summary>
public sealed record DelaySnapshot : DepthFault
{
    public required int Milliseconds { get; init; }

    /// <summary>How many answers; null delays all.</summary>
    public int? Snapshots { get; init; }

    internal override string? Problem() => AtLeastOne("milliseconds", Milliseconds) ?? AtLeastOne("snapshots", Snapshots) ?? base.Problem();
}
