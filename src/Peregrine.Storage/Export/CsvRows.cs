using System.Globalization;

using Peregrine.Common;

namespace Peregrine.Storage.Export;

/// <summary>Comma-separated text, a line for each row, ended by a line feed; prices, quantities and amounts are exact decimals.</summary>
internal sealed class CsvRows(TextWriter writer) : IExportRows
{
    private readonly char[] _text = new char[64];
    private bool _begun;

    /// <summary>The line of names.</summary>
    internal void Header(IEnumerable<ExportColumn> columns) => writer.Write(string.Join(',', columns.Select(static column => column.Name)) + "\n");

    public void Text(ReadOnlySpan<char> text)
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

    public void Number(long value)
    {
        Separate();
        value.TryFormat(_text, out int length, provider: CultureInfo.InvariantCulture);
        writer.Write(_text, 0, length);
    }

    public void Unsigned(ulong value)
    {
        Separate();
        value.TryFormat(_text, out int length, provider: CultureInfo.InvariantCulture);
        writer.Write(_text, 0, length);
    }

    /// <summary>The shortest text that gives the same number back.</summary>
    public void Real(float value)
    {
        Separate();
        value.TryFormat(_text, out int length, provider: CultureInfo.InvariantCulture);
        writer.Write(_text, 0, length);
    }

    /// <summary>1e-8 units as an exact decimal.</summary>
    public void Units(long units)
    {
        Separate();
        Span<byte> ascii = stackalloc byte[FixedPoint.TextLengthMax];
        int length = FixedPoint.Format(units, ascii);
        for (int i = 0; i < length; i++) _text[i] = (char)ascii[i];
        writer.Write(_text, 0, length);
    }

    public void Flag(bool value) => Number(value ? 1 : 0);

    public void End()
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
