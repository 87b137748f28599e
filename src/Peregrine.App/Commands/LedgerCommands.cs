using System.CommandLine;
using System.Globalization;
using System.Text.Json;

using Peregrine.Kernel;

namespace Peregrine.App.Commands;

/// <summary><c>orders</c> and <c>positions</c>: what a running appliance has open and holds, and whether it may trade.</summary>
internal static class LedgerCommands
{
    private static readonly (string Title, string Name, int Width)[] OrderColumns =
    [
        ("symbol", "symbol", 12), ("side", "side", 5), ("type", "type", 17), ("price", "price", 16), ("stop", "stopPrice", 16), ("quantity", "quantity", 16), ("filled", "filled", 16),
        ("status", "status", 17), ("id", "id", 36),
    ];

    private static readonly (string Title, string Name, int Width)[] PositionColumns =
        [("symbol", "symbol", 12), ("position", "position", 18), ("average", "averagePrice", 16), ("last", "last", 16), ("unrealised", "unrealised", 14), ("book", "bookState", 10)];

    public static IEnumerable<Command> Create() =>
    [
        Create("orders", "Shows what is open, in doubt or foreign, and whether trading is allowed.", "orders", OrderColumns),
        Create("positions", "Shows what is held, what it cost and what it is worth.", "symbols", PositionColumns),
    ];

    private static Command Create(string name, string description, string rows, (string Title, string Name, int Width)[] columns)
    {
        Option<string?> state = Shared.State();
        Option<bool> json = Shared.Json();
        Command command = new(name, description) { state, json };
        command.SetAction(parsed =>
        {
            string folder = Shared.ExistingState(parsed.GetValue(state));
            StatusBoardReader board = new(Path.Combine(folder, Appliance.Appliance.BoardName));
            if (!board.TryRead(out byte[] text, out _)) throw new StopException(ExitCode.Failed, $"no appliance has published anything in '{folder}' yet");
            using JsonDocument whole = JsonDocument.Parse(text);
            if (parsed.GetValue(json)) PrintJson(whole.RootElement, rows);
            else Print(whole.RootElement, rows, columns);
            return ExitCode.Done;
        });
        return command;
    }

    private static void PrintJson(JsonElement root, string rows)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter writer = new(bytes))
        {
            writer.WriteStartObject();
            foreach (string part in (string[])["time", "mode", "state", "safety", "account", rows])
            {
                if (!root.TryGetProperty(part, out JsonElement element)) continue;
                writer.WritePropertyName(part);
                element.WriteTo(writer);
            }
            writer.WriteEndObject();
        }
        Console.WriteLine(System.Text.Encoding.UTF8.GetString(bytes.ToArray()));
    }

    private static void Print(JsonElement root, string rows, (string Title, string Name, int Width)[] columns)
    {
        DateTimeOffset time = root.GetProperty("time").GetDateTimeOffset();
        string age = TimeProvider.System.GetUtcNow() - time > TimeSpan.FromSeconds(3) ? string.Create(CultureInfo.InvariantCulture, $"   NOT RUNNING, as of {time:yyyy-MM-dd HH:mm:ss}Z") : "";
        Console.WriteLine($"{Text(root, "mode")}   {Text(root, "state")}{age}");
        if (root.TryGetProperty("safety", out JsonElement safety))
        {
            string reason = Text(safety, "reason");
            Console.WriteLine($"kill switch {Text(safety, "level")}{(reason.Length > 0 ? $" ({reason})" : "")}   {(Text(safety, "reconciled") == "True" ? "the account agrees with our ledger" : "the account is not compared yet, or differs")}   today {Text(safety, "today")}   below its peak {Text(safety, "drawdown")}   foreign orders {Text(safety, "foreignOpen")}");
            if (safety.TryGetProperty("difference", out JsonElement difference)) Console.WriteLine($"DIFFERENCE  {Text(difference, "asset")}: the account has {Text(difference, "units")} more than our ledger");
        }
        if (root.TryGetProperty("account", out JsonElement account)) Console.WriteLine($"result {Text(account, "pnl")}   realised {Text(account, "realised")}   unrealised {Text(account, "unrealised")}   fees {Text(account, "fees")}");
        Console.WriteLine();
        Console.WriteLine(string.Join("  ", columns.Select(static column => column.Title.PadRight(column.Width))).TrimEnd());
        int count = 0;
        foreach (JsonElement row in root.GetProperty(rows).EnumerateArray())
        {
            Console.WriteLine(string.Join("  ", columns.Select(column => Text(row, column.Name).PadRight(column.Width))).TrimEnd());
            count++;
        }
        if (count == 0) Console.WriteLine("none");
    }

    private static string Text(JsonElement row, string name) => row.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";
}
