using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Storage;

/// <summary>What the exchange's partial book stream would have shown: twenty levels a side after each recorded diff.</summary>
internal static class TopOfBook
{
    private const int Levels = 20;

    internal static RecordedSession Of(RecordedSession session)
    {
        RecordedSession result = session.Empty();
        SortedDictionary<long, long> bids = new(Comparer<long>.Create(static (left, right) => right.CompareTo(left)));
        SortedDictionary<long, long> asks = [];
        foreach (MarketEvent entry in session.Events.ToArray())
        {
            if (entry.Kind is not (EventKind.DepthDiff or EventKind.DepthSnapshot)) continue;
            ReadOnlySpan<long> words = session.PayloadOf(in entry);
            Take(words[..(entry.Depth.BidCount * Level.Words)], bids);
            Take(words[(entry.Depth.BidCount * Level.Words)..], asks);
            if (entry.Kind == EventKind.DepthSnapshot || bids.Count < Levels || asks.Count < Levels) continue;
            long[] top = [.. bids.Take(Levels).Concat(asks.Take(Levels)).SelectMany(static level => (long[])[level.Key, level.Value])];
            MarketEvent book = entry;
            book.Kind = EventKind.Depth20;
            book.ExchangeTimeMicros = 0; // The spot market's has none.
            book.TransactionLagMicros = 0;
            book.PayloadWords = top.Length;
            book.Depth.BidCount = Levels;
            book.Depth.FirstUpdateId = 0;
            book.Depth.PreviousFinalUpdateId = 0;
            result.Add(book, top);
        }
        return result;
    }

    private static void Take(ReadOnlySpan<long> words, SortedDictionary<long, long> side)
    {
        for (int i = 0; i < words.Length; i += Level.Words)
        {
            if (words[i + 1] == 0) side.Remove(words[i]);
            else side[words[i]] = words[i + 1];
        }
    }
}
