using System.Text.Json;

using Peregrine.Kernel;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>What a running appliance publishes, read from its file: as cheap as looking can be.</summary>
internal static class Board
{
    /// <summary>The board as it stands, whoever left it; undefined where there is none.</summary>
    public static JsonElement Read(string state)
    {
        StatusBoardReader reader = new(Path.Combine(state, "status.board"));
        if (!reader.TryRead(out byte[] text, out _)) return default;
        using JsonDocument document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>The board of this life; undefined before it has published.</summary>
    public static JsonElement Of(string state, PeregrineProgram run)
    {
        JsonElement board = Read(state);
        return board.ValueKind == JsonValueKind.Object && board.GetProperty("time").GetDateTimeOffset() > run.StartedAt ? board : default;
    }

    /// <summary>Waits until this life's board is as wanted.</summary>
    public static async Task<JsonElement> UntilAsync(string state, PeregrineProgram run, Func<JsonElement, bool> wanted, int seconds = 60)
    {
        JsonElement last = default;
        for (int i = 0; i < seconds * 20; i++)
        {
            JsonElement board = Of(state, run);
            if (board.ValueKind == JsonValueKind.Object)
            {
                last = board;
                if (wanted(board)) return board;
            }
            if (run.HasExited) break;
            await Task.Delay(50);
        }
        Assert.Fail($"the board was never as wanted within {seconds} s{(run.HasExited ? ", and the program ended" : "")}: {Text(last)}\n{run.Errors}");
        return default;
    }

    /// <summary>What matters of a board when something went wrong, without books and sparklines.</summary>
    public static string Text(JsonElement board) => board.ValueKind != JsonValueKind.Object ? "no board" : string.Join(
        '\n',
        ((string[])["time", "state", "uptimeSeconds", "safety", "orders", "lines", "events"]).Select(name => $"{name}: {board.GetProperty(name)}")
            .Concat(board.GetProperty("symbols").EnumerateArray().Select(static one => $"{one.GetProperty("symbol")}: position {one.GetProperty("position")}, last {one.GetProperty("last")}, book {one.GetProperty("bookState")}, signal {one.GetProperty("signal")}")));

    public static bool IsReconciled(JsonElement board) => board.GetProperty("safety").GetProperty("reconciled").GetBoolean();

    public static string Level(JsonElement board) => board.GetProperty("safety").GetProperty("level").GetString()!;

    /// <summary>How many events of a kind this life has seen.</summary>
    public static long Count(JsonElement board, string kind) => board.GetProperty("events").TryGetProperty(kind, out JsonElement count) ? count.GetInt64() : 0;
}
