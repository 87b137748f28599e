using Peregrine.Common.Events;
using Peregrine.Storage.Chunks;

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
        result.Add(EncodedDiffs(session));
        session = session.With(TopOfBook.Of(session)).With(TradeDigests.Of(session)).With(OrderRows.Beside(session));
        foreach (EventKind kind in (ReadOnlySpan<EventKind>)[EventKind.Trade, EventKind.AggTrade, EventKind.BookTicker, EventKind.DepthDiff, EventKind.Depth20, EventKind.Kline, EventKind.DepthSnapshot, EventKind.Decision, EventKind.OrderIntent, EventKind.OrderReport])
        {
            RecordedSession one = session.Where(entry => entry.Kind == kind);
            if (one.Events.Length == 0) continue;
            RecordedFile.Size size = RecordedFile.OfRecording(one, context);
            int levels = 0;
            foreach (ref readonly MarketEvent entry in one.Events) levels += entry.HasPayload ? entry.PayloadWords / 2 : 0;
            string note = levels > 0 && kind is EventKind.DepthDiff or EventKind.Depth20 or EventKind.DepthSnapshot ? FormattableString.Invariant($"{(double)levels / one.Events.Length:0.0} levels") : "";
            result.Add(Row($"{kind.Text()}, live file", size.Live, one.Events.Length) with { Note = note });
            result.Add(Row($"{kind.Text()}, archived", size.Archived, one.Events.Length));
        }
        return result;
    }

    /// <summary>What the levels take in their chunks, without the database around them, beside the two integers that a level is.</summary>
    private static BenchRow EncodedDiffs(RecordedSession session)
    {
        ChunkBuffer chunk = new(EventKind.DepthDiff);
        ChunkWriter writer = new();
        ChunkScratch scratch = new();
        long bytes = 0, pairs = 0;
        int count = 0;
        foreach (ref readonly MarketEvent entry in session.Events)
        {
            if (entry.Kind != EventKind.DepthDiff) continue;
            ReadOnlySpan<long> payload = session.PayloadOf(in entry);
            if (chunk.IsFullFor(payload.Length)) Flush();
            chunk.Add(++count, in entry, payload);
            pairs += payload.Length * sizeof(long);
        }
        if (count == 0) return BenchRow.Skip("depthDiff, encoded", Unit, "the recordings have none");
        Flush();
        return Row("depthDiff, encoded", bytes, count, new Versus("int64 pairs", (double)pairs / count, (double)pairs / bytes, 735.0 / 158));

        void Flush()
        {
            chunk.Encode(writer, scratch);
            bytes += writer.Length;
            chunk.Clear();
        }
    }

    private static BenchRow Row(string name, long bytes, int events, params Versus[] versus) =>
        new(name, Unit, (double)bytes / events, (double)bytes / events, 0) { Versus = versus };
}
