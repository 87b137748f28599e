using System.Runtime.InteropServices;
using System.Text;

namespace Peregrine.Research.Datasets;

/// <summary>Writes one array in NumPy's .npy format (version 1.0, little-endian, C order), rows as they come.</summary>
public sealed class NpyWriter<T> : IDisposable where T : unmanaged
{
    /// <summary>Room for any row count in the header, which is written last.</summary>
    private const int HeaderBytes = 128;

    private readonly FileStream _file;
    private readonly int _columns;
    private readonly string _type;
    private long _values;

    /// <param name="path">The file; it is replaced.</param>
    /// <param name="columns">Values in a row, or 0 for an array of one dimension.</param>
    public NpyWriter(string path, int columns)
    {
        _columns = columns;
        _type = default(T) switch
        {
            float => "<f4",
            double => "<f8",
            long => "<i8",
            _ => throw new NotSupportedException($"No array of {typeof(T).Name} is written here."),
        };
        _file = new FileStream(path, FileMode.Create, FileAccess.Write);
        _file.Write(new byte[HeaderBytes]);
    }

    public long Rows => _columns == 0 ? _values : _values / _columns;

    public void Write(ReadOnlySpan<T> row)
    {
        if (row.Length != Math.Max(1, _columns)) throw new ArgumentException($"A row has {Math.Max(1, _columns)} values, not {row.Length}.", nameof(row));
        _file.Write(MemoryMarshal.AsBytes(row));
        _values += row.Length;
    }

    public void Write(T value) => Write([value]);

    public void Dispose()
    {
        string shape = _columns == 0 ? $"({Rows},)" : $"({Rows}, {_columns})";
        string header = $"{{'descr': '{_type}', 'fortran_order': False, 'shape': {shape}, }}".PadRight(HeaderBytes - 11) + "\n";
        _file.Position = 0;
        _file.Write([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0]);
        _file.Write(BitConverter.GetBytes((ushort)(HeaderBytes - 10)));
        _file.Write(Encoding.ASCII.GetBytes(header));
        _file.Dispose();
    }
}
