using System.Text.Json;

namespace Peregrine.Benchmarks;

/// <summary>All rows of one run, as JSON.</summary>
public sealed record BenchReport(string Room, string Machine, IReadOnlyList<BenchRow> Rows)
{
    /// <summary>The JSON object of <c>bench --json</c>: a yardstick that is not installed has "missing" for its numbers.</summary>
    public string ToJson()
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("room", Room);
            json.WriteString("machine", Machine);
            json.WriteStartArray("rows");
            foreach (BenchRow row in Rows) Write(json, row);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return System.Text.Encoding.UTF8.GetString(text.ToArray());
    }

    private static void Write(Utf8JsonWriter json, BenchRow row)
    {
        json.WriteStartObject();
        json.WriteString("name", row.Name);
        json.WriteString("unit", row.Unit);
        if (row.Skipped is not null)
        {
            json.WriteString("skipped", row.Skipped);
            json.WriteStartArray("versus");
            json.WriteEndArray();
            json.WriteEndObject();
            return;
        }
        json.WriteNumber("median", Rounded(row.Median));
        json.WriteNumber("p99", Rounded(row.P99));
        json.WriteNumber("allocated", Rounded(row.Allocated));
        if (row.Spread is { } spread) Write(json, spread);
        if (row.Goal is { } goal) json.WriteNumber("goal", goal);
        json.WriteStartArray("versus");
        foreach (Versus one in row.Versus)
        {
            json.WriteStartObject();
            json.WriteString("name", one.Name);
            WriteOrMissing(json, "median", one.Median);
            WriteOrMissing(json, "ratio", one.Ratio);
            if (one.Goal is { } ratio) json.WriteNumber("goal", ratio);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (row.Met is { } met) json.WriteBoolean("met", met);
        if (row.Note.Length > 0) json.WriteString("note", row.Note);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Distribution spread)
    {
        json.WriteNumber("p90", Rounded(spread.P90));
        json.WriteNumber("count", spread.Count);
        json.WriteStartArray("histogram");
        foreach ((double upTo, int count) in spread.Buckets)
        {
            json.WriteStartObject();
            json.WriteNumber("upTo", upTo);
            json.WriteNumber("count", count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteOrMissing(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number) json.WriteNumber(name, Rounded(number));
        else json.WriteString(name, "missing");
    }

    /// <summary>Four significant digits behind the point are more than any of this is worth.</summary>
    private static double Rounded(double value) => Math.Round(value, Math.Abs(value) >= 100 ? 1 : 4);
}
