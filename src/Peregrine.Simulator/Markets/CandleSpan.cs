namespace Peregrine.Simulator.Markets;

/// <summary>An interval of candles: where one begins and ends. Weeks begin on Monday, months on their first day.</summary>
/// <param name="Name">As in stream names: 1m.</param>
/// <param name="Millis">Its length; of a month, that of the shortest.</param>
internal readonly record struct CandleSpan(string Name, long Millis)
{
    private const long Day = 86_400_000;
    private const long FirstMonday = 4 * Day;

    /// <summary>All that the exchange has, the shortest first.</summary>
    public static IReadOnlyList<CandleSpan> All { get; } =
    [
        new("1s", 1_000), new("1m", 60_000), new("3m", 180_000), new("5m", 300_000), new("15m", 900_000), new("30m", 1_800_000), new("1h", 3_600_000),
        new("2h", 7_200_000), new("4h", 14_400_000), new("6h", 21_600_000), new("8h", 28_800_000), new("12h", 43_200_000),
        new("1d", Day), new("3d", 3 * Day), new("1w", 7 * Day), new("1M", 28 * Day),
    ];

    /// <summary>The beginning of the candle that a moment is in.</summary>
    public long OpenOf(long millis)
    {
        if (Name == "1M")
        {
            DateTimeOffset at = DateTimeOffset.FromUnixTimeMilliseconds(millis);
            return new DateTimeOffset(at.Year, at.Month, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        }
        long phase = Name == "1w" ? FirstMonday : 0;
        return millis - ((millis - phase) % Millis);
    }

    /// <summary>The beginning of the next candle.</summary>
    public long EndOf(long openMillis) =>
        Name == "1M" ? DateTimeOffset.FromUnixTimeMilliseconds(openMillis).AddMonths(1).ToUnixTimeMilliseconds() : openMillis + Millis;
}
