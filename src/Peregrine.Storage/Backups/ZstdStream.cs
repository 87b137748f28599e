namespace Peregrine.Storage.Backups;

/// <summary>Whole files through zstd, in pieces, with their SHA-256.</summary>
internal static unsafe class ZstdStream
{
    /// <summary>8 MiB: what levels up to 19 need; a frame that wants more is refused before it gets the memory.</summary>
    private const int WindowLogMax = 23;

    private const uint FrameMagic = 0xFD2FB528;
    private const int FrameHeaderBytesMin = 6;
    private const int ChecksumBit = 0x04;

    /// <summary>Lengths and lower-case hexadecimal SHA-256 of what was read and what was written; empty for one that was not hashed.</summary>
    internal readonly record struct Summary(long ReadBytes, string ReadHash, long WrittenBytes, string WrittenHash);

    /// <summary>As below, on this thread, as fast as it goes.</summary>
    internal static Summary Compress(FileStream source, Stream target, int level, Action<long>? progress, CancellationToken cancellation) =>
        Compress(source, target, level, threads: 0, new Pace(0, TimeProvider.System, cancellation), progress);

    /// <summary>
    /// Compresses all of <paramref name="source"/> into one frame with a content checksum. What is written is not hashed here: it is when it is read back, and
    /// without hardware support hashing costs as much as compressing.
    /// </summary>
    /// <param name="progress">Called with the bytes read so far, once for each piece.</param>
    /// <exception cref="OperationCanceledException">The pace's token was cancelled.</exception>
    internal static Summary Compress(FileStream source, Stream target, int level, int threads, Pace pace, Action<long>? progress = null)
    {
        nint context = ZstdNative.CreateCompressor();
        try
        {
            ZstdNative.Check(ZstdNative.SetParameter(context, ZstdNative.CompressionLevel, level));
            ZstdNative.Check(ZstdNative.SetParameter(context, ZstdNative.ChecksumFlag, 1));
            if (threads > 0) _ = ZstdNative.SetParameter(context, ZstdNative.Workers, threads); // Refused by a library without threads, which then does it alone.
            ZstdNative.Check(ZstdNative.SetSourceSize(context, (ulong)source.Length));
            using ZstdSides sides = new(source, target, pace, hashesWritten: false);
            while (true)
            {
                Piece read = sides.Read();
                int end = read.Count == 0 ? ZstdNative.End : ZstdNative.Continue;
                fixed (byte* inputStart = read.Bytes)
                {
                    ZstdNative.Span input = new() { Start = inputStart, Size = (nuint)read.Count };
                    nuint left;
                    do
                    {
                        fixed (byte* outputStart = sides.Output)
                        {
                            ZstdNative.Span output = new() { Start = outputStart, Size = Piece.Size };
                            left = ZstdNative.Check(ZstdNative.Compress(context, &output, &input, end));
                            sides.Write((int)output.Position);
                        }
                    }
                    while (end == ZstdNative.End ? left != 0 : input.Position < input.Size);
                }
                sides.Done(read);
                if (end == ZstdNative.End) return sides.Finish();
                progress?.Invoke(sides.ReadBytes);
            }
        }
        finally
        {
            _ = ZstdNative.FreeCompressor(context);
        }
    }

    /// <summary>Decompresses all of <paramref name="source"/>, which is one frame with a checksum; nothing beyond <paramref name="bytesMax"/> is written.</summary>
    /// <param name="progress">Called with the bytes written so far, once for each piece.</param>
    /// <exception cref="StorageException">It is no such frame, is damaged, or holds more.</exception>
    /// <exception cref="OperationCanceledException">The pace's token was cancelled.</exception>
    internal static Summary Decompress(FileStream source, Stream target, long bytesMax, Pace pace, Action<long>? progress = null)
    {
        nint context = ZstdNative.CreateDecompressor();
        try
        {
            ZstdNative.Check(ZstdNative.SetDecompressionParameter(context, ZstdNative.WindowLogMax, WindowLogMax));
            using ZstdSides sides = new(source, target, pace, hashesWritten: true);
            nuint left = 1;
            while (true)
            {
                bool isFirst = sides.ReadBytes == 0;
                Piece read = sides.Read();
                if (isFirst) RequireFrame(read.Bytes.AsSpan(0, read.Count), bytesMax);
                if (read.Count == 0) return left == 0 ? sides.Finish() : throw new StorageException("The archive ends in the middle.");
                fixed (byte* inputStart = read.Bytes)
                {
                    ZstdNative.Span input = new() { Start = inputStart, Size = (nuint)read.Count };
                    bool isFull;
                    do
                    {
                        if (left == 0) throw new StorageException("The archive goes on after its end: there are bytes that do not belong to it.");
                        fixed (byte* outputStart = sides.Output)
                        {
                            ZstdNative.Span output = new() { Start = outputStart, Size = Piece.Size };
                            left = ZstdNative.Check(ZstdNative.Decompress(context, &output, &input));
                            if (sides.WrittenBytes + (long)output.Position > bytesMax) throw new StorageException($"The archive holds more than the {bytesMax} bytes that it may.");
                            isFull = output.Position == output.Size && left != 0;
                            sides.Write((int)output.Position);
                        }
                    }
                    while (input.Position < input.Size || isFull);
                }
                sides.Done(read);
                progress?.Invoke(sides.WrittenBytes);
            }
        }
        finally
        {
            _ = ZstdNative.FreeDecompressor(context);
        }
    }

    /// <summary>One frame of the current format, with a checksum, that does not say itself that it holds too much. The size it names is never trusted.</summary>
    private static void RequireFrame(ReadOnlySpan<byte> start, long bytesMax)
    {
        if (start.Length < FrameHeaderBytesMin || System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(start) != FrameMagic)
            throw new StorageException("The archive does not begin with a zstd frame.");
        if ((start[4] & ChecksumBit) == 0) throw new StorageException("The archive has no checksum of its content, which every archive of this program has.");
        fixed (byte* frame = start)
        {
            ulong size = ZstdNative.ContentSize(frame, (nuint)start.Length);
            if (size == ZstdNative.ContentSizeError) throw new StorageException("The archive does not begin with a zstd frame.");
            if (size != ZstdNative.ContentSizeUnknown && size > (ulong)bytesMax) throw new StorageException($"The archive says itself that it holds {size} bytes, more than the {bytesMax} that it may.");
        }
    }
}
