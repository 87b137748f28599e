using System.Text;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>The scanners, with vectors and without, say exactly what the general decoder says, to the last bit, about everything that was ever recorded.</summary>
public sealed class ScannerAgreementTests
{
    private static readonly string[] Kinds = [.. Some.Kinds, "depth@0ms"];

    [Theory]
    [InlineData("spot/btcusdt_20240808.gz")]
    [InlineData("spot/btcusdt_20240809.gz")]
    [InlineData("spot/btcusdt_20230405.dat.gz")]
    [InlineData("spot/nexousdt_20240723.dat.gz")]
    [InlineData("spot/nexousdt_20240724.dat.gz")]
    [InlineData("usdm/btcusdt_20240808.gz")]
    [InlineData("usdm/ethusdt_20240808.gz")]
    [InlineData("usdm/btcusdt_20230404.dat.gz")]
    [InlineData("usdm/btcusdt_20230405.dat.gz")]
    [InlineData("cryptofeed/spot_20211012.ws.txt.gz")]
    [InlineData("cryptofeed/usdm_20210722.ws.txt.gz")]
    [InlineData("cryptofeed/spot_20210405.mixed.txt.gz")]
    public void On_every_recorded_message(string file)
    {
        byte[]? bytes = Recordings.Unpacked(file);
        Assert.SkipWhen(bytes is null, "the recordings are not here");
        var trio = new SomeTrio(Recordings.MarketOf(file), Recordings.Symbols(bytes), Kinds);
        int messages = 0;
        foreach ((int start, int length) in Recordings.Messages(bytes))
        {
            ReadOnlySpan<byte> message = bytes.AsSpan(start, length);
            if (!message.StartsWith("{\"stream"u8)) continue;
            messages++;
            string? difference = trio.Difference(message);
            Assert.True(difference is null, $"{file}: {difference} in {Encoding.UTF8.GetString(message)}");
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{file}: {messages} messages, {trio.Scanned.Vectors} scanned with vectors, {trio.Scanned.Registers} without");
        Assert.Equal((messages, messages), trio.Scanned); // None was left to the general decoder.
    }
}
