using System.Globalization;

namespace Peregrine.Storage.Files;

/// <summary>A week as ISO 8601 counts them (Monday to Sunday, UTC; the week of a year's first Thursday is its first). One database file each, rarely more.</summary>
public readonly record struct IsoWeek(int Year, int Number) : IComparable<IsoWeek>
{
    private const string Prefix = "crypto_";

    /// <summary>The ending of a database's name.</summary>
    public const string Extension = ".db";

    public static IsoWeek Of(DateTimeOffset time) => new(ISOWeek.GetYear(time.UtcDateTime), ISOWeek.GetWeekOfYear(time.UtcDateTime));

    /// <summary>The week of a stamp in nanoseconds since 1970.</summary>
    public static IsoWeek Of(long unixNanos) => Of(Common.EpochClock.FromNanos(unixNanos));

    /// <summary>The first instant of the week after, nanoseconds since 1970; the largest number where that lies beyond 2262.</summary>
    public long EndNanos
    {
        get
        {
            DateTime monday = DateTime.SpecifyKind(ISOWeek.ToDateTime(Year, Number, DayOfWeek.Monday), DateTimeKind.Utc);
            Int128 nanos = (Int128)(monday.AddDays(7) - DateTime.UnixEpoch).Ticks * 100;
            return nanos > long.MaxValue ? long.MaxValue : (long)nanos;
        }
    }

    /// <summary>crypto_2026_47.db</summary>
    public string FileName => FileNameOf(1);

    /// <summary>crypto_2026_47.db for the first part, crypto_2026_47_2.db for the second: a week has more than one where a file could not be gone on with.</summary>
    public string FileNameOf(int part) => part <= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Year:D4}_{Number:D2}{Extension}")
        : string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Year:D4}_{Number:D2}_{part}{Extension}");

    /// <summary>Reads the name of a weekly file; anything else in a state directory is none of ours.</summary>
    public static bool TryParseFileName(string name, out IsoWeek week) => TryParseFileName(name, out week, out _);

    /// <summary>Reads <see cref="FileNameOf"/>.</summary>
    public static bool TryParseFileName(string name, out IsoWeek week, out int part)
    {
        week = default;
        part = 1;
        if (!name.StartsWith(Prefix, StringComparison.Ordinal) || !name.EndsWith(Extension, StringComparison.Ordinal)) return false;
        int stem = name.Length - Prefix.Length - Extension.Length;
        if (stem < 7) return false;
        ReadOnlySpan<char> digits = name.AsSpan(Prefix.Length, stem);
        if (digits[4] != '_' ||
            !int.TryParse(digits[..4], NumberStyles.None, CultureInfo.InvariantCulture, out int year) ||
            !int.TryParse(digits[5..7], NumberStyles.None, CultureInfo.InvariantCulture, out int number)) return false;
        if (year is < 1 or > 9998 || number < 1 || number > ISOWeek.GetWeeksInYear(year)) return false;
        if (stem > 7 && (digits[7] != '_' || stem > 14 || digits[8..] is ['0', ..] ||
            !int.TryParse(digits[8..], NumberStyles.None, CultureInfo.InvariantCulture, out part) || part < 2)) return false;
        week = new IsoWeek(year, number);
        return true;
    }

    public int CompareTo(IsoWeek other) => (Year, Number).CompareTo((other.Year, other.Number));
    public static bool operator <(IsoWeek left, IsoWeek right) => left.CompareTo(right) < 0;
    public static bool operator >(IsoWeek left, IsoWeek right) => left.CompareTo(right) > 0;

    /// <summary>2026-W47</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Year:D4}-W{Number:D2}");
}
