using System.Text;

namespace Peregrine.Dashboards;

/// <summary>
/// Makes text from outside fit for a terminal: no escape sequence, line break or change of direction gets through, and every character takes
/// one cell. Markup needs no care, since nothing here is ever parsed as markup.
/// </summary>
internal static class CleanText
{
    public static string Of(string text)
    {
        foreach (char c in text)
            if (!IsFit(c)) return Rebuild(text);
        return text;
    }

    private static string Rebuild(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (char c in text)
        {
            if (IsFit(c)) clean.Append(c);
            else if (!char.IsLowSurrogate(c)) clean.Append(char.IsControl(c) ? '·' : '?'); // A pair is one character.
        }
        return clean.ToString();
    }

    /// <summary>Latin, Greek and Cyrillic letters, dashes and quotes, and the signs that the screen itself draws with.</summary>
    private static bool IsFit(char c) => c
        is (>= ' ' and <= '~')
        or (>= '\u00A1' and <= '\u02FF' and not '\u00AD')
        or (>= '\u0370' and <= '\u0482')
        or (>= '\u2010' and <= '\u2027')
        or '›' or '−' or '≥' or '≤' or '→'
        or (>= '\u2500' and <= '\u259F')
        or '●' or '○' or '▲' or '▼';
}
