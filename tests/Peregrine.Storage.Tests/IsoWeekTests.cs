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
    public void Every_instant_from_1970_to_2100_is_before_its_weeks_end_and_names_lead_back()
    {
        for (DateTimeOffset day = DateTimeOffset.UnixEpoch; day.Year < 2100; day = day.AddDays(1))
        {
            long nanos = (day - DateTimeOffset.UnixEpoch).Ticks * 100;
            IsoWeek week = IsoWeek.Of(nanos);
            Assert.True(nanos < week.EndNanos && week.EndNanos - nanos <= TimeSpan.FromDays(7).Ticks * 100, $"{day}");
            Assert.True(IsoWeek.Of(week.EndNanos) > week && IsoWeek.Of(week.EndNanos - 100) == week, $"{day}");
            Assert.True(IsoWeek.TryParseFileName(week.FileName, out IsoWeek parsed) && parsed == week, $"{day}");
        }
    }

    [Theory]
    [InlineData("crypto_2026_54.db")]
    [InlineData("crypto_2025_53.db")] // 2025 has 52 weeks.
    [InlineData("crypto_2026_00.db")]
    [InlineData("crypto_2026_47.db-wal")]
    [InlineData("crypto_2026_47.db.new")]
    [InlineData("crypto_2026_47.db.corrupt-20261118T120000000Z")]
    [InlineData("crypto_+026_47.db")]
    [InlineData("orders.db")]
    public void Other_names_are_none_of_ours(string name) => Assert.False(IsoWeek.TryParseFileName(name, out _));
}
