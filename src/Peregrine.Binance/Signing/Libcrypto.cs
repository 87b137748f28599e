using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Peregrine.Binance.Signing;

/// <summary>The few functions of OpenSSL 3 that .NET has no way to, or none without setting a key up for every message.</summary>
internal static unsafe partial class Libcrypto
{
    private const string Library = "libcrypto.so.3";
    private const uint Utf8Text = 4;

    /// <summary>OSSL_PARAM: a named value.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Parameter
    {
        public byte* Key;
        public uint DataType;
        public void* Data;
        public nuint DataSize;
        public nuint ReturnSize;
    }

    /// <summary>Whether the library is on this machine.</summary>
    public static bool IsThere { get; } = NativeLibrary.TryLoad(Library, out _);

    public static Parameter Text(byte* name, byte* value, int length) => new() { Key = name, DataType = Utf8Text, Data = value, DataSize = (nuint)length };

    [LibraryImport(Library, EntryPoint = "EVP_MAC_fetch")]
    public static partial nint MacFetch(nint library, byte* algorithm, byte* properties);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_free")]
    public static partial void MacFree(nint mac);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_new")]
    public static partial nint MacContextNew(nint mac);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_CTX_free")]
    public static partial void MacContextFree(nint context);

    /// <summary>With a null key the context begins anew with the key it has.</summary>
    [LibraryImport(Library, EntryPoint = "EVP_MAC_init")]
    public static partial int MacInit(nint context, byte* key, nuint keyBytes, Parameter* parameters);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_update")]
    public static partial int MacUpdate(nint context, byte* data, nuint bytes);

    [LibraryImport(Library, EntryPoint = "EVP_MAC_final")]
    public static partial int MacFinal(nint context, byte* output, nuint* written, nuint room);

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
