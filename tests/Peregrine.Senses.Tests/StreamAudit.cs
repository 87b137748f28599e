using Peregrine.Common.Events;

namespace Peregrine.Senses.Tests;

/// <summary>Counts what is missing from streams whose events are numbered, and what came twice or out of order.</summary>
internal sealed class StreamAudit(int symbols)
{
    private readonly long[,] _last = new long[symbols + 1, 16];

    public long Missing { get; private set; }
    public long Doubled { get; private set; }
    public long Seen { get; private set; }

    /// <summary>What comes next may be anything: nothing is said about the time before.</summary>
    public void Forget() => Array.Clear(_last);

    public void OnEvent(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        ref long last = ref _last[entry.Symbol.Value, (int)entry.Kind];
        switch (entry.Kind)
        {
            case EventKind.Trade or EventKind.AggTrade:
                Judge(ref last, entry.Trade.Id, entry.Trade.Id == last + 1, entry.Trade.Id - last - 1);
                break;
            case EventKind.DepthDiff:
                Judge(ref last, entry.Depth.FinalUpdateId, entry.Depth.PreviousFinalUpdateId == last || (entry.Depth.PreviousFinalUpdateId == 0 && entry.Depth.FirstUpdateId == last + 1), 1);
                break;
            case EventKind.BookTicker:
                Judge(ref last, entry.Ticker.UpdateId, true, 0);
                break;
            default:
                break;
        }
    }

    private void Judge(ref long last, long id, bool follows, long missing)
    {
        Seen++;
        if (last != 0 && id <= last)
        {
            Doubled++;
            return;
        }
        if (last != 0 && !follows) Missing += missing;
        last = id;
    }
}
