using System.Text.Json;

using Peregrine.Binance.Orders;
using Peregrine.Common;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Binance.Tests;

public sealed class VerdictTests
{
    [Theory]
    [InlineData(200, 0, "", Verdict.Accepted)]
    [InlineData(400, -1013, "Filter failure: LOT_SIZE", Verdict.Refused)]
    [InlineData(400, -1111, "", Verdict.Refused)]
    [InlineData(400, -1121, "", Verdict.Refused)]
    [InlineData(400, -2010, "Account has insufficient balance for requested action.", Verdict.Refused)]
    [InlineData(400, -2010, "Duplicate order sent.", Verdict.Unknown)]
    [InlineData(400, -2011, "Unknown order sent.", Verdict.Refused)]
    [InlineData(400, -1021, "", Verdict.WrongClock)]
    [InlineData(400, -1022, "", Verdict.WrongKey)]
    [InlineData(401, -2015, "", Verdict.WrongKey)]
    [InlineData(429, -1015, "", Verdict.Throttled)]
    [InlineData(418, -1003, "", Verdict.Throttled)]
    [InlineData(400, -1000, "", Verdict.Unknown)]
    [InlineData(400, -1006, "", Verdict.Unknown)]
    [InlineData(400, -1007, "", Verdict.Unknown)]
    [InlineData(400, -1008, "", Verdict.Unknown)]
    [InlineData(503, -1013, "", Verdict.Unknown)]
    [InlineData(403, -1013, "", Verdict.Unknown)]
    [InlineData(409, -2021, "", Verdict.Unknown)]
    [InlineData(400, 0, "", Verdict.Unknown)]
    [InlineData(0, 0, "", Verdict.Unknown)]
    [InlineData(400, -9999, "", Verdict.Unknown)] // A code of tomorrow.
    public void Only_what_is_certainly_refused_is_refused(int status, int code, string message, Verdict expected) =>
        Assert.Equal(expected, Verdicts.Judge(status, code, Some.Utf8(message)));

    /// <summary>What each code of the spot market means with the status it comes with; all others of the table leave the order unknown.</summary>
    [Theory]
    [InlineData(Market.Spot, "errors-spot.json", "-1003 -1015", "-1021", "-1002 -1022 -2014 -2015", "-1013 -1014 -1020 -2010 -2011 -2038 -11xx -12xx", "-1000 -1001 -1006 -1007 -1008 -1016 -1033 -1034 -1035 -2013 -2016 -2021 -2022 -2026 -2035 -2036 -2039 -2042 -2043")]
    [InlineData(Market.UsdMargined, "errors-usdm.json", "-1003 -1015", "-1021 -5028", "-1002 -1011 -1022 -2014 -2015 -2017",
        "-1010 -1013 -1014 -1020 -1023 -2010 -2011 -2018 -2019 -2020 -2021 -2022 -2023 -2024 -2025 -2026 -2027 -2028 -5021 -5022 -5024 -5025 -5026 -5027 -5029 -5037 -5038 -5039 -5040 -5041 -11xx -12xx -40xx -41xx -42xx -44xx",
        "-1000 -1001 -1004 -1005 -1006 -1007 -1008 -1016 -1099 -2012 -2013 -2016 -4115 -4116 -4117")]
    public void Every_error_of_the_table_has_one_verdict(Market market, string file, string throttled, string clock, string key, string refused, string unknown)
    {
        string? path = Repository.Shared($"reference/{file}");
        Assert.SkipWhen(path is null, "the tables of errors are not here");
        using JsonDocument table = JsonDocument.Parse(File.ReadAllBytes(path!));
        int judged = 0;
        foreach (JsonElement entry in table.RootElement.GetProperty("codes").EnumerateArray())
        {
            int code = entry.GetProperty("code").GetInt32();
            string family = $"-{-code / 100}xx";
            Verdict expected = Has(unknown, $"{code}") ? Verdict.Unknown : Has(throttled, $"{code}") ? Verdict.Throttled : Has(clock, $"{code}") ? Verdict.WrongClock
                : Has(key, $"{code}") ? Verdict.WrongKey : Has(refused, $"{code}") || Has(refused, family) ? Verdict.Refused : throw new InvalidOperationException($"{code} is in no list of this test");
            foreach (JsonElement message in entry.GetProperty("messages").EnumerateArray())
            {
                byte[] text = Some.Utf8(message.GetString()!);
                Assert.True(expected == Verdicts.Judge(market, 400, code, text), $"{code} of {file}");
                Assert.Equal(Verdict.Unknown, Verdicts.Judge(market, 503, code, text));
                Assert.Equal(Verdict.Throttled, Verdicts.Judge(market, 429, code, text));
                judged++;
            }
        }
        if (table.RootElement.TryGetProperty("engineMessages", out JsonElement engine))
        {
            foreach (JsonElement message in engine.GetProperty("messages").EnumerateArray())
            {
                string text = message.GetProperty("msg").GetString()!;
                Verdict expected = text.StartsWith("Duplicate order", StringComparison.Ordinal) ? Verdict.Unknown : Verdict.Refused;
                foreach (int code in (int[])[-1010, -2010, -2011, -2038]) Assert.Equal(expected, Verdicts.Judge(market, 400, code, Some.Utf8(text)));
                judged++;
            }
            foreach (JsonElement filter in table.RootElement.GetProperty("filterFailures").EnumerateArray())
            {
                Assert.Equal(Verdict.Refused, Verdicts.Judge(market, 400, -1013, Some.Utf8(filter.GetString()!)));
                judged++;
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{file}: {judged} error bodies, one verdict each");

        static bool Has(string list, string word) => list.Split(' ').Contains(word);
    }
}
