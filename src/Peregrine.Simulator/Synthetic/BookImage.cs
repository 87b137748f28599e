using Peregrine.Common;
using Peregrine.Simulator.Matching;

namespace Peregrine.Simulator.Synthetic;

/// <summary>A book as it was at one update.</summary>
internal sealed record BookImage(long UpdateId, (long Price, long Quantity)[] Bids, (long Price, long Quantity)[] Asks)
{
    public static BookImage Empty { get; } = new(0, [], []);

    public static BookImage Of(MatchingBook book, long updateId) => new(updateId, Levels(book, Side.Buy, int.MaxValue), Levels(book, Side.Sell, int.MaxValue));

    /// <summary>The best levels of a side.</summary>
    public static (long Price, long Quantity)[] Levels(MatchingBook book, Side side, int limit)
    {
        (long, long)[] levels = new (long, long)[Math.Min(limit, book.LevelCount(side))];
        for (int rank = 0; rank < levels.Length; rank++) levels[rank] = book.LevelAt(side, rank);
        return levels;
    }
}
