using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Peregrine.Binance.Signing;

/// <summary>
/// HMAC-SHA256 whose key is set up once: OpenSSL's own context, begun anew with a null key for each message. Where OpenSSL is not there, or does not agree
/// with .NET about a first message, .NET's own does it. Allocates nothing either way.
/// </summary>
internal sealed unsafe class HmacSignature : ISignature
{
    private const int HashBytes = SHA256.HashSizeInBytes;

    private readonly IncrementalHash _managed;
    private nint _context;

    /// <param name="secret">The key.</param>
    /// <param name="managedOnly">Leaves OpenSSL alone: for tests and comparisons.</param>
    public HmacSignature(ReadOnlySpan<byte> secret, bool managedOnly = false)
    {
        _managed = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        if (managedOnly || !Libcrypto.IsThere) return;
        _context = Open(secret);
        if (_context != 0 && !AgreesWithManaged(secret)) Close();
    }

    /// <summary>Whether OpenSSL's context is in use.</summary>
    public bool IsNative => _context != 0;

    public int Sign(ReadOnlySpan<byte> payload, Span<byte> text)
    {
        Span<byte> hash = stackalloc byte[HashBytes];
        Hash(payload, hash);
        Hexadecimal(hash, text);
        return 2 * HashBytes;
    }

    public void Dispose()
    {
        _managed.Dispose();
        Close();
        GC.SuppressFinalize(this);
    }

    ~HmacSignature() => Close();

    private void Hash(ReadOnlySpan<byte> payload, Span<byte> hash)
    {
        if (_context != 0 && TryHashNative(payload, hash)) return;
        _managed.AppendData(payload);
        _ = _managed.GetHashAndReset(hash);
    }

    [SkipLocalsInit]
    private bool TryHashNative(ReadOnlySpan<byte> payload, Span<byte> hash)
    {
        nuint written;
        fixed (byte* data = payload)
        {
            fixed (byte* output = hash)
            {
                return Libcrypto.MacInit(_context, null, 0, null) == 1 && Libcrypto.MacUpdate(_context, data, (nuint)payload.Length) == 1
                    && Libcrypto.MacFinal(_context, output, &written, HashBytes) == 1 && written == HashBytes;
            }
        }
    }

    private static nint Open(ReadOnlySpan<byte> secret)
    {
        fixed (byte* algorithm = "HMAC\0"u8, name = "digest\0"u8, digest = "SHA256\0"u8, key = secret)
        {
            nint mac = Libcrypto.MacFetch(0, algorithm, null);
            if (mac == 0) return 0;
            nint context = Libcrypto.MacContextNew(mac);
            Libcrypto.MacFree(mac); // The context holds it.
            if (context == 0) return 0;
            Libcrypto.Parameter* parameters = stackalloc Libcrypto.Parameter[2];
            parameters[0] = Libcrypto.Text(name, digest, 6);
            parameters[1] = default;
            if (Libcrypto.MacInit(context, key, (nuint)secret.Length, parameters) == 1) return context;
            Libcrypto.MacContextFree(context);
            return 0;
        }
    }

    /// <summary>Two messages in a row: an old library that forgets its key after the first one is found out here.</summary>
    private bool AgreesWithManaged(ReadOnlySpan<byte> secret)
    {
        Span<byte> ours = stackalloc byte[HashBytes];
        Span<byte> theirs = stackalloc byte[HashBytes];
        foreach (byte[] message in (byte[][])[[1, 2, 3], [], [4]])
        {
            HMACSHA256.HashData(secret, message, theirs);
            if (!TryHashNative(message, ours) || !ours.SequenceEqual(theirs)) return false;
        }
        return true;
    }

    private void Close()
    {
        if (_context != 0) Libcrypto.MacContextFree(_context);
        _context = 0;
    }

    /// <summary>Eight bytes make sixteen lower-case digits with a few operations on whole words.</summary>
    private static void Hexadecimal(ReadOnlySpan<byte> bytes, Span<byte> digits)
    {
        ref byte to = ref MemoryMarshal.GetReference(digits[..(2 * bytes.Length)]);
        for (int i = 0; i < bytes.Length; i += 4)
        {
            ulong word = BitConverter.ToUInt32(bytes[i..]);
            // Each byte b becomes two: its upper half first in memory.
            word = (word | (word << 16)) & 0x0000_FFFF_0000_FFFF;
            word = (word | (word << 8)) & 0x00FF_00FF_00FF_00FF;
            word = ((word >> 4) & 0x000F_000F_000F_000F) | ((word & 0x000F_000F_000F_000F) << 8);
            ulong letters = ((word + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, 2 * i), word + 0x3030_3030_3030_3030 + (letters * 39));
        }
    }
}
