using System.Globalization;

using Peregrine.Common;

namespace Peregrine.Storage.Export;

/// <summary>One line at a time, field by field.</summary>
internal sealed class CsvLine(TextWriter writer)
{
    private readonly char[] _text = new char[64];
    private bool _begun;

    internal void Text(ReadOnlySpan<char> text)
    {
        Separate();
        if (!text.ContainsAny(",\"\n\r"))
        {
            writer.Write(text);
            return;
        }
        writer.Write('"');
        writer.Write(text.ToString().Replace("\"", "\"\"", StringComparison.Ordinal));
        writer.Write('"');
    }

    internal void Number(long value)
    {
        Separate();
        value.TryFormat(_text, out int length, provider: CultureInfo.InvariantCulture);
        writer.Write(_text, 0, length);
    }

    internal void Unsigned(ulong value)
    {
        Separate();
        value.TryFormat(_text, out int length, provider: CultureInfo.InvariantCulture);
        writer.Write(_text, 0, length);
    }

    /// <summary>The shortest text that gives the same number back.</summary>
    internal void Real(float value)
    {
        Separate();
        value.TryFormat(_text, out int length, provider: CultureInfo.InvariantCulture);
        writer.Write(_text, 0, length);
    }

    /// <summary>1e-8 units as an exact decimal.</summary>
    internal void Units(long units)
    {
        Separate();
        Span<byte> ascii = stackalloc byte[FixedPoint.TextLengthMax];
        int length = FixedPoint.Format(units, ascii);
        for (int i = 0; i < length; i++) _text[i] = (char)ascii[i];
        writer.Write(_text, 0, length);
    }

    internal void End()
    {
        writer.Write('\n');
        _begun = false;
    }

    private void Separate()
    {
        if (_begun) writer.Write(',');
        _begun = true;
    }
}
