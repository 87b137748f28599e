using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Storage;

/// <summary>What recorded events take in the live file and in its archive, beside plain rows.</summary>
internal sealed class RecordedSizes : IBenchmark
{
    private const string Unit = "bytes/event";

    public string Name => "sizes on recorded data";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        if (context.DataFiles.Count == 0)
            return [BenchRow.Skip("trades and book tickers, live file", Unit, "no recordings: --data FILE... names them"), BenchRow.Skip("trades and book tickers, archived", Unit, "no recordings: --data FILE... names them")];
        RecordedSession session = RecordedSession.Load(context.DataFiles);
        RecordedSession mix = session.Where(static entry => entry.Kind is EventKind.Trade or EventKind.BookTicker);
        int count = mix.Events.Length;
        RecordedFile.Size ours = RecordedFile.OfRecording(mix, context);
        RecordedFile.Size rows = RecordedFile.OfRows(mix, context);
        List<BenchRow> result =
        [
            Row("trades and book tickers, live file", ours.Live, count, new Versus("10-integer rows", (double)rows.Live / count, (double)rows.Live / ours.Live, 1 / 0.35)),
            Row("trades and book tickers, archived", ours.Archived, count, new Versus("archived rows", (double)rows.Archived / count, (double)rows.Archived / ours.Archived, 1 / 0.52)),
        ];
        foreach (EventKind kind in (ReadOnlySpan<EventKind>)[EventKind.Trade, EventKind.AggTrade, EventKind.BookTicker, EventKind.DepthDiff, EventKind.Depth20, EventKind.Kline, EventKind.DepthSnapshot])
        {
            RecordedSession one = session.Where(entry => entry.Kind == kind);
            if (one.Events.Length == 0) continue;
            RecordedFile.Size size = RecordedFile.OfRecording(one, context);
            int levels = 0;
            foreach (ref readonly MarketEvent entry in one.Events) levels += entry.HasPayload ? entry.PayloadWords / 2 : 0;
            string note = levels > 0 && kind != EventKind.Kline ? FormattableString.Invariant($"{(double)levels / one.Events.Length:0.0} levels") : "";
            result.Add(Row($"{kind.Text()}, live file", size.Live, one.Events.Length) with { Note = note });
            result.Add(Row($"{kind.Text()}, archived", size.Archived, one.Events.Length));
        }
        return result;
    }

    private static BenchRow Row(string name, long bytes, int events, params Versus[] versus) =>
        new(name, Unit, (double)bytes / events, (double)bytes / events, 0) { Versus = versus };
}
