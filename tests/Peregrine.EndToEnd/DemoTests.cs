using System.Text.Json;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>The one command a newcomer types.</summary>
public sealed class DemoTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Trades_records_everything_and_can_be_replayed()
    {
        using TemporaryFolder state = new();
        (int code, string text, string errors) = await PeregrineProgram.RunAsync(["demo", "--seconds", "30", "--json", "--state", state.Path], seconds: 90);
        Assert.True(code == 0, errors);
        output.WriteLine(text);
        JsonElement demo = JsonDocument.Parse(text).RootElement;
        Assert.Equal(0, demo.GetProperty("lagged").GetInt64());
        Assert.Equal(0, demo.GetProperty("gaps").GetInt64());
        Assert.Equal(0, demo.GetProperty("refused").GetInt64());
        Assert.Equal(0, demo.GetProperty("restarts").GetInt64());
        Assert.Equal(demo.GetProperty("events").ToString(), demo.GetProperty("recorded").ToString());
        Assert.True(demo.GetProperty("orders").GetInt64() >= 1, "no order was sent");
        Assert.True(demo.GetProperty("fills").GetInt64() >= 1, "no order was filled");
        foreach (string kind in (string[])["aggTrade", "trade", "depth20", "depthDiff", "bookTicker", "kline", "orderReport", "decision"])
            Assert.True(demo.GetProperty("events").GetProperty(kind).GetInt64() > 0, kind);

        (code, text, errors) = await PeregrineProgram.RunAsync(["replay", "--state", state.Path, "--verify", "--json"]);
        Assert.True(code == 0, errors + text);
        JsonElement replay = JsonDocument.Parse(text).RootElement;
        Assert.Equal(replay.GetProperty("decisions").GetInt64(), replay.GetProperty("identical").GetInt64());
        Assert.True(replay.GetProperty("decisions").GetInt64() > 0);

        (code, text, errors) = await PeregrineProgram.RunAsync(["db", "verify", "--state", state.Path]);
        Assert.True(code == 0, errors + text);
        (code, text, _) = await PeregrineProgram.RunAsync(["dashboard", "--state", state.Path, "--json"]);
        Assert.Equal(0, code);
        Assert.Equal("live", JsonDocument.Parse(text).RootElement.GetProperty("mode").GetString());
    }

    [Fact]
    public async Task Leaves_no_process_behind_when_it_is_killed()
    {
        using TemporaryFolder state = new();
        using PeregrineProgram demo = PeregrineProgram.Start("demo", "--json", "--state", state.Path);
        for (int i = 0; i < 300 && !demo.Errors.Contains("running:", StringComparison.Ordinal); i++) await Task.Delay(50);
        demo.KillAtOnce();
        await demo.WaitAsync(10);
        for (int i = 0; i < 400; i++)
        {
            if (Users(state.Path).Count == 0) return;
            await Task.Delay(50);
        }
        Assert.Empty(Users(state.Path));
    }

    /// <summary>Processes whose command line names the folder.</summary>
    private static List<string> Users(string folder)
    {
        List<string> users = [];
        foreach (string process in Directory.GetDirectories("/proc"))
        {
            if (!char.IsAsciiDigit(Path.GetFileName(process)[0])) continue;
            try
            {
                string line = File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
                if (line.Contains(folder, StringComparison.Ordinal)) users.Add(line);
            }
            catch (IOException)
            {
                // It ended while we looked.
            }
        }
        return users;
    }
}
