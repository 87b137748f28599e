using System.Buffers.Binary;
using System.Globalization;
using System.Text;

using Peregrine.Common;

namespace Peregrine.Storage.Export;

/// <summary>
/// A structured array with a field for each column: numbers as 64-bit integers, flags as bytes, probabilities as 32-bit floats, text as UTF-8 of a fixed width,
/// and prices, quantities and amounts as exact 64-bit integers of 1e-8 units, or as 64-bit floats of whole units where that was asked for.
/// </summary>
internal sealed class NpyRows : IExportRows
{
    private readonly ExportColumn[] _columns;
    private readonly bool _floats;
    private readonly NpyFile _file;
    private readonly byte[] _row;
    private int _column;
    private int _at;

    internal NpyRows(NpyFile file, ExportColumn[] columns, bool floats)
    {
        _file = file;
        _columns = columns;
        _floats = floats;
        _row = new byte[columns.Sum(static column => Width(column))];
    }

    /// <summary>NumPy's description of a row.</summary>
    internal static string TypeOf(IEnumerable<ExportColumn> columns, bool floats) =>
        $"[{string.Join(", ", columns.Select(column => $"('{column.Name}', '{TypeOf(column, floats)}')"))}]";

    private static string TypeOf(ExportColumn column, bool floats) => column.Type switch
    {
        ColumnType.Number => "<i8",
        ColumnType.Unsigned => "<u8",
        ColumnType.Units => floats ? "<f8" : "<i8",
        ColumnType.Real => "<f4",
        ColumnType.Flag => "|u1",
        _ => string.Create(CultureInfo.InvariantCulture, $"|S{Width(column)}"),
    };

    private static int Width(ExportColumn column) => column.Type switch
    {
        ColumnType.Real => 4,
        ColumnType.Flag => 1,
        ColumnType.Text => Math.Max(1, column.Width), // NumPy reads no fields without a width.
        _ => 8,
    };

    public void Text(ReadOnlySpan<char> text)
    {
        Span<byte> field = Next(ColumnType.Text);
        field.Clear();
        if (!Encoding.UTF8.TryGetBytes(text, field, out _)) throw new InvalidOperationException($"The column {_columns[_column - 1].Name} has {field.Length} bytes, too few for '{text}'.");
    }

    public void Number(long value) => BinaryPrimitives.WriteInt64LittleEndian(Next(ColumnType.Number), value);

    public void Unsigned(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Next(ColumnType.Unsigned), value);

    public void Real(float value) => BinaryPrimitives.WriteSingleLittleEndian(Next(ColumnType.Real), value);

    public void Units(long units)
    {
        Span<byte> field = Next(ColumnType.Units);
        if (_floats) BinaryPrimitives.WriteDoubleLittleEndian(field, (double)units / FixedPoint.One);
        else BinaryPrimitives.WriteInt64LittleEndian(field, units);
    }

    public void Flag(bool value) => Next(ColumnType.Flag)[0] = value ? (byte)1 : (byte)0;

    public void End()
    {
        if (_column != _columns.Length) throw new InvalidOperationException($"A row of {_columns.Length} columns ended after {_column}.");
        _file.Write(_row);
        _column = 0;
        _at = 0;
    }

    private Span<byte> Next(ColumnType type)
    {
        if (_column == _columns.Length || _columns[_column].Type != type) throw new InvalidOperationException($"Column {_column} is no {type}.");
        int width = Width(_columns[_column++]);
        Span<byte> field = _row.AsSpan(_at, width);
        _at += width;
        return field;
    }
}
