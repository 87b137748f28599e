using System.Globalization;

using Microsoft.Extensions.Configuration;

using Peregrine.Common;

namespace Peregrine.App.Configuration;

/// <summary>
/// Reads settings by path, each with its default and what is allowed, and collects everything that is wrong: a value that is not allowed, and at the
/// end every path that nobody asked for. Nothing starts while there is an error.
/// </summary>
public sealed class ConfigurationReader(IConfiguration configuration)
{
    private readonly List<string> _errors = [];
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    public string Text(string path, string fallback)
    {
        _known.Add(path);
        return configuration[path] ?? fallback;
    }

    public string OneOf(string path, string fallback, params string[] allowed)
    {
        string value = Text(path, fallback);
        if (!allowed.Contains(value, StringComparer.Ordinal)) Refuse(path, value, $"one of {string.Join(", ", allowed)}");
        return value;
    }

    public bool Flag(string path, bool fallback)
    {
        string? value = Raw(path);
        if (value is null) return fallback;
        if (bool.TryParse(value, out bool flag)) return flag;
        Refuse(path, value, "true or false");
        return fallback;
    }

    public int Whole(string path, int fallback, int min, int max)
    {
        string? value = Raw(path);
        if (value is null) return fallback;
        if (int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= min && number <= max) return number;
        Refuse(path, value, $"a whole number from {min} to {max}");
        return fallback;
    }

    public double Fraction(string path, double fallback, double min, double max)
    {
        string? value = Raw(path);
        if (value is null) return fallback;
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (double.TryParse(value, style, CultureInfo.InvariantCulture, out double number) && number >= min && number <= max) return number;
        Refuse(path, value, string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}"));
        return fallback;
    }

    /// <summary>An amount of money, at least zero, exact to 8 places.</summary>
    public Notional Amount(string path, string fallback)
    {
        string value = Text(path, fallback);
        if (FixedPoint.TryParse(value.AsSpan(), out long units) && units >= 0) return Notional.FromUnits(units);
        Refuse(path, value, "a decimal of at least 0 with at most 8 places");
        return Notional.Parse(fallback);
    }

    /// <summary>A list: an array in the file, or one text with commas.</summary>
    public IReadOnlyList<string> List(string path, IReadOnlyList<string> fallback, Func<string, bool> allowed, string allowedText)
    {
        _known.Add(path);
        IConfigurationSection section = configuration.GetSection(path);
        // A flag or a variable (one text) stands over the file's array.
        string[] values = section.Value is { Length: > 0 } text
            ? text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : [.. section.GetChildren().Select(child => child.Value ?? "")];
        foreach (IConfigurationSection child in section.GetChildren()) _known.Add(child.Path);
        if (values.Length == 0) return fallback;
        foreach (string value in values)
            if (!allowed(value)) Refuse(path, value, allowedText);
        return values;
    }

    /// <summary>Notes an error that a caller found.</summary>
    public void Refuse(string path, string value, string allowed) =>
        _errors.Add($"{path.Replace(':', '.')}: '{value}' is not allowed; allowed is {allowed}");

    /// <summary>Notes an error without the value: it may be a secret that was written where the name of its file belongs.</summary>
    public void RefuseUnseen(string path, string allowed) =>
        _errors.Add($"{path.Replace(':', '.')}: what stands there is not allowed; allowed is {allowed}");

    /// <summary>Ends the start if anything is wrong or unknown.</summary>
    /// <exception cref="StopException">Bad configuration, with every error on a line of its own.</exception>
    public void ThrowOnErrors(string source)
    {
        foreach (KeyValuePair<string, string?> entry in configuration.AsEnumerable())
        {
            if (entry.Value is null || _known.Contains(entry.Key)) continue;
            string nearest = _known.OrderBy(known => Distance(known, entry.Key)).First();
            string hint = Distance(nearest, entry.Key) <= 3 ? $"; did you mean {nearest.Replace(':', '.')}?" : $"; allowed are {string.Join(", ", Siblings(entry.Key))}";
            _errors.Add($"{entry.Key.Replace(':', '.')}: a setting that does not exist{hint}"); // Without its value: under a misspelt name it may be a secret.
        }
        if (_errors.Count > 0) throw new StopException(ExitCode.BadConfiguration, $"the configuration ({source}) cannot be used:\n  " + string.Join("\n  ", _errors));
    }

    private string? Raw(string path)
    {
        _known.Add(path);
        return configuration[path];
    }

    private IEnumerable<string> Siblings(string path)
    {
        int colon = path.IndexOf(':', StringComparison.Ordinal);
        string section = colon < 0 ? "" : path[..(colon + 1)];
        string[] siblings = [.. _known.Where(known => known.StartsWith(section, StringComparison.OrdinalIgnoreCase)).Select(known => known.Replace(':', '.')).Order()];
        return siblings.Length > 0 ? siblings : _known.Select(known => known.Split(':')[0]).Distinct().Order();
    }

    /// <summary>Edits between two paths (Levenshtein), letter case aside.</summary>
    private static int Distance(string left, string right)
    {
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int above = row[j];
                bool same = char.ToUpperInvariant(left[i - 1]) == char.ToUpperInvariant(right[j - 1]);
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (same ? 0 : 1));
                diagonal = above;
            }
        }
        return row[right.Length];
    }
}
