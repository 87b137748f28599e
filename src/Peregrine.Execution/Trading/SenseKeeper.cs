using Peregrine.Common.Events;
using Peregrine.MarketData;
using Peregrine.MarketData.Trust;

namespace Peregrine.Execution.Trading;

/// <summary>What the core sees: takes events into a symbol's books and features, looks whether its streams live, records gaps, and asks for snapshots and other connections.</summary>
internal sealed class SenseKeeper(RequestQueue requests, IEventWriter outputs)
{
    /// <summary>Gaps in market data since the start.</summary>
    public long Gaps { get; private set; }

    /// <summary>Returns whether that made a gap.</summary>
    public bool Sense(SymbolTrading symbol, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        BookChange change = symbol.OnEvent(in entry, payload);
        if (change.IsGap) RecordGap(symbol, in entry, change);
        if (symbol.State.Book.WantsSnapshot && !symbol.SnapshotRequested) RequestSnapshot(symbol);
        if (!symbol.State.Book.WantsSnapshot) symbol.SnapshotRequested = false;
        return change.IsGap;
    }

    /// <summary>Looks whether the symbol's streams live, and asks for another connection where one does not.</summary>
    public void Watch(SymbolTrading symbol, in MarketEvent timer, long elapsedNanos, bool clockStepped)
    {
        SymbolTrust trust = symbol.State.Trust;
        trust.Tick(elapsedNanos, clockStepped);
        for (StreamFinding finding = trust.Next(); !finding.IsNone; finding = trust.Next())
        {
            if (finding.IsNew) RecordGap(symbol, in timer, BookChange.Gap(finding.Reason, finding.Lost > 0 ? finding.Lost : finding.SinceNanos / 1_000_000, (long)finding.Kind));
            if (finding.Reason is GapReason.Silent or GapReason.Frozen) requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Renew, Symbol = symbol.Instrument.Id, Stream = finding.Kind });
        }
    }

    public void RecordGap(SymbolTrading symbol, in MarketEvent cause, BookChange change)
    {
        Gaps++;
        MarketEvent gap = new()
        {
            Kind = EventKind.Gap,
            Symbol = symbol.Instrument.Id,
            ExchangeTimeMicros = cause.ExchangeTimeMicros,
            ReceiveTimeNanos = cause.ReceiveTimeNanos,
            Plain = new PlainFields { A = (long)change.Reason, B = change.Expected, C = change.Got },
        };
        outputs.Append(in gap, default);
    }

    public void RequestSnapshot(SymbolTrading symbol)
    {
        // Asked again with each timer while the book still wants one: a request may have been lost, and the feed merges what it has already.
        symbol.SnapshotRequested = true;
        requests.Enqueue(new CoreRequest { Kind = CoreRequestKind.Snapshot, Symbol = symbol.Instrument.Id });
    }
}
