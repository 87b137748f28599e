using System.Globalization;
using System.Runtime.InteropServices;

namespace Peregrine.Storage.Backups;

/// <summary>The system's libzstd, as much of it as we use.</summary>
internal static unsafe partial class ZstdNative
{
    internal const int CompressionLevel = 100;
    internal const int ChecksumFlag = 201;
    internal const int Workers = 400;
    internal const int WindowLogMax = 100;
    internal const int Continue = 0;
    internal const int End = 2;

    /// <summary>What <see cref="ContentSize"/> says of a frame that does not name its size, and of bytes that are no frame.</summary>
    internal const ulong ContentSizeUnknown = ulong.MaxValue;

    internal const ulong ContentSizeError = ulong.MaxValue - 1;

    private const string Library = "libzstd.so.1";

    internal struct Span
    {
        public byte* Start;
        public nuint Size;
        public nuint Position;
    }

    /// <summary>1.5.4</summary>
    internal static string Version
    {
        get
        {
            uint number = VersionNumber();
            return string.Create(CultureInfo.InvariantCulture, $"{number / 10_000}.{number / 100 % 100}.{number % 100}");
        }
    }

    /// <exception cref="StorageException">The library is not installed.</exception>
    internal static void Require()
    {
        if (!NativeLibrary.TryLoad(Library, out _))
            throw new StorageException($"Backups need {Library}, which is not installed: `apt install libzstd1` (Debian, Ubuntu), `dnf install libzstd` (Fedora) or `apk add zstd-libs` (Alpine).");
    }

    internal static bool Failed(nuint result) => IsError(result) != 0;

    internal static nuint Check(nuint result) =>
        IsError(result) == 0 ? result : throw new StorageException($"zstd: {Marshal.PtrToStringUTF8((nint)ErrorName(result))}.");

    [LibraryImport(Library, EntryPoint = "ZSTD_createCCtx")]
    internal static partial nint CreateCompressor();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeCCtx")]
    internal static partial nuint FreeCompressor(nint context);

    [LibraryImport(Library, EntryPoint = "ZSTD_CCtx_setParameter")]
    internal static partial nuint SetParameter(nint context, int parameter, int value);

    [LibraryImport(Library, EntryPoint = "ZSTD_CCtx_setPledgedSrcSize")]
    internal static partial nuint SetSourceSize(nint context, ulong size);

    [LibraryImport(Library, EntryPoint = "ZSTD_compressStream2")]
    internal static partial nuint Compress(nint context, Span* output, Span* input, int end);

    [LibraryImport(Library, EntryPoint = "ZSTD_createDCtx")]
    internal static partial nint CreateDecompressor();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeDCtx")]
    internal static partial nuint FreeDecompressor(nint context);

    [LibraryImport(Library, EntryPoint = "ZSTD_DCtx_setParameter")]
    internal static partial nuint SetDecompressionParameter(nint context, int parameter, int value);

    [LibraryImport(Library, EntryPoint = "ZSTD_decompressStream")]
    internal static partial nuint Decompress(nint context, Span* output, Span* input);

    [LibraryImport(Library, EntryPoint = "ZSTD_getFrameContentSize")]
    internal static partial ulong ContentSize(byte* frame, nuint length);

    [LibraryImport(Library, EntryPoint = "ZSTD_versionNumber")]
    private static partial uint VersionNumber();

    [LibraryImport(Library, EntryPoint = "ZSTD_isError")]
    private static partial uint IsError(nuint result);

    [LibraryImport(Library, EntryPoint = "ZSTD_getErrorName")]
    private static partial byte* ErrorName(nuint result);
}
