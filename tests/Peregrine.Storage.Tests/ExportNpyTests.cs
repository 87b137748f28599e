using System.Diagnostics;
using System.Globalization;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Storage.Tests;

public sealed class ExportNpyTests(ITestOutputHelper output)
{
    private const string Python = "/usr/bin/python3";

    /// <summary>Reads an array with NumPy itself and prints it as our CSV would be: the header, then each row.</summary>
    private const string Reader = """
        import sys, numpy
        def decimal(units):
            sign, units = ('-', -units) if units < 0 else ('', units)
            text = '%s%d.%08d' % (sign, units // 100000000, units % 100000000)
            return text.rstrip('0').rstrip('.')
        for line in sys.stdin:
            path, units = line.rstrip('\n').split('\t')
            units = units.split(',')
            array = numpy.load(path, allow_pickle=False)
            assert array.ndim == 1 and array.flags.c_contiguous, array.shape
            names = array.dtype.names
            print(','.join(names))
            for row in array:
                fields = []
                for name in names:
                    kind, value = array.dtype[name].kind, row[name]
                    if name in units and kind == 'f': fields.append('%.17g' % value)
                    elif name in units: fields.append(decimal(int(value)))
                    elif kind == 'S': fields.append(value.decode())
                    elif kind == 'f': fields.append('~%.9g' % float(value))
                    else: fields.append(str(int(value)))
                print(','.join(fields))
            print('.', flush=True)
        """;

    private static readonly string[] Units =
    [
        "price", "quantity", "bid_price", "bid_quantity", "ask_price", "ask_quantity", "open", "high", "low", "close", "volume", "quote_volume", "taker_volume",
        "taker_quote_volume", "last_price", "last_quantity", "cumulative_quantity", "cumulative_quote", "commission", "position", "target", "free", "locked",
        "mark", "index", "estimated_settle", "funding_rate", "average_price", "filled_quantity", "contracts",
    ];

    private static readonly string[] Reals = ["down", "flat", "up"];

