namespace Peregrine.Simulator.Faults;

/// <summary>Names with <c>*</c> for any characters; upper and lower case are one.</summary>
internal static class StreamPattern
{
    public static string[] Parse(string patterns) => patterns.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public static bool MatchesAny(string[] patterns, string name) => Array.Exists(patterns, p => Matches(p, name));

    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        int star = pattern.IndexOf('*');
        if (star < 0) return pattern.Equals(name, StringComparison.OrdinalIgnoreCase);
        if (!name.StartsWith(pattern[..star], StringComparison.OrdinalIgnoreCase)) return false;
        ReadOnlySpan<char> rest = pattern[(star + 1)..];
        for (int at = star; at <= name.Length; at++)
            if (Matches(rest, name[at..])) return true;
        return false;
    }
}
