using System.Globalization;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Storage;

namespace Peregrine.Benchmarks.Storage;

/// <summary>What a day of 20 symbols costs a flash card: the file's growth, and all that was handed to the system to be written.</summary>
internal sealed class FlashCost : IBenchmark
{
    private const int Symbols = 20;
    private const int Busy = 2;
    private const int QuietPart = 10;
    private const double SecondsOfDay = 86_400;

    public string Name => "a day of 20 symbols";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        if (context.DataFiles.Count == 0) return [BenchRow.Skip("20 symbols, file growth", "GB/day", "no recordings: --data FILE... names them")];
        RecordedSession day = Multiply(RecordedSession.Load(context.DataFiles));
        List<BenchRow> rows = [];
        foreach (int batchMillis in (ReadOnlySpan<int>)[250, 1_000])
        {
            string folder = context.NewFolder("flash");
            long before = WrittenBytes();
            RecordedFile.Record(day, folder, new PoolOptions { BatchMax = TimeSpan.FromMilliseconds(batchMillis) });
            double written = WrittenBytes() - before;
            double bytes = new FileInfo(RecordedFile.TheFile(folder)).Length;
            double scale = SecondsOfDay / day.Seconds / 1e9;
            string note = string.Create(CultureInfo.InvariantCulture, $"batches of {batchMillis} ms; {day.Events.Length / day.Seconds:0} events/s; {written / bytes:0.0} bytes written for each that stays");
            rows.Add(new BenchRow($"20 symbols, file growth, {batchMillis} ms", "GB/day", bytes * scale, bytes * scale, 0) { Note = note });
            rows.Add(new BenchRow($"20 symbols, written to the card, {batchMillis} ms", "GB/day", written * scale, written * scale, 0));
        }
        return rows;
    }

    /// <summary>Two symbols at the recorded pace, 18 at a tenth of it; all six kinds that the default configuration records.</summary>
    private static RecordedSession Multiply(RecordedSession one)
    {
        InstrumentTable instruments = new();
        for (int i = 0; i < Symbols; i++)
        {
            Instrument added = instruments.Add($"{(char)('A' + i)}{(char)('A' + i)}{(char)('A' + i)}USDT", Market.Spot);
            instruments.Add(added with { Rules = one.Instruments.All[0].Rules });
        }
        RecordedSession all = RecordedSession.Of(instruments);
        RecordedSession merged = one.With(TopOfBook.Of(one)).With(TradeDigests.Of(one));
        int index = 0;
        foreach (MarketEvent entry in merged.Events.ToArray())
        {
            index++;
            for (int symbol = 0; symbol < Symbols; symbol++)
            {
                if (symbol >= Busy && (index + symbol) % QuietPart != 0) continue;
                MarketEvent copy = entry;
                copy.Symbol = new SymbolId((ushort)(symbol + 1));
                all.Add(copy, merged.PayloadOf(in entry));
            }
        }
        return all;
    }

    /// <summary>Bytes that this process has given to write calls.</summary>
    private static long WrittenBytes() =>
        long.Parse(File.ReadLines("/proc/self/io").First(static line => line.StartsWith("wchar:", StringComparison.Ordinal))["wchar:".Length..], CultureInfo.InvariantCulture);
}
