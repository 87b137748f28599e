using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.Storage;

namespace Peregrine.EndToEnd;

/// <summary>
/// Plays a recording and compares each book, after each diff, with the last book ticker whose update id lies within that diff: then both speak of the same
/// moment, save for a further change of the best price inside the diff.
/// </summary>
internal sealed class BookAudit : IEventHandler
{
    private readonly SymbolBook[] _books;
    private readonly List<BookTickerFields>[] _tickers;

    public BookAudit(Recording recording)
    {
        _books = [.. recording.Instruments.All.Select(instrument => new SymbolBook(instrument))];
        _tickers = [.. recording.Instruments.All.Select(_ => new List<BookTickerFields>())];
        recording.Play(this);
    }

    public long Applied { get; private set; }
    public long Compared { get; private set; }
    public long Equal { get; private set; }
    public long Crossed { get; private set; }
    public long SequenceGaps { get; private set; }

    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Symbol.IsNone)
        {
            foreach (SymbolBook book in _books) book.OnEvent(in entry, payload);
            return;
        }
        int symbol = entry.Symbol.Value - 1;
        if (entry.Kind == EventKind.BookTicker) _tickers[symbol].Add(entry.Ticker);
        BookChange change = _books[symbol].OnEvent(in entry, payload);
        if (change is { IsGap: true, Reason: GapReason.Crossed }) Crossed++;
        if (change is { IsGap: true, Reason: GapReason.Sequence }) SequenceGaps++;
        if (entry.Kind != EventKind.DepthDiff) return;
        if (change.Kind is BookChangeKind.Updated or BookChangeKind.Synchronised)
        {
            Applied++;
            Compare(_books[symbol], _tickers[symbol], in entry);
        }
        _tickers[symbol].Clear();
    }

    private void Compare(SymbolBook book, List<BookTickerFields> tickers, in MarketEvent diff)
    {
        for (int i = tickers.Count - 1; i >= 0; i--)
        {
            BookTickerFields ticker = tickers[i];
            if (ticker.UpdateId < diff.Depth.FirstUpdateId || ticker.UpdateId > diff.Depth.FinalUpdateId) continue;
            Compared++;
            if (book.BestBid.Price == ticker.BidPrice && book.BestAsk.Price == ticker.AskPrice) Equal++;
            return;
        }
    }
}
