using System.Runtime.InteropServices;
using System.Text;

namespace Peregrine.Simulator.Tests;

/// <summary>A published Ed25519 key pair (RFC 8032, test 1), and signatures with it.</summary>
internal static partial class TestKeys
{
    private const int Ed25519 = 1087;
    private static readonly byte[] Seed = Convert.FromHexString("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

    public static string Ed25519Public { get; } = PublicPem(Convert.FromHexString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));

    /// <summary>A raw public key as PEM.</summary>
    public static string PublicPem(byte[] key) =>
        $"-----BEGIN PUBLIC KEY-----\n{Convert.ToBase64String([.. Convert.FromHexString("302a300506032b6570032100"), .. key])}\n-----END PUBLIC KEY-----\n";

    public static string Sign(string payload)
    {
        byte[] message = Encoding.UTF8.GetBytes(payload);
        byte[] signature = new byte[64];
        nuint length = 64;
        IntPtr key = NewKey(Ed25519, 0, Seed, (nuint)Seed.Length);
        IntPtr context = NewContext();
        bool isSigned = Begin(context, 0, 0, 0, key) == 1 && Sign(context, signature, ref length, message, (nuint)message.Length) == 1;
        FreeContext(context);
        FreeKey(key);
        return isSigned ? Convert.ToBase64String(signature) : throw new InvalidOperationException("OpenSSL could not sign");
    }

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_PKEY_new_raw_private_key")]
    private static partial IntPtr NewKey(int type, IntPtr engine, byte[] key, nuint length);

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_PKEY_free")]
    private static partial void FreeKey(IntPtr key);

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_MD_CTX_new")]
    private static partial IntPtr NewContext();

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_MD_CTX_free")]
    private static partial void FreeContext(IntPtr context);

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_DigestSignInit")]
    private static partial int Begin(IntPtr context, IntPtr keyContext, IntPtr digest, IntPtr engine, IntPtr key);

    [LibraryImport("libcrypto.so.3", EntryPoint = "EVP_DigestSign")]
    private static partial int Sign(IntPtr context, byte[] signature, ref nuint signatureLength, byte[] message, nuint messageLength);
}
