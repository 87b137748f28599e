using Peregrine.Common;

namespace Peregrine.Simulator.Api;

/// <summary>The parameters of a request, from query, form or JSON alike.</summary>
internal sealed class RequestParameters(Dictionary<string, string> values)
{
    public string? Optional(string name) => values.TryGetValue(name, out string? value) && value.Length > 0 ? value : null;

    /// <exception cref="ApiException">It is missing.</exception>
    public string Required(string name) => Optional(name) ?? throw ApiException.Missing(name);

    public bool Has(string name) => values.ContainsKey(name);

    /// <exception cref="ApiException">It is there and no whole number.</exception>
    public long? Integer(string name)
    {
        if (Optional(name) is not { } text) return null;
        foreach (char digit in text)
            if (!char.IsAsciiDigit(digit)) throw new ApiException(-1100, $"Illegal characters found in parameter '{name}'; legal range is '^[0-9]{{1,20}}$'.");
        return long.TryParse(text, out long value) ? value : throw new ApiException(-1108, $"Parameter '{name}' overflowed.");
    }

    /// <summary>A decimal in 1e-8 units; null when it was not sent.</summary>
    /// <exception cref="ApiException">It is malformed or too fine.</exception>
    public long? Decimal(string name)
    {
        if (Optional(name) is not { } text) return null;
        int points = 0;
        foreach (char character in text)
        {
            if (character == '.') points++;
            else if (!char.IsAsciiDigit(character)) points = 2;
        }
        if (points > 1 || text[0] == '.' || text[^1] == '.')
            throw new ApiException(-1100, $"Illegal characters found in parameter '{name}'; legal range is '^([0-9]{{1,20}})(\\.[0-9]{{1,20}})?$'.");
        if (FixedPoint.TryParse(text, out long units)) return units;
        throw text.IndexOf('.', StringComparison.Ordinal) is >= 0 and var point && text.TrimEnd('0').Length - point - 1 > FixedPoint.Places
            ? new ApiException(-1111, $"Parameter '{name}' has too much precision.")
            : new ApiException(-1108, $"Parameter '{name}' overflowed.");
    }

    /// <summary>Whose request it is, once a signed one has been checked.</summary>
    public ActiveKey? Key { get; set; }

    /// <summary>One of the words that are allowed; null when it was not sent.</summary>
    /// <exception cref="ApiException">It is another word.</exception>
    public string? Word(string name, params ReadOnlySpan<string> allowed) =>
        Optional(name) is not { } word ? null : allowed.Contains(word) ? word : throw ApiException.Invalid(name);

    /// <summary>All values by name, for signing.</summary>
    public IReadOnlyDictionary<string, string> Values => values;
}
