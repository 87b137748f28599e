using System.Text.Json;

namespace Peregrine.Benchmarks.OrderPath;

/// <summary>
/// From market data on a socket to an order on another, in programs as one runs them: the appliance, ccxt pro and npm binance in turn against one built-in
/// exchange, each measured from outside by the same tap between the two: bytes of market data written, bytes of the order received.
/// </summary>
internal sealed class OverLoopback : IBenchmark
{
    private const int OrdersEach = 150;
    private const string Symbols = "BTCUSDT,ETHUSDT,SOLUSDT";
    private const string OutsideRow = "market data written to order received, over loopback";

    /// <summary>The built-in exchange's own key: public, and of no use anywhere else.</summary>
    private const string Key = "peregrine-demo-key";
    private const string Secret = "peregrine-demo-secret";

    /// <summary>Enters and leaves as often as it may, so that there are orders to be timed; one connection, as the others have.</summary>
    private const string Configuration = """
        { "strategy": { "holdingMillis": 300, "enterAbove": 0.501, "exitBelow": 0.5 }, "execution": { "orderPauseMillis": 100 }, "feed": { "lines": 1 },
          "risk": { "maxOrdersPerMinute": 5000, "duplicateWindowMillis": 0, "maxOrdersWithoutFill": 0 } }
        """;

    private static readonly TimeSpan OrdersWithin = TimeSpan.FromSeconds(75);

    public string Name => "over loopback";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        using ProgramUnderTest exchange = ProgramUnderTest.Start(context, "exchange", "--synthetic", "--seed", "7", "--symbols", Symbols, "--port", "0");
        using JsonDocument hello = JsonDocument.Parse(exchange.ReadLine());
        Uri url = new(hello.RootElement.GetProperty("url").GetString()!);

        context.Progress?.Invoke($"bench: the appliance, until it has sent {OrdersEach} orders…");
        (IReadOnlyList<double> ours, BenchRow inside) = MeasureAppliance(context, url);
        List<(string Name, IReadOnlyList<double> Micros, string WhyNot)> others = [];
        NodeClients node = NodeClients.Find(context);
        foreach ((string name, string script) in ((string, string)[])[("ccxt pro (watchTrades, createOrderWs)", "order_path_ccxt.mjs"), ("npm binance (WebsocketClient, WebsocketAPIClient)", "order_path_binance.mjs")])
        {
            context.Cancellation.ThrowIfCancellationRequested();
            if (node.WhyNot is null) context.Progress?.Invoke($"bench: {name}…");
            (IReadOnlyList<double> micros, string whyNot) = node.WhyNot is { } reason ? ([], reason) : MeasureClient(context, node, script, url);
            others.Add((name, micros, whyNot));
        }
        exchange.Terminate();

        List<BenchRow> rows = [RowOf(OutsideRow, ours) with
        {
            Versus = [.. others.Select(other => other.Micros.Count > 0
                ? new Versus(other.Name, Statistics.Median(other.Micros), Statistics.Median(other.Micros) / Statistics.Median(ours))
                : new Versus(other.Name, null, null))],
            Note = "each order is told from the newest message of its symbol that was written before it; those of the other clients from the very trade that they name",
        }];
        rows.AddRange(others.Select(other => other.Micros.Count > 0 ? RowOf($"the same, {other.Name}", other.Micros) : BenchRow.Skip($"the same, {other.Name}", "us", other.WhyNot)));
        rows.Add(inside);
        return rows;
    }

    private static (IReadOnlyList<double> Micros, BenchRow Inside) MeasureAppliance(BenchContext context, Uri exchange)
    {
        string folder = context.NewFolder("appliance");
        string configuration = Path.Combine(folder, "peregrine.json");
        File.WriteAllText(configuration, Configuration);
        using WireTap tap = new(exchange);
        using ProgramUnderTest appliance = ProgramUnderTest.Start(
            context,
            [new("PEREGRINE__EXCHANGE__APIKEY", Key), new("PEREGRINE__EXCHANGE__APISECRET", Secret)],
            ["run", "--mode", "live", "--live", "--exchange", tap.Url, "--symbols", Symbols, "--config", configuration, "--state", Path.Combine(folder, "state"), "--model", DemoModel.Unpack(folder), "--json"]);
        tap.WaitForOrders(OrdersEach, OrdersWithin, context.Cancellation);
        appliance.Terminate();
        string summary = appliance.ReadToEnd();
        IReadOnlyList<double> micros = tap.Latencies;
        if (micros.Count == 0) throw new InvalidOperationException($"The appliance sent no orders within {OrdersWithin.TotalSeconds} s: {appliance.Errors}");
        using JsonDocument result = JsonDocument.Parse(summary);
        JsonElement latency = result.RootElement.GetProperty("latency");
        double P(string name) => latency.GetProperty(name).GetDouble();
        return (micros, new BenchRow("market data read to order written, by the appliance's own clock", "us", P("p50"), P("p99"), result.RootElement.GetProperty("allocatedPerEvent").GetDouble())
        {
            Note = FormattableString.Invariant($"{latency.GetProperty("count").GetInt64()} orders, p90 {P("p90"):F0} us, journal entry included"),
        });
    }

    private static (IReadOnlyList<double> Micros, string WhyNot) MeasureClient(BenchContext context, NodeClients node, string script, Uri exchange)
    {
        using WireTap tap = new(exchange);
        string setup = JsonSerializer.Serialize(new { url = tap.Url.TrimEnd('/'), hmac = new { key = Key, secret = Secret }, symbols = Symbols.Split(',') }, JsonSerializerOptions.Web);
        using NodeProgram program = node.Start(script, setup);
        tap.WaitForOrders(OrdersEach, OrdersWithin, context.Cancellation, () => program.HasEnded);
        return (tap.Latencies, $"it sent no orders: {program.Errors.Trim().Split('\n')[^1]}");
    }

    private static BenchRow RowOf(string name, IReadOnlyList<double> micros) =>
        new(name, "us", Statistics.Median(micros), Statistics.Percentile(micros, 0.99), 0) { Spread = Distribution.Of([.. micros]) };
}
