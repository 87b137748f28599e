using System.Runtime.InteropServices;

namespace Peregrine.Simulator.Api;

/// <summary>Ed25519 by OpenSSL's libcrypto, which .NET itself uses; .NET has no Ed25519 of its own.</summary>
internal static partial class Ed25519
{
    public const int KeyLength = 32;
    public const int SignatureLength = 64;
    private const string Library = "libcrypto.so.3";
    private const int KeyType = 1087; // EVP_PKEY_ED25519

    /// <exception cref="DllNotFoundException">OpenSSL 3 is not installed.</exception>
    public static bool Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        IntPtr publicKey = NewKey(KeyType, 0, key, (nuint)key.Length);
        IntPtr context = NewContext();
        try
        {
            return publicKey != 0 && context != 0 && BeginVerify(context, 0, 0, 0, publicKey) == 1
                && Verify(context, signature, (nuint)signature.Length, message, (nuint)message.Length) == 1;
        }
        finally
        {
            FreeContext(context);
            FreeKey(publicKey);
        }
    }

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_new_raw_public_key"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial IntPtr NewKey(int type, IntPtr engine, ReadOnlySpan<byte> key, nuint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_free"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void FreeKey(IntPtr key);

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_new"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial IntPtr NewContext();

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_free"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void FreeContext(IntPtr context);

    [LibraryImport(Library, EntryPoint = "EVP_DigestVerifyInit"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int BeginVerify(IntPtr context, IntPtr keyContext, IntPtr digest, IntPtr engine, IntPtr key);

    [LibraryImport(Library, EntryPoint = "EVP_DigestVerify"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Verify(IntPtr context, ReadOnlySpan<byte> signature, nuint signatureLength, ReadOnlySpan<byte> message, nuint messageLength);
}
