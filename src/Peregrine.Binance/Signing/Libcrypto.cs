using System.Runtime.InteropServices;

namespace Peregrine.Binance.Signing;

/// <summary>The few functions of OpenSSL 3 that .NET has no way to, or none without setting a key up for every message.</summary>
internal static unsafe partial class Libcrypto
{
    private const string Library = "libcrypto.so.3";

    /// <summary>Whether the library is on this machine.</summary>
    public static bool IsThere { get; } = NativeLibrary.TryLoad(Library, out _);

    /// <summary>Whether it has SHA-256's plain functions: they are old, and a build may leave them out.</summary>
    public static bool HasSha256 { get; } = IsThere && NativeLibrary.Load(Library) is var library
        && NativeLibrary.TryGetExport(library, "SHA256_Init", out _) && NativeLibrary.TryGetExport(library, "SHA256_Update", out _);

    // The two of SHA-256 compute, and neither wait nor call back: a request's text takes a microsecond, so the change of the collector's mode around each call is left out.

    [LibraryImport(Library, EntryPoint = "SHA256_Init"), SuppressGCTransition]
    public static partial int Sha256Init(byte* state);

    [LibraryImport(Library, EntryPoint = "SHA256_Update"), SuppressGCTransition]
    public static partial int Sha256Update(byte* state, byte* data, nuint bytes);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_new_raw_private_key")]
    public static partial nint PrivateKeyFromRaw(int type, nint engine, byte* key, nuint bytes);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_free")]
    public static partial void KeyFree(nint key);

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_new")]
    public static partial nint DigestContextNew();

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_free")]
    public static partial void DigestContextFree(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_DigestSignInit")]
    public static partial int SignInit(nint context, nint keyContext, nint digest, nint engine, nint key);

    [LibraryImport(Library, EntryPoint = "EVP_DigestSign")]
    public static partial int Sign(nint context, byte* signature, nuint* signatureBytes, byte* data, nuint bytes);
}
