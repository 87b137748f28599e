using System.Globalization;
using System.IO.Compression;

using Peregrine.Strategy.Features;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Strategy.Tests;

public sealed class RsiTests
{
    [Fact]
    public void Equals_the_npm_package_technicalindicators_on_recorded_closes()
    {
        var rsi = new Rsi(14);
        int compared = 0;
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Fixtures", "rsi_btcusdt_1m_20230404.csv")))
        {
            if (line[0] is '#' or 'c') continue;
            string[] cells = line.Split(',');
            rsi.Add(double.Parse(cells[0], CultureInfo.InvariantCulture));
            Assert.Equal(cells[1].Length > 0, rsi.IsReady);
            if (!rsi.IsReady) continue;
            compared++;
            Assert.Equal(double.Parse(cells[1], CultureInfo.InvariantCulture), rsi.Value, 1e-9);
            Assert.InRange(rsi.Value - double.Parse(cells[2], CultureInfo.InvariantCulture), -0.005_000_001, 0.005_000_001);
        }
        Assert.Equal(386, compared);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(14)]
    [InlineData(30)]
    public void Equals_its_definition_on_a_month_of_recorded_closes(int period)
    {
        string? path = Repository.Shared("data/klines/usdm/BTCUSDT-1m-2023-04.zip");
        Assert.SkipWhen(path is null, "the recordings are not on this machine");
        double[] closes = [.. Closes(path)];
        Assert.Equal(43_200, closes.Length);
        double[] expected = ByDefinition(closes, period);
        var rsi = new Rsi(period);
        for (int i = 0; i < closes.Length; i++)
        {
            rsi.Add(closes[i]);
            Assert.Equal(i >= period, rsi.IsReady);
            if (i >= period) Assert.Equal(expected[i], rsi.Value, 1e-9);
        }
    }

    [Fact]
    public void Is_a_hundred_without_losses_nothing_without_gains_and_the_middle_without_either()
    {
        Assert.Equal(100, After(1, 2, 3, 4));
        Assert.Equal(0, After(4, 3, 2, 1));
        Assert.Equal(50, After(2, 2, 2, 2));
        Assert.Equal(50, After(1, 2)); // Too little to say.
    }

    [Fact]
    public void Starts_over_after_a_reset()
    {
        var rsi = new Rsi(3);
        foreach (double close in (double[])[9, 1, 7, 2, 8]) rsi.Add(close);
        rsi.Reset();
        Assert.False(rsi.IsReady);
        foreach (double close in (double[])[1, 2, 3, 4]) rsi.Add(close);
        Assert.Equal(100, rsi.Value);
    }

    private static double After(params double[] closes)
    {
        var rsi = new Rsi(3);
        foreach (double close in closes) rsi.Add(close);
        return rsi.Value;
    }

    // Wilder's definition over whole arrays.
    private static double[] ByDefinition(double[] closes, int period)
    {
        double[] gains = [.. closes.Zip(closes.Skip(1), (before, after) => Math.Max(after - before, 0))];
        double[] losses = [.. closes.Zip(closes.Skip(1), (before, after) => Math.Max(before - after, 0))];
        var result = new double[closes.Length];
        double gain = gains.Take(period).Average();
        double loss = losses.Take(period).Average();
        for (int i = period; i < closes.Length; i++)
        {
            if (i > period)
            {
                gain += (gains[i - 1] - gain) / period;
                loss += (losses[i - 1] - loss) / period;
            }
            result[i] = 100 * gain / (gain + loss);
        }
        return result;
    }

    private static IEnumerable<double> Closes(string path)
    {
        using ZipArchive zip = ZipFile.OpenRead(path);
        foreach (ZipArchiveEntry day in zip.Entries)
        {
            using var text = new StreamReader(day.Open());
            text.ReadLine();
            while (text.ReadLine() is { } line) yield return double.Parse(line.Split(',')[4], CultureInfo.InvariantCulture);
        }
    }
}
