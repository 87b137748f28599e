using System.Globalization;
using System.Text;

namespace Peregrine.Storage.Export;

/// <summary>
/// One array in NumPy's .npy format (version 1.0, little-endian, C order), written row by row and of any length. The file has its name only once
/// <see cref="Finish"/> has written the header; before, and when it is given up, there is nothing under that name.
/// </summary>
public sealed class NpyFile : IDisposable
{
    private const int PrefixBytes = 10;
    private const int Alignment = 64;
    private const int BufferBytes = 1 << 18;
    private const string Partial = ".partial";

    private readonly string _path;
    private readonly string _type;
    private readonly int _columns;
    private readonly int _headerBytes;
    private readonly FileStream _file;
    private bool _isFinished;

    /// <param name="path">The file; one that is there is replaced when this one is whole.</param>
    /// <param name="type">NumPy's description of an element as Python text: <c>'&lt;f4'</c>, or <c>[('seq', '&lt;i8'), …]</c>.</param>
    /// <param name="columns">Elements in a row, or 0 for an array of one dimension.</param>
    public NpyFile(string path, string type, int columns = 0)
    {
        _path = path;
        _type = type;
        _columns = columns;
        _headerBytes = (PrefixBytes + Header(long.MaxValue).Length + 1 + Alignment - 1) / Alignment * Alignment;
        if (_headerBytes - PrefixBytes > ushort.MaxValue) throw new ArgumentException($"A header of {_headerBytes} bytes is more than the format allows.", nameof(type));
        _file = new FileStream(path + Partial, FileMode.Create, FileAccess.Write, FileShare.Read, BufferBytes);
        _file.Write(new byte[_headerBytes]);
    }

    /// <summary>Rows written so far.</summary>
    public long Rows { get; private set; }

    /// <summary>Adds one row, as its bytes.</summary>
    public void Write(ReadOnlySpan<byte> row)
    {
        _file.Write(row);
        Rows++;
    }

    /// <summary>Writes the header, which needs the number of rows, and gives the file its name.</summary>
    public void Finish()
    {
        _file.Position = 0;
        _file.Write([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0]);
        _file.Write([(byte)(_headerBytes - PrefixBytes), (byte)((_headerBytes - PrefixBytes) >> 8)]);
        _file.Write(Encoding.ASCII.GetBytes(Header(Rows).PadRight(_headerBytes - PrefixBytes - 1) + "\n"));
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(_path + Partial, _path, overwrite: true);
        _isFinished = true;
    }

    private string Header(long rows)
    {
        string shape = _columns == 0 ? string.Create(CultureInfo.InvariantCulture, $"({rows},)") : string.Create(CultureInfo.InvariantCulture, $"({rows}, {_columns})");
        return $"{{'descr': {_type}, 'fortran_order': False, 'shape': {shape}, }}";
    }

    public void Dispose()
    {
        if (_isFinished) return;
        _file.Dispose();
        File.Delete(_path + Partial);
    }
}
