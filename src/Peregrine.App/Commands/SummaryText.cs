using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Peregrine.App.Commands;

/// <summary>The summary of a run for a person, from its JSON.</summary>
internal static class SummaryText
{
    public static string Of(string json, string? state)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement run = document.RootElement;
        CultureInfo culture = CultureInfo.InvariantCulture;
        JsonElement events = run.GetProperty("events"), recorded = run.GetProperty("recorded");
        long seen = Sum(events), kept = Sum(recorded);
        JsonElement core = run.GetProperty("eventLatency"), order = run.GetProperty("latency");
        StringBuilder text = new();
        text.AppendLine(culture, $"Ran {run.GetProperty("seconds").GetDouble():F1} s.");
        text.AppendLine(culture, $"  events     {seen:N0}: {string.Join(", ", events.EnumerateObject().Select(kind => string.Create(culture, $"{kind.Name} {kind.Value.GetInt64():N0}")))}");
        text.AppendLine(culture, $"  recorded   {kept:N0}{(kept == seen ? ", every one" : $" of {seen:N0}")}; lagged {Number(run, "lagged")}, gaps {Number(run, "gaps")}, refused {Number(run, "refused")}");
        text.AppendLine(culture, $"  trading    {Number(run, "decisions")} decisions, {Number(run, "orders")} orders, {Number(run, "fills")} fills, result {run.GetProperty("pnl").GetString()} USDT after fees");
        text.AppendLine(culture, $"  latency    socket read to core p50 {Micros(core, "p50")}, p99 {Micros(core, "p99")}; socket read to order bytes written p50 {Micros(order, "p50")}, p99 {Micros(order, "p99")}");
        text.Append(culture, $"  resources  {run.GetProperty("allocatedPerEvent").GetDouble():F2} bytes allocated an event on the hot path, {run.GetProperty("rss").GetInt64() / 1_048_576.0:F0} MiB resident, {Number(run, "restarts")} restarts");
        if (state is not null) text.AppendLine().Append(culture, $"  recording  {state} (try: ./peregrine db status --state {state})");
        return text.ToString();
    }

    private static string Number(JsonElement run, string name) => run.GetProperty(name).GetInt64().ToString("N0", CultureInfo.InvariantCulture);
    private static string Micros(JsonElement latency, string name) => string.Create(CultureInfo.InvariantCulture, $"{latency.GetProperty(name).GetDouble():F1} µs");
    private static long Sum(JsonElement counts) => counts.EnumerateObject().Sum(kind => kind.Value.GetInt64());
}
