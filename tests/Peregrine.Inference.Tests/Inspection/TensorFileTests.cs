using System.Text;

using Peregrine.Inference.Inspection;

using Xunit;

namespace Peregrine.Inference.Tests.Inspection;

/// <summary>Tensors in NumPy's files and as text.</summary>
public sealed class TensorFileTests
{
    private static readonly TensorInfo _x = new("x", ElementType.Float32, [new Dimension(null, "batch"), new Dimension(3, null)]);

    [Fact]
    public void Reads_a_file_as_NumPy_writes_it() // numpy.save of numpy.array([[1.5, -2.0]], dtype='<f8'), format 1.0: 118 bytes of header.
    {
        byte[] file = Npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }", [.. BitConverter.GetBytes(1.5), .. BitConverter.GetBytes(-2.0)]);
        FixedTensor tensor = NpyFormat.Read(file, "it");
        Assert.Equal("Float64[1, 2]", tensor.ToString());
        Assert.Equal([1.5, -2.0], tensor.Values<double>().ToArray());
        Assert.Equal(5, NpyFormat.Read(Npy("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", [5]), "it").Number(0));
        Assert.Equal([3], NpyFormat.Read(Npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }", [1, 0, 1]), "it").Shape);
    }

    [Fact]
    public void Writes_what_it_reads()
    {
        FixedTensor[] tensors =
        [
            FixedTensor.Of([1.5f, float.NaN, -0f], 3), FixedTensor.Of([1.0, 2], 1, 2), FixedTensor.Of([long.MinValue, 7], 2, 1), FixedTensor.Of([-1], []), FixedTensor.Of([true, false], 2),
            FixedTensor.Of(new short[] { -5 }, 1), FixedTensor.Of(new sbyte[] { -5, 5 }, 2), FixedTensor.Of(new[] { ulong.MaxValue }, 1), FixedTensor.Of(new uint[] { 9 }, 1), FixedTensor.Of(new ushort[] { 9 }, 1),
            FixedTensor.Of(new byte[] { 200 }, 1), FixedTensor.Of<float>([], 0, 3),
        ];
        foreach (FixedTensor tensor in tensors)
        {
            byte[] file = NpyFormat.Write(tensor);
            Assert.Equal(0, (10 + file[8] + (file[9] << 8)) % 64); // NumPy aligns the elements so.
            FixedTensor back = NpyFormat.Read(file, "it");
            Assert.Equal(tensor.ToString(), back.ToString());
            Assert.True(tensor.Data.Bytes.SequenceEqual(back.Data.Bytes));
        }
    }

