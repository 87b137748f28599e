using System.Globalization;

namespace Peregrine.Dashboards;

/// <summary>Numbers as people read them.</summary>
internal static class Figures
{
    public static string Count(double value) => double.IsFinite(value) ? value.ToString("#,0", CultureInfo.InvariantCulture) : "–";

    public static string Fixed(double value, int decimals) => double.IsFinite(value) ? value.ToString("F" + decimals, CultureInfo.InvariantCulture) : "–";

    public static string Micros(double micros) => micros switch
    {
        < 1_000 => $"{Fixed(micros, 1)} µs",
        < 1_000_000 => $"{Fixed(micros / 1_000, 1)} ms",
        _ => $"{Fixed(micros / 1_000_000, 1)} s",
    };

    public static string Age(double millis) => millis switch
    {
        double.NaN => "–",
        < 1_000 => $"{Fixed(millis, 0)} ms",
        < 60_000 => $"{Fixed(millis / 1_000, 1)} s",
        _ => Uptime(millis / 1_000),
    };

    public static string Uptime(double seconds)
    {
        if (!double.IsFinite(seconds) || seconds is < 0 or > 1e10) return "–";
        TimeSpan span = TimeSpan.FromSeconds(seconds);
        string clock = span.ToString(@"hh\:mm\:ss", CultureInfo.InvariantCulture);
        return span.Days > 0 ? $"{span.Days}d {clock}" : clock;
    }

    public static string Bytes(long bytes) => bytes switch
    {
        < 1 << 20 => $"{bytes >> 10} KiB",
        < 10L << 30 => $"{bytes >> 20} MiB",
        _ => $"{bytes >> 30} GiB",
    };

    public static string Signed(string amount) => amount.Length == 0 || amount[0] is '-' or '+' || amount.AsSpan().IndexOfAnyInRange('1', '9') < 0 ? amount : "+" + amount;

    /// <summary>0 where the text is no number.</summary>
    public static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : 0;

    /// <summary>Exact where both texts are decimals, empty otherwise.</summary>
    public static string Difference(string high, string low) =>
        decimal.TryParse(high, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal a)
        && decimal.TryParse(low, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal b) && Math.Abs(a) < 1e15m && Math.Abs(b) < 1e15m
            ? (a - b).ToString(CultureInfo.InvariantCulture)
            : "";
}
