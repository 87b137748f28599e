using System.Globalization;

using Peregrine.Storage.Files;

namespace Peregrine.Storage.Tests;

public sealed class IsoWeekTests
{
    [Theory]
    [InlineData("2024-12-30", "2025-W01")]
    [InlineData("2025-12-29", "2026-W01")]
    [InlineData("2026-12-31", "2026-W53")]
    [InlineData("2027-01-03", "2026-W53")]
    [InlineData("2027-01-04", "2027-W01")]
    [InlineData("2021-01-03", "2020-W53")]
    [InlineData("2022-01-01", "2021-W52")]
    public void A_day_belongs_to_its_week(string day, string week) =>
        Assert.Equal(week, IsoWeek.Of(DateTimeOffset.Parse(day + "T00:00:00Z", CultureInfo.InvariantCulture)).ToString());

    [Fact]
    public void Row_10_Every_day_from_1970_to_2100_has_the_week_that_counting_gives()
    {
        int trials = 0;
        int mismatches = 0;
        // Counted by hand: 1970-01-01 was a Thursday; a week belongs to the year of its Thursday and is that year's so-manieth.
        int weekOfYear = 1;
        int year = 1970;
        int yearOfThursday = 1970;
        DateTimeOffset day = DateTimeOffset.UnixEpoch;
        for (int count = 0; day.Year < 2101; count++, day = day.AddDays(1))
        {
            int weekday = (count + 3) % 7; // 0 is Monday.
            if (weekday == 0)
            {
                yearOfThursday = day.AddDays(3).Year;
                weekOfYear = yearOfThursday == year ? weekOfYear + 1 : 1;
                year = yearOfThursday;
            }
            foreach (long within in (ReadOnlySpan<long>)[0, 1, TimeSpan.TicksPerDay / 2, TimeSpan.TicksPerDay - 1])
            {
                long nanos = ((day - DateTimeOffset.UnixEpoch).Ticks + within) * 100;
                IsoWeek week = IsoWeek.Of(nanos);
                bool right = week == new IsoWeek(year, weekOfYear) && nanos < week.EndNanos && week.EndNanos - nanos <= TimeSpan.FromDays(7).Ticks * 100 &&
                    IsoWeek.Of(week.EndNanos) > week && IsoWeek.Of(week.EndNanos - 100) == week;
                int part = 1 + (count % 3);
                right &= IsoWeek.TryParseFileName(week.FileNameOf(part), out IsoWeek parsed, out int parsedPart) && parsed == week && parsedPart == part;
                trials++;
                if (!right) mismatches++;
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"row 10: {trials} instants from 1970 to 2100, {mismatches} weeks other than counted");
        Assert.Equal(0, mismatches);
        Assert.True(trials > 190_000);
    }

    [Theory]
    [InlineData("crypto_2026_54.db")]
    [InlineData("crypto_2025_53.db")] // 2025 has 52 weeks.
    [InlineData("crypto_2026_00.db")]
    [InlineData("crypto_2026_47_1.db")] // The first part has no number.
    [InlineData("crypto_2026_47_02.db")]
    [InlineData("crypto_2026_47_.db")]
    [InlineData("crypto_2026_47_12345678.db")]
    [InlineData("crypto_2026_47x2.db")]
    [InlineData("crypto_.db")]
    [InlineData("crypto_2026_47.db-wal")]
    [InlineData("crypto_2026_47.db.new")]
    [InlineData("crypto_2026_47.db.corrupt-20261118T120000000Z")]
    [InlineData("crypto_+026_47.db")]
    [InlineData("orders.db")]
    public void Other_names_are_none_of_ours(string name) => Assert.False(IsoWeek.TryParseFileName(name, out _));
}