    [Theory]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "holds elements of type <c8; allowed are <f4, <f8")]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "holds elements of type >f4")]
    [InlineData("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", "is in Fortran order; C order is allowed")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "holds 4 bytes where its dimensions say 8")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }", "has dimension 99999999999")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "whole numbers are allowed")]
    [InlineData("{'shape': (1,)}", "cannot be read; descr, fortran_order and shape are needed")]
    public void Refuses_other_arrays_in_words(string header, string message)
    {
        var e = Assert.Throws<ModelException>(() => NpyFormat.Read(Npy(header, new byte[4]), "it"));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_damaged_file_does_more_than_be_refused()
    {
        byte[] file = NpyFormat.Write(FixedTensor.Of([1f, 2, 3], 3));
        var random = new Random(41);
        int refused = 0;
        for (int round = 0; round < 5_000; round++)
        {
            byte[] damaged = [.. file[..random.Next(file.Length + 1)]];
            for (int i = random.Next(4); i > 0 && damaged.Length > 0; i--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                NpyFormat.Read(damaged, "it");
            }
            catch (ModelException)
            {
                refused++;
            }
        }
        Assert.True(refused > 4_000, $"{refused} refused");
    }

    [Theory]
    [InlineData("1,2,3", 1)]
    [InlineData("1 2\t3\n4;5,6", 2)]
    [InlineData("[[1,2,3]]", 1)]
    [InlineData("[[1,2,3],[4,5,6]]", 2)]
    [InlineData("[1,2,3,4,5,6]", 2)]
    public void Text_fills_the_shape_of_the_input(string text, int rows)
    {
        FixedTensor tensor = TensorText.Parse(text, _x);
        Assert.Equal([rows, 3], tensor.Shape);
        Assert.Equal(Enumerable.Range(1, 3 * rows).Select(i => (float)i), tensor.Values<float>().ToArray());
    }

    [Theory]
    [InlineData("1,2", "takes a multiple of 3 numbers; 2 were given")]
    [InlineData("1,2,x", "number 2 is 'x'; a decimal such as 1.5 or -2e-3 is allowed")]
    [InlineData("[[1,2],[3]]", "not all as long as each other: 2 and 1")]
    [InlineData("[[1,2,3],4]", "not all as deep")]
    [InlineData("[1,[2,3]]", "not all as deep")]
    [InlineData("[[1,2,", "is not JSON")]
    [InlineData("[[1,2,null]]", "number 2 is 'null'")]
    public void Text_that_does_not_fit_is_refused_with_the_place(string text, string message)
    {
        var e = Assert.Throws<ModelException>(() => TensorText.Parse(text, _x));
        Assert.Contains("x Float32[batch, 3]", e.Message, StringComparison.Ordinal);
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Numbers_are_of_the_type_of_the_input()
    {
        TensorInfo Of(ElementType type) => new("x", type, [new Dimension(2, null)]);
        Assert.Equal([1L, -3], TensorText.Parse("1,-3", Of(ElementType.Int64)).Values<long>().ToArray());
        Assert.Equal([1, 0], TensorText.Parse("[true,false]", Of(ElementType.Bool)).Values<byte>().ToArray());
        Assert.Contains("a whole number from -128 to 127", Assert.Throws<ModelException>(() => TensorText.Parse("1,300", Of(ElementType.Int8))).Message, StringComparison.Ordinal);
        Assert.Contains("true or false", Assert.Throws<ModelException>(() => TensorText.Parse("1,2", Of(ElementType.Bool))).Message, StringComparison.Ordinal);
        Assert.Equal([1.5f, 2], TensorText.Convert(FixedTensor.Of([1.5, 2], 2), Of(ElementType.Float32)).Values<float>().ToArray());
        Assert.Equal([7, 8], TensorText.Convert(FixedTensor.Of([7L, 8], 2), Of(ElementType.Int32)).Values<int>().ToArray());
        Assert.Contains("number 1 is 3000000000, which Int32 does not hold", Assert.Throws<ModelException>(() => TensorText.Convert(FixedTensor.Of([7L, 3_000_000_000], 2), Of(ElementType.Int32))).Message, StringComparison.Ordinal);
        Assert.Throws<ModelException>(() => TensorText.Convert(FixedTensor.Of([1.5f, 2], 2), Of(ElementType.Int64)));
    }

    [Fact]
    public void Text_comes_out_as_it_went_in()
    {
        FixedTensor tensor = FixedTensor.Of([1.5f, float.NaN, float.PositiveInfinity, -0.1f], 2, 1, 2);
        Assert.Equal("""[[[1.5,"NaN"]],[["Infinity",-0.1]]]""", TensorText.ToJson(tensor));
        Assert.Equal(tensor.Values<float>().ToArray(), TensorText.Parse(TensorText.ToJson(tensor), new TensorInfo("x", ElementType.Float32, [new(2, null), new(1, null), new(2, null)])).Values<float>().ToArray());
        Assert.Equal("3", TensorText.ToJson(FixedTensor.Of([3L])));
        Assert.Equal("[]", TensorText.ToJson(FixedTensor.Of<float>([], 0)));
    }

    private static byte[] Npy(string header, byte[] data)
    {
        header = header.PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), .. data];
    }
}
