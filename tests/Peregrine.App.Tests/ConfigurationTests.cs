using Peregrine.App.Configuration;
using Peregrine.Common;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.App.Tests;

public sealed class ConfigurationTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    private ApplianceOptions Read(string json, params (string Path, string Value)[] flags)
    {
        File.WriteAllText(_file, json);
        return ApplianceConfiguration.Read(_file, flags.Select(flag => new KeyValuePair<string, string?>(flag.Path, flag.Value)));
    }

    [Fact]
    public void Is_careful_when_nothing_is_said()
    {
        ApplianceOptions options = Read("{}");
        Assert.Equal(RunMode.Record, options.Mode);
        Assert.Equal(Market.Spot, options.Market);
        Assert.Equal(["BTCUSDT"], options.Symbols);
        Assert.Equal("", options.ExchangeUrl);
        Assert.Equal(Notional.Parse("500"), options.Risk.MaxLoss);
    }

    [Fact]
    public void Lets_flags_win_over_the_file()
    {
        ApplianceOptions options = Read("""{ "mode": "paper", /* comments are welcome */ "symbols": ["A1", "B2", "C3"] }""", ("mode", "record"), ("symbols", "ETHUSDT,BNBUSDT"));
        Assert.Equal(RunMode.Record, options.Mode);
        Assert.Equal(["ETHUSDT", "BNBUSDT"], options.Symbols);
    }

    [Fact]
    public void Reads_the_shipped_example_as_the_defaults()
    {
        string example = Path.Combine(Repository.Root, "deploy", "peregrine.example.json");
        ApplianceOptions shipped = ApplianceConfiguration.Read(example, []);
        ApplianceOptions plain = Read("{}");
        Assert.Equal(plain.Risk, shipped.Risk);
        Assert.Equal(plain.Streams, shipped.Streams);
        Assert.Equal(plain with { Symbols = [], Streams = [], StateDirectory = "" }, shipped with { Symbols = [], Streams = [], StateDirectory = "" });
    }

    [Fact]
    public void Tells_every_error_at_once()
    {
        StopException stop = Assert.Throws<StopException>(() => Read("""{ "mode": "x", "risk": { "maxOpenOrders": "many" }, "colour": 1 }"""));
        Assert.Equal(ExitCode.BadConfiguration, stop.ExitCode);
        Assert.Contains("mode: 'x'", stop.Message, StringComparison.Ordinal);
        Assert.Contains("risk.maxOpenOrders: 'many'", stop.Message, StringComparison.Ordinal);
        Assert.Contains("colour: a setting that does not exist", stop.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Takes_secrets_only_from_files_of_their_owner()
    {
        string secret = Path.GetTempFileName();
        File.WriteAllText(secret, "s3cret\n");
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal("s3cret", Read($$"""{ "exchange": { "apiSecretFile": "{{secret}}" } }""").ApiSecret);

        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains("chmod 600", Assert.Throws<StopException>(() => Read($$"""{ "exchange": { "apiSecretFile": "{{secret}}" } }""")).Message, StringComparison.Ordinal);
        File.Delete(secret);
        Assert.Contains("a file that exists", Assert.Throws<StopException>(() => Read($$"""{ "exchange": { "apiSecretFile": "{{secret}}" } }""")).Message, StringComparison.Ordinal);
    }
}
