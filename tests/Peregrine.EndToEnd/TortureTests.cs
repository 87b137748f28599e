using System.Globalization;
using System.Text.Json;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>The operator's own proof, as the operator runs it.</summary>
public sealed class TortureTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_recorder_that_is_killed_at_random_keeps_its_promises()
    {
        bool soak = Environment.GetEnvironmentVariable("PEREGRINE_SOAK") == "1";
        int kills = soak ? 200 : 8;
        (int code, string text, string errors) = await PeregrineProgram.RunAsync(["torture", "--kills", kills.ToString(CultureInfo.InvariantCulture), "--json", "--seed", "3"], seconds: soak ? 3_600 : 180);
        output.WriteLine($"row 1, the whole program: {text}");
        Assert.True(code == 0, errors + text);
        JsonElement result = JsonDocument.Parse(text).RootElement;
        Assert.Equal(kills, result.GetProperty("kills").GetInt32());
        Assert.Equal(0, result.GetProperty("corrupt").GetInt32());
        Assert.Equal(0, result.GetProperty("acknowledgedLost").GetInt64());
        Assert.Equal(0, result.GetProperty("duplicates").GetInt64());
        Assert.True(result.GetProperty("events").GetInt64() > kills * 100);
        Assert.True(result.GetProperty("lossesOnRecord").GetInt32() > 0, "no kill took anything: then nothing was proved");
    }
}
