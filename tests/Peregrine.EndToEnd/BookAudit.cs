using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.Storage;

namespace Peregrine.EndToEnd;

/// <summary>
/// Plays a recording and compares each book with the book tickers. A diff covers update ids first..final, and so the book after it is the book at "final"; the
/// last ticker whose id lies within first..final says the best prices then, save for a later change of the best price inside the diff that no ticker told.
/// Tickers may come before or after the diff that covers them, so a comparison waits until a ticker beyond the diff was seen.
/// </summary>
internal sealed class BookAudit : IEventHandler
{
    private readonly Track[] _tracks;

    private sealed class Track(Instrument instrument)
    {
        public SymbolBook Book { get; } = new(instrument);
        public List<BookTickerFields> Tickers { get; } = [];
        public Queue<(long First, long Final, Price Bid, Price Ask)> Waiting { get; } = [];
    }

    public BookAudit(Recording recording)
    {
        _tracks = [.. recording.Instruments.All.Select(instrument => new Track(instrument))];
        recording.Play(this);
    }

    public long Applied { get; private set; }
    public long Compared { get; private set; }
    public long Equal { get; private set; }
    public long Crossed { get; private set; }
    public long SequenceGaps { get; private set; }

    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        foreach (Track track in _tracks)
        {
            BookChange change = track.Book.OnEvent(in entry, payload); // Passes over other symbols itself.
            if (change is { IsGap: true, Reason: GapReason.Crossed }) Crossed++;
            if (change is { IsGap: true, Reason: GapReason.Sequence }) SequenceGaps++;
            if (entry.Kind == EventKind.DepthDiff && change.Kind is BookChangeKind.Updated or BookChangeKind.Synchronised)
            {
                Applied++;
                track.Waiting.Enqueue((entry.Depth.FirstUpdateId, entry.Depth.FinalUpdateId, track.Book.BestBid.Price, track.Book.BestAsk.Price));
            }
        }
        if (entry.Kind == EventKind.BookTicker) OnTicker(_tracks[entry.Symbol.Value - 1], entry.Ticker);
    }

    private void OnTicker(Track track, BookTickerFields ticker)
    {
        while (track.Waiting.TryPeek(out (long First, long Final, Price Bid, Price Ask) diff) && ticker.UpdateId > diff.Final)
        {
            track.Waiting.Dequeue();
            int last = track.Tickers.FindLastIndex(known => known.UpdateId >= diff.First && known.UpdateId <= diff.Final);
            if (last >= 0)
            {
                Compared++;
                if (track.Tickers[last].BidPrice == diff.Bid && track.Tickers[last].AskPrice == diff.Ask) Equal++;
            }
            track.Tickers.RemoveAll(known => known.UpdateId <= diff.Final);
        }
        track.Tickers.Add(ticker);
    }
}
