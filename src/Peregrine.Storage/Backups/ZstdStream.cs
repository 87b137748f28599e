using System.Security.Cryptography;

namespace Peregrine.Storage.Backups;

/// <summary>Whole files through zstd, in pieces, with the SHA-256 of both sides.</summary>
internal static unsafe class ZstdStream
{
    /// <summary>8 MiB: what levels up to 19 need; a frame that wants more is refused before it gets the memory.</summary>
    private const int WindowLogMax = 23;

    private const int BufferBytes = 1 << 20;

    /// <summary>Lengths and lower-case hexadecimal SHA-256 of what was read and what was written.</summary>
    internal readonly record struct Summary(long ReadBytes, string ReadHash, long WrittenBytes, string WrittenHash);

    /// <summary>Compresses all of <paramref name="source"/> into one frame with a content checksum.</summary>
    internal static Summary Compress(FileStream source, Stream target, int level, Action<long>? progress, CancellationToken cancellation)
    {
        nint context = ZstdNative.CreateCompressor();
        try
        {
            ZstdNative.Check(ZstdNative.SetParameter(context, ZstdNative.CompressionLevel, level));
            ZstdNative.Check(ZstdNative.SetParameter(context, ZstdNative.ChecksumFlag, 1));
            ZstdNative.Check(ZstdNative.SetSourceSize(context, (ulong)source.Length));
            using Sides sides = new(source, target);
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                int read = sides.Read();
                int end = read == 0 ? ZstdNative.End : ZstdNative.Continue;
                fixed (byte* inputStart = sides.Input, outputStart = sides.Output)
                {
                    ZstdNative.Span input = new() { Start = inputStart, Size = (nuint)read };
                    nuint left;
                    do
                    {
                        ZstdNative.Span output = new() { Start = outputStart, Size = BufferBytes };
                        left = ZstdNative.Check(ZstdNative.Compress(context, &output, &input, end));
                        sides.Write((int)output.Position);
                    }
                    while (end == ZstdNative.End ? left != 0 : input.Position < input.Size);
                }
                if (read == 0) return sides.Finish();
                progress?.Invoke(sides.ReadBytes);
            }
        }
        finally
        {
            _ = ZstdNative.FreeCompressor(context);
        }
    }

    /// <summary>Decompresses all of <paramref name="source"/>; more than <paramref name="bytesMax"/> bytes are refused.</summary>
    internal static Summary Decompress(FileStream source, Stream target, long bytesMax, Action<long>? progress, CancellationToken cancellation)
    {
        nint context = ZstdNative.CreateDecompressor();
        try
        {
            ZstdNative.Check(ZstdNative.SetDecompressionParameter(context, ZstdNative.WindowLogMax, WindowLogMax));
            using Sides sides = new(source, target);
            nuint left = 1;
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                int read = sides.Read();
                if (read == 0) return left == 0 ? sides.Finish() : throw new StorageException("The archive ends in the middle.");
                fixed (byte* inputStart = sides.Input, outputStart = sides.Output)
                {
                    ZstdNative.Span input = new() { Start = inputStart, Size = (nuint)read };
                    bool isFull;
                    do
                    {
                        ZstdNative.Span output = new() { Start = outputStart, Size = BufferBytes };
                        left = ZstdNative.Check(ZstdNative.Decompress(context, &output, &input));
                        if (sides.WrittenBytes + (long)output.Position > bytesMax) throw new StorageException($"The archive holds more than the {bytesMax} bytes that its manifest names.");
                        sides.Write((int)output.Position);
                        isFull = output.Position == output.Size;
                    }
                    while (input.Position < input.Size || isFull);
                }
                progress?.Invoke(sides.WrittenBytes);
            }
        }
        finally
        {
            _ = ZstdNative.FreeDecompressor(context);
        }
    }

    private sealed class Sides(Stream source, Stream target) : IDisposable
    {
        private readonly IncrementalHash _readHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly IncrementalHash _writtenHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        internal byte[] Input { get; } = new byte[BufferBytes];
        internal byte[] Output { get; } = new byte[BufferBytes];
        internal long ReadBytes { get; private set; }
        internal long WrittenBytes { get; private set; }

        internal int Read()
        {
            int read = source.Read(Input);
            _readHash.AppendData(Input.AsSpan(0, read));
            ReadBytes += read;
            return read;
        }

        internal void Write(int count)
        {
            target.Write(Output.AsSpan(0, count));
            _writtenHash.AppendData(Output.AsSpan(0, count));
            WrittenBytes += count;
        }

        internal Summary Finish() =>
            new(ReadBytes, Convert.ToHexStringLower(_readHash.GetHashAndReset()), WrittenBytes, Convert.ToHexStringLower(_writtenHash.GetHashAndReset()));

        public void Dispose()
        {
            _readHash.Dispose();
            _writtenHash.Dispose();
        }
    }
}
