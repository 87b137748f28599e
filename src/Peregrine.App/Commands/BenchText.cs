using System.Globalization;

using Peregrine.Benchmarks;

using Spectre.Console;

namespace Peregrine.App.Commands;

/// <summary>The figures of a run as a table for a person.</summary>
internal static class BenchText
{
    public static void Write(IAnsiConsole console, BenchReport report)
    {
        console.MarkupLineInterpolated($"[bold]{report.Room}[/] on {report.Machine}");
        Table table = new() { Border = TableBorder.Simple };
        table.AddColumn("what");
        table.AddColumn(new TableColumn("median").RightAligned());
        table.AddColumn(new TableColumn("p99").RightAligned());
        table.AddColumn("unit");
        table.AddColumn(new TableColumn("B/op").RightAligned());
        table.AddColumn("beside it");
        table.AddColumn(new TableColumn("its median").RightAligned());
        table.AddColumn(new TableColumn("ratio").RightAligned());
        table.AddColumn(new TableColumn("goal").RightAligned());
        foreach (BenchRow row in report.Rows) Add(table, row);
        console.Write(table);
        console.MarkupLine("[grey]ratio: how many times better ours is than what stands beside it, in the same rounds; a green goal is met, a red one is not[/]");
        foreach (BenchRow row in report.Rows.Where(static row => row.Spread is not null)) console.MarkupLineInterpolated($"[grey]{row.Name}: {row.Spread}[/]");
        foreach (BenchRow row in report.Rows.Where(static row => row.Note.Length > 0)) console.MarkupLineInterpolated($"[grey]{row.Name}: {row.Note}[/]");
    }

    private static void Add(Table table, BenchRow row)
    {
        if (row.Skipped is { } reason)
        {
            table.AddRow(Markup.Escape(row.Name), "", "", Markup.Escape(row.Unit), "", $"[grey]skipped: {Markup.Escape(reason)}[/]", "", "", "");
            return;
        }
        Versus? first = row.Versus.Count > 0 ? row.Versus[0] : null;
        bool? own = row.Goal is { } aim ? (row.MoreIsBetter ? row.Median >= aim : row.Median <= aim) : null;
        string goal = row.Goal is { } value ? Goal($"{(row.MoreIsBetter ? "≥" : "≤")} {Number(value)} {row.Unit}", own) : "";
        if (row.Goal is not null && first is not null)
        {
            table.AddRow(Markup.Escape(row.Name), Number(row.Median), Number(row.P99), Markup.Escape(row.Unit), Number(row.Allocated), "", "", "", goal);
            foreach (Versus one in row.Versus) Add(table, one);
            return;
        }
        if (first is null) table.AddRow(Markup.Escape(row.Name), Number(row.Median), Number(row.P99), Markup.Escape(row.Unit), Number(row.Allocated), "", "", "", goal);
        else table.AddRow(Markup.Escape(row.Name), Number(row.Median), Number(row.P99), Markup.Escape(row.Unit), Number(row.Allocated), Markup.Escape(first.Name), Number(first.Median), Ratio(first), Goal(first));
        foreach (Versus one in row.Versus.Skip(1)) Add(table, one);
    }

    private static void Add(Table table, Versus one) => table.AddRow("", "", "", "", "", Markup.Escape(one.Name), Number(one.Median), Ratio(one), Goal(one));

    private static string Ratio(Versus one) => one.Ratio is { } ratio ? ratio.ToString("0.00", CultureInfo.InvariantCulture) : "[grey]missing[/]";

    private static string Goal(Versus one) => one.Goal is { } goal ? Goal($"≥ {goal.ToString("0.00", CultureInfo.InvariantCulture)}", one.Met) : "";

    private static string Goal(string text, bool? met) => met switch { true => $"[green]{text}[/]", false => $"[red]{text}[/]", null => $"[grey]{text}[/]" };

    private static string Number(double? value) => value switch
    {
        null => "[grey]missing[/]",
        0 => "0",
        >= 1000 or <= -1000 => value.Value.ToString("N0", CultureInfo.InvariantCulture),
        >= 100 => value.Value.ToString("0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.0##", CultureInfo.InvariantCulture),
    };
}
