using System.Runtime.InteropServices;

using Peregrine.Storage.Export;

namespace Peregrine.Research.Datasets;

/// <summary>Writes one array of plain numbers in NumPy's .npy format, rows as they come. The file has its name once this is disposed of.</summary>
public sealed class NpyWriter<T> : IDisposable where T : unmanaged
{
    private readonly NpyFile _file;
    private readonly int _rowLength;

    /// <param name="path">The file; it is replaced.</param>
    /// <param name="columns">Values in a row, or 0 for an array of one dimension.</param>
    public NpyWriter(string path, int columns)
    {
        _rowLength = Math.Max(1, columns);
        string type = default(T) switch
        {
            float => "'<f4'",
            double => "'<f8'",
            long => "'<i8'",
            _ => throw new NotSupportedException($"No array of {typeof(T).Name} is written here."),
        };
        _file = new NpyFile(path, type, columns);
    }

    public long Rows => _file.Rows;

    public void Write(ReadOnlySpan<T> row)
    {
        if (row.Length != _rowLength) throw new ArgumentException($"A row has {_rowLength} values, not {row.Length}.", nameof(row));
        _file.Write(MemoryMarshal.AsBytes(row));
    }

    public void Write(T value) => Write([value]);

    public void Dispose()
    {
        _file.Finish();
        _file.Dispose();
    }
}
