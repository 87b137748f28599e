using System.Globalization;
using System.Text;
using System.Text.Json;

using Peregrine.Common.Events;
using Peregrine.Storage;

namespace Peregrine.Benchmarks.Storage;

/// <summary>
/// The appliance itself, recording 20 symbols from the built-in exchange over a real WebSocket: at a steady 100,000 events a second, and as fast as the
/// exchange can send. Exchange and appliance are processes of their own and share the machine's cores.
/// </summary>
internal sealed class RecordingTheFeed : IBenchmark
{
    private const int Symbols = 20;
    private const int Rate = 100_000;
    private const int Seconds = 5;

    public string Name => "recording the feed";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        string folder = context.NewFolder("feed");
        string messages = Path.Combine(folder, "messages.txt");
        WriteMessages(messages, Rate * Seconds);
        Run paced = Record(context, folder, messages, "1");
        Run full = Record(context, folder, messages, "max");
        return
        [
            Row("recorded from the feed, 100,000/s offered", paced) with { Goal = Rate * 0.98 },
            Row("recorded from the feed, as fast as it comes", full) with { Goal = Rate },
        ];
    }

    private readonly record struct Run(long Received, long Recorded, long Lagged, long Gaps, double Seconds, double Cpu, double CpuOfExchange, double P99Micros)
    {
        internal bool LostNothing => Lagged == 0 && Recorded == Received && Received == Rate * RecordingTheFeed.Seconds;
    }

    private static BenchRow Row(string name, Run run)
    {
        double rate = run.LostNothing ? run.Recorded / run.Seconds : 0; // What lost something does not count.
        return new BenchRow(name, "events/s", rate, rate, 0)
        {
            MoreIsBetter = true,
            Note = string.Create(CultureInfo.InvariantCulture,
                $"{run.Received:N0} received, {run.Recorded:N0} recorded, {run.Lagged:N0} lagged, {run.Gaps:N0} gaps in {run.Seconds:0.00} s; processor time: appliance {run.Cpu / run.Received * 1e6:0.0} µs an event, exchange {run.CpuOfExchange / run.Received * 1e6:0.0}; read to core p99 {run.P99Micros:0} µs"),
        };
    }

    private static Run Record(BenchContext context, string folder, string messages, string speed)
    {
        string state = Path.Combine(folder, "state-" + speed);
        string configuration = Path.Combine(folder, "peregrine.json");
        File.WriteAllText(configuration, """{ "streams": ["trade", "bookTicker"] }""");
        using ProgramUnderTest exchange = ProgramUnderTest.Start(context, "exchange", "--replay", messages, "--speed", speed, "--once", "--json");
        using JsonDocument listening = JsonDocument.Parse(exchange.ReadLine());
        string url = listening.RootElement.GetProperty("url").GetString()!;
        using ProgramUnderTest appliance = ProgramUnderTest.Start(
            context, "run", "--mode", "record", "--config", configuration, "--symbols", string.Join(',', Enumerable.Range(0, Symbols).Select(Symbol)), "--exchange", url, "--state", state, "--json");
        long began = context.Time.GetTimestamp();
        while (!exchange.WaitAtMost(TimeSpan.FromMilliseconds(50)) && context.Time.GetElapsedTime(began) < TimeSpan.FromSeconds(60)) _ = exchange.CpuSeconds;
        double cpuOfExchange = exchange.CpuSeconds;
        double cpu = appliance.CpuSeconds;
        if (!exchange.WaitAtMost(TimeSpan.Zero)) throw new InvalidOperationException($"The replay did not end: {exchange.Errors} {appliance.Errors}");
        appliance.Terminate();
        string summary = appliance.ReadToEnd();
        if (summary.Length == 0) throw new InvalidOperationException($"The appliance ended without a summary: {appliance.Errors}");
        using JsonDocument document = JsonDocument.Parse(summary);
        JsonElement run = document.RootElement;
        Extent extent = new();
        Recording.Open(state).Play(extent);
        return new Run(
            Sum(run.GetProperty("events")), Sum(run.GetProperty("recorded")), run.GetProperty("lagged").GetInt64(), run.GetProperty("gaps").GetInt64(), extent.Seconds,
            cpu, cpuOfExchange, run.GetProperty("eventLatency").GetProperty("p99").GetDouble());
    }

    /// <summary>Trades and book tickers; what the shell adds (timers, lines) is not the feed's.</summary>
    private static long Sum(JsonElement counts) =>
        counts.EnumerateObject().Where(static kind => kind.Name is "trade" or "bookTicker").Sum(static kind => kind.Value.GetInt64());

    private static string Symbol(int index) => $"{(char)('A' + index)}{(char)('A' + index)}{(char)('A' + index)}USDT";

    /// <summary>Recorded raw messages, three book tickers to a trade, 20 symbols in turn, at the rate's distances.</summary>
    private static void WriteMessages(string path, int count)
    {
        TickerStream[] streams = [.. Enumerable.Range(0, Symbols).Select(static index => new TickerStream(index))];
        long nanos = 1_795_000_000_000_000_000;
        using StreamWriter writer = new(path, append: false, new UTF8Encoding(false), 1 << 16);
        for (int i = 0; i < count; i++, nanos += 1_000_000_000 / Rate)
        {
            int index = i % Symbols;
            string symbol = Symbol(index);
            string lower = symbol.ToLowerInvariant();
            MarketEvent ticker = streams[index].Next();
            long millis = nanos / 1_000_000;
            if (i / Symbols % 4 == 3)
            {
                writer.Write(string.Create(CultureInfo.InvariantCulture,
                    $"{nanos} {{\"stream\":\"{lower}@trade\",\"data\":{{\"e\":\"trade\",\"E\":{millis},\"s\":\"{symbol}\",\"t\":{3_000_000_000 + (i / Symbols)},\"p\":\"{ticker.Ticker.BidPrice}\",\"q\":\"{ticker.Ticker.BidQuantity}\",\"T\":{millis},\"m\":{(i % 3 == 0 ? "true" : "false")},\"M\":true}}}}\n"));
            }
            else
            {
                writer.Write(string.Create(CultureInfo.InvariantCulture,
                    $"{nanos} {{\"stream\":\"{lower}@bookTicker\",\"data\":{{\"u\":{ticker.Ticker.UpdateId},\"s\":\"{symbol}\",\"b\":\"{ticker.Ticker.BidPrice}\",\"B\":\"{ticker.Ticker.BidQuantity}\",\"a\":\"{ticker.Ticker.AskPrice}\",\"A\":\"{ticker.Ticker.AskQuantity}\"}}}}\n"));
            }
        }
    }

    private sealed class Extent : IEventHandler
    {
        private long _first = long.MaxValue;
        private long _last;

        internal double Seconds => (_last - _first) / 1e9;

        public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
        {
            if (entry.Kind is not (EventKind.Trade or EventKind.BookTicker)) return;
            _first = Math.Min(_first, entry.ReceiveTimeNanos);
            _last = Math.Max(_last, entry.ReceiveTimeNanos);
        }
    }
}
