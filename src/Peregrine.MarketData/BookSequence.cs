using Peregrine.Common;

namespace Peregrine.MarketData;

/// <summary>What becomes of a diff. Zero is the careful answer.</summary>
public enum DiffVerdict : byte
{
    /// <summary>Something before it was missed: the book is not to be used.</summary>
    Gap = 0,

    /// <summary>The book has all of it already.</summary>
    Stale = 1,

    /// <summary>It follows: apply it.</summary>
    Next = 2,
}

/// <summary>
/// Which diffs may be applied to a snapshot, and in which order: the exchange's own rule of the market.
/// Spot: web-socket-streams.md, "How to manage a local order book correctly". USD-M: the page of the same name for futures.
/// </summary>
public struct BookSequence
{
    private readonly Market _market;
    private bool _bridged;

    /// <param name="market">Whose rule holds. Without a market every diff is a gap.</param>
    /// <param name="snapshotUpdateId">The snapshot's lastUpdateId.</param>
    public BookSequence(Market market, long snapshotUpdateId)
    {
        _market = market;
        LastUpdateId = snapshotUpdateId;
    }

    /// <summary>The update id the book stands at.</summary>
    public long LastUpdateId { get; private set; }

    /// <summary>Whether a diff has followed the snapshot.</summary>
    public readonly bool IsBridged => _bridged;

    /// <summary>What the next diff must have: spot U, USD-M pu. For telling people what was missed.</summary>
    public readonly long Expected => _market == Market.UsdMargined ? LastUpdateId : LastUpdateId + 1;

    /// <summary>Judges a diff, and on <see cref="DiffVerdict.Next"/> moves on to its final update id.</summary>
    /// <param name="firstUpdateId">U.</param>
    /// <param name="finalUpdateId">u.</param>
    /// <param name="previousFinalUpdateId">pu; spot has none.</param>
    public DiffVerdict Accept(long firstUpdateId, long finalUpdateId, long previousFinalUpdateId = 0)
    {
        DiffVerdict verdict = _market switch
        {
            Market.Spot => JudgeSpot(firstUpdateId, finalUpdateId),
            Market.UsdMargined => JudgeUsdMargined(firstUpdateId, finalUpdateId, previousFinalUpdateId),
            _ => DiffVerdict.Gap,
        };
        if (verdict == DiffVerdict.Next)
        {
            LastUpdateId = finalUpdateId;
            _bridged = true;
        }
        return verdict;
    }

    /// <summary>Whether one diff follows another without a snapshot in between, as buffered ones must.</summary>
    public static bool Follows(Market market, long lastFinalUpdateId, long firstUpdateId, long previousFinalUpdateId) =>
        market == Market.UsdMargined ? previousFinalUpdateId == lastFinalUpdateId : firstUpdateId <= lastFinalUpdateId + 1;

    private readonly DiffVerdict JudgeSpot(long first, long final)
    {
        if (final <= LastUpdateId) return DiffVerdict.Stale;
        return first <= LastUpdateId + 1 ? DiffVerdict.Next : DiffVerdict.Gap;
    }

    private readonly DiffVerdict JudgeUsdMargined(long first, long final, long previousFinal)
    {
        if (_bridged)
        {
            if (final <= LastUpdateId) return DiffVerdict.Stale;
            return previousFinal == LastUpdateId ? DiffVerdict.Next : DiffVerdict.Gap;
        }
        if (final < LastUpdateId) return DiffVerdict.Stale;
        // The documented test is U <= lastUpdateId <= u. In a quiet symbol the snapshot's id falls between pu and U, where nothing of
        // this symbol happened, so that the test would never hold although nothing is missing.
        bool bridges = first <= LastUpdateId || (previousFinal != 0 && previousFinal <= LastUpdateId);
        return bridges ? DiffVerdict.Next : DiffVerdict.Gap;
    }
}