    [Fact]
    public void NumPy_reads_the_same_values_as_the_CSV_has_for_every_kind()
    {
        Assert.SkipUnless(HasNumPy(), $"{Python} with numpy is not installed");
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        const int Seed = 14;
        EventSourceOfChance chance = new(Seed, symbols: 3);
        for (int i = 0; i < 2_000; i++)
        {
            // Every other event has the strangest values that its fields can hold; payloads of another version have no row in either format.
            (MarketEvent entry, long[] payload) = chance.Next(chance.Kind(), wild: i % 2 == 0);
            rig.Publish(in entry, payload);
            rig.Recorder.Turn();
        }
        rig.Recorder.Drain();
        using Process python = Process.Start(new ProcessStartInfo(Python, ["-c", Reader]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        long rows = 0, unknown = 0;
        foreach (EventKind kind in EventKinds.All)
        {
            foreach (DepthExport depth in Enum.GetValues<DepthExport>())
            {
                ExportSelection selection = new(kind, Depth: depth);
                string csvFile = folder.File("export.csv");
                string npyFile = folder.File("export.npy");
                ExportResult csv = DatabaseExport.ToFile(folder.Path, selection, csvFile, ExportFormat.Csv);
                ExportResult npy = DatabaseExport.ToFile(folder.Path, selection, npyFile, ExportFormat.Npy);
                Assert.Equal(csv, npy);
                string[] expected = File.ReadAllLines(csvFile);
                string[] found = Ask(python, npyFile);
                Assert.Equal(expected[0], found[0]);
                Assert.Equal(csv.Rows + 1, found.Length);
                string[] names = expected[0].Split(',');
                for (int i = 1; i < expected.Length; i++) Assert.Equal(Fields(names, expected[i]), Fields(names, found[i]));
                rows += csv.Rows;
                unknown += csv.Unknown;
            }
        }
        python.StandardInput.Close();
        python.WaitForExit();
        output.WriteLine($"npy against csv: {EventKinds.All.Length} kinds, {rows} rows equal, {unknown} events of another version left out (seed {Seed})");
        Assert.Empty(Directory.GetFiles(folder.Path, "*.partial"));
    }

    [Fact]
    public void Floats_are_whole_units_and_the_exact_ones_are_the_default()
    {
        Assert.SkipUnless(HasNumPy(), $"{Python} with numpy is not installed");
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        MarketEvent entry = new() { Kind = EventKind.BookTicker, Symbol = new SymbolId(1), ReceiveTimeNanos = rig.Time.Nanos };
        entry.Ticker = new BookTickerFields { UpdateId = 5, BidPrice = new Price(6_432_110_000_001), BidQuantity = new Quantity(1), AskPrice = new Price(6_432_111_000_000), AskQuantity = new Quantity(long.MaxValue) };
        rig.Publish(in entry, []);
        rig.Recorder.Drain();
        using Process python = Process.Start(new ProcessStartInfo(Python, ["-c", Reader]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        DatabaseExport.ToFile(folder.Path, new ExportSelection(EventKind.BookTicker), folder.File("floats.npy"), ExportFormat.NpyFloats);
        Assert.Equal(["64321.100000010003", "1e-08", "64321.110000000001", "92233720368.54776"], Ask(python, folder.File("floats.npy"))[1].Split(',')[6..]);
        DatabaseExport.ToFile(folder.Path, new ExportSelection(EventKind.BookTicker), folder.File("exact.npy"), ExportFormat.Npy);
        Assert.Equal(["64321.10000001", "0.00000001", "64321.11", "92233720368.54775807"], Ask(python, folder.File("exact.npy"))[1].Split(',')[6..]);
        python.StandardInput.Close();
        python.WaitForExit();
    }

    [Theory]
    [InlineData(ExportFormat.Csv)]
    [InlineData(ExportFormat.Npy)]
    public void An_export_that_is_cut_leaves_the_older_file_as_it_was(ExportFormat format)
    {
        using TestFolder folder = new();
        using Rig rig = new(folder, Rig.Clock());
        for (int i = 0; i < 3_000; i++) rig.PublishTrade(rig.Time.Nanos, i);
        rig.Recorder.Drain();
        string file = folder.File("trades.out");
        File.WriteAllText(file, "older");
        using CancellationTokenSource cancel = new();
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            DatabaseExport.ToFile(folder.Path, new ExportSelection(EventKind.Trade), file, format, _ => throw new OperationCanceledException(), cancel.Token);
        });
        Assert.Equal("older", File.ReadAllText(file));
        Assert.Empty(Directory.GetFiles(folder.Path, "*.partial"));
        double last = -1;
        Assert.Equal(3_000, DatabaseExport.ToFile(folder.Path, new ExportSelection(EventKind.Trade), file, format, done => last = done).Rows);
        Assert.InRange(last, 0, 1);
        Assert.NotEqual("older", File.ReadAllText(file));
    }

    [Fact]
    public void A_name_on_two_markets_is_counted_for_each()
    {
        using TestFolder folder = new();
        foreach ((Market market, int trades) in ((Market, int)[])[(Market.Spot, 3), (Market.UsdMargined, 5)])
        {
            InstrumentTable instruments = new();
            instruments.Add("BTCUSDT", market);
            using Rig rig = new(folder, Rig.Clock(), instruments: instruments);
            for (int i = 0; i < trades; i++) rig.PublishTrade(rig.Time.Nanos, i);
            rig.Recorder.Drain();
        }
        DatabaseStatus status = DatabaseStatus.Read(folder.Path, verifyIntegrity: false);
        Assert.Equal(["BTCUSDT (spot)", "BTCUSDT (usdm)"], status.Symbols.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((3, 5, 8), (status.Symbols["BTCUSDT (spot)"]["trade"], status.Symbols["BTCUSDT (usdm)"]["trade"], status.Events["trade"]));
    }

    /// <summary>Probabilities as bits, so that not-a-number equals itself; all else as it stands.</summary>
    private static string[] Fields(string[] names, string line)
    {
        string[] fields = line.Split(',');
        for (int i = 0; i < fields.Length; i++)
        {
            if (!Reals.Contains(names[i])) continue;
            float value = fields[i].TrimStart('~') switch
            {
                "nan" or "-nan" or "NaN" => float.NaN,
                "inf" or "Infinity" => float.PositiveInfinity,
                "-inf" or "-Infinity" => float.NegativeInfinity,
                string text => float.Parse(text, CultureInfo.InvariantCulture),
            };
            fields[i] = float.IsNaN(value) ? "not a number" : BitConverter.SingleToInt32Bits(value).ToString(CultureInfo.InvariantCulture);
        }
        return fields;
    }

    private static string[] Ask(Process python, string file)
    {
        python.StandardInput.WriteLine($"{file}\t{string.Join(',', Units)}");
        python.StandardInput.Flush();
        List<string> lines = [];
        while (python.StandardOutput.ReadLine() is { } line && line != ".") lines.Add(line);
        Assert.False(python.HasExited && lines.Count == 0, "NumPy could not read the file.");
        return [.. lines];
    }

    private static bool HasNumPy()
    {
        if (!File.Exists(Python)) return false;
        using Process python = Process.Start(new ProcessStartInfo(Python, ["-c", "import numpy"]) { RedirectStandardError = true })!;
        python.WaitForExit();
        return python.ExitCode == 0;
    }
}
