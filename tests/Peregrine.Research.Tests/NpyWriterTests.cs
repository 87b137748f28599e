using System.Buffers.Binary;
using System.Text;

using Peregrine.Research.Datasets;

using Xunit;

namespace Peregrine.Research.Tests;

public sealed class NpyWriterTests
{
    [Fact]
    public void Writes_what_numpy_reads()
    {
        string path = Path.GetTempFileName();
        using (NpyWriter<float> writer = new(path, columns: 3))
        {
            writer.Write([1, 2, 3]);
            writer.Write([4, 5, 6.5f]);
        }
        byte[] file = File.ReadAllBytes(path);
        File.Delete(path);
        Assert.Equal([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0], file[..8]);
        int header = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(8));
        Assert.Equal(0, (10 + header) % 64); // The format asks for it, so that the values lie well.
        string text = Encoding.ASCII.GetString(file, 10, header);
        Assert.StartsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", text, StringComparison.Ordinal);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Assert.Equal(6.5f, BinaryPrimitives.ReadSingleLittleEndian(file.AsSpan(10 + header + 20)));
        Assert.Equal(10 + header + 24, file.Length);
    }

    [Fact]
    public void Refuses_a_row_of_another_width()
    {
        string path = Path.GetTempFileName();
        using (NpyWriter<long> writer = new(path, columns: 0)) Assert.Throws<ArgumentException>(() => writer.Write([1, 2]));
        File.Delete(path);
    }
}
