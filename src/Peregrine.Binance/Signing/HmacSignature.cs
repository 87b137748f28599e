using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Peregrine.Binance.Signing;

/// <summary>
/// HMAC-SHA256 whose key is worked in once: the hash's states behind the inner and the outer pad are kept, and each message begins from copies of them, so that
/// only its own blocks are computed, by OpenSSL's SHA-256. The state behind a message's first block is kept too: requests begin with the name of the API key, so
/// the next one nearly always begins with the same block. Where OpenSSL is not there, or does not agree with .NET about a first message, .NET's own does it.
/// Allocates nothing either way. RFC 2104.
/// </summary>
internal sealed unsafe class HmacSignature : ISignature
{
    private const int HashBytes = SHA256.HashSizeInBytes;
    private const int BlockBytes = 64;
    private const int LengthBytes = sizeof(ulong);

    /// <summary>So much of a message's end is put together with its padding.</summary>
    private const int TailBytesMax = 6 * BlockBytes;

    private const byte PadBegin = 0x80;
    private const byte InnerPad = 0x36;
    private const byte OuterPad = 0x5C;

    /// <summary>Room for one SHA256_CTX (112 bytes), on cache lines of its own.</summary>
    private const int StateBytes = 128;

    private const int MemoryBytes = (4 * StateBytes) + (2 * BlockBytes) + TailBytesMax + ISignature.Room;

    private readonly IncrementalHash _managed;
    private byte* _inner; // The others lie behind it.
    private bool _knowsFirst;

    /// <param name="secret">The key.</param>
    /// <param name="managedOnly">Leaves OpenSSL alone: for tests and comparisons.</param>
    public HmacSignature(ReadOnlySpan<byte> secret, bool managedOnly = false)
    {
        _managed = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        if (managedOnly || !Libcrypto.HasSha256) return;
        Open(secret);
        if (!AgreesWithManaged(secret)) Close();
    }

    /// <summary>Whether OpenSSL is in use.</summary>
    public bool IsNative => _inner is not null;

    private byte* Outer => _inner + StateBytes;
    private byte* Work => _inner + (2 * StateBytes);

    /// <summary>The state behind the inner pad and the first block of an earlier message, and that block.</summary>
    private byte* AfterFirst => _inner + (3 * StateBytes);
    private Span<byte> First => new(_inner + (4 * StateBytes), BlockBytes);

    /// <summary>The one block behind the outer pad: a hash and its padding.</summary>
    private byte* LastBlock => _inner + (4 * StateBytes) + BlockBytes;

    /// <summary>A message's end with its padding.</summary>
    private byte* Tail => _inner + (4 * StateBytes) + (2 * BlockBytes);

    public int Length => 2 * HashBytes;

    public int Sign(ReadOnlySpan<byte> payload, Span<byte> text)
    {
        if (_inner is null) return SignManaged(payload, text);
        int length = payload.Length;
        byte* state = Begin(ref payload);
        Resume(state);
        // The end is copied to where its padding has room; whole blocks before it are not.
        int before = payload.Length > TailBytesMax ? (payload.Length - TailBytesMax + BlockBytes - 1) & -BlockBytes : 0;
        // The library's functions cannot fail: they compute, and that is all.
        if (before > 0)
            fixed (byte* data = payload) _ = Libcrypto.Sha256Update(Work, data, (nuint)before);
        ReadOnlySpan<byte> rest = payload[before..];
        rest.CopyTo(new Span<byte>(Tail, TailBytesMax));
        Finish(Tail, rest.Length, length, text);
        return 2 * HashBytes;
    }

    public int SignInPlace(Span<byte> buffer, int length, Span<byte> text)
    {
        ReadOnlySpan<byte> payload = buffer[..length];
        if (_inner is null) return SignManaged(payload, text);
        if (buffer.Length - length < ISignature.Room) throw new ArgumentException($"There are {buffer.Length - length} bytes behind the payload, of {ISignature.Room}.", nameof(buffer));
        byte* state = Begin(ref payload);
        Resume(state);
        fixed (byte* rest = payload) Finish(rest, payload.Length, length, text);
        return 2 * HashBytes;
    }

    public void Dispose()
    {
        _managed.Dispose();
        Close();
        GC.SuppressFinalize(this);
    }

    ~HmacSignature() => Close();

    private int SignManaged(ReadOnlySpan<byte> payload, Span<byte> text)
    {
        Span<byte> hash = stackalloc byte[HashBytes];
        _managed.AppendData(payload);
        _ = _managed.GetHashAndReset(hash);
        Hexadecimal(hash, text);
        return 2 * HashBytes;
    }

    /// <summary>The state that a payload begins from; what that state has seen of it is cut off.</summary>
    private byte* Begin(ref ReadOnlySpan<byte> payload)
    {
        if (payload.Length < BlockBytes) return _inner;
        ReadOnlySpan<byte> first = payload[..BlockBytes];
        if (!_knowsFirst || !first.SequenceEqual(First)) Remember(first);
        payload = payload[BlockBytes..];
        return AfterFirst;
    }

    /// <summary>Pads the end of a payload where it lies, so that the library neither buffers nor wipes anything, and writes the signature.</summary>
    /// <param name="rest">What is left to be hashed, with <see cref="ISignature.Room"/> bytes behind it.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="length">That of the whole payload.</param>
    /// <param name="text">64 characters.</param>
    private void Finish(byte* rest, int bytes, int length, Span<byte> text)
    {
        int padded = (bytes + LengthBytes + BlockBytes) & -BlockBytes;
        new Span<byte>(rest + bytes, BlockBytes + LengthBytes).Clear(); // A fixed number, at least what is needed: no loop.
        rest[bytes] = PadBegin;
        BinaryPrimitives.WriteUInt64BigEndian(new Span<byte>(rest + padded - LengthBytes, LengthBytes), (ulong)(length + BlockBytes) * 8);
        _ = Libcrypto.Sha256Update(Work, rest, (nuint)padded);
        ReadHash(Work, LastBlock); // Its padding never changes.
        Resume(Outer);
        _ = Libcrypto.Sha256Update(Work, LastBlock, BlockBytes);
        if (Vector128.IsHardwareAccelerated)
        {
            _ = text[2 * HashBytes - 1];
            fixed (byte* to = text) WriteHash(Work, to);
            return;
        }
        ReadHash(Work, LastBlock);
        Hexadecimal(new ReadOnlySpan<byte>(LastBlock, HashBytes), text);
    }

    /// <summary>The hash of a state in hexadecimal: eight bytes at a time, each put twice where its two digits belong, then halved.</summary>
    private static void WriteHash(byte* state, byte* to)
    {
        Vector128<byte> alphabet = Vector128.Create("0123456789abcdef"u8);
        Vector128<byte> first = Vector128.Create((byte)3, 3, 2, 2, 1, 1, 0, 0, 7, 7, 6, 6, 5, 5, 4, 4);
        Vector128<byte> second = first + Vector128.Create((byte)8);
        for (int half = 0; half < 2; half++, state += Vector128<byte>.Count, to += 2 * Vector128<byte>.Count)
        {
            Vector128<byte> words = Vector128.Load(state);
            Vector128.Shuffle(alphabet, Digits(Vector128.Shuffle(words, first))).Store(to);
            Vector128.Shuffle(alphabet, Digits(Vector128.Shuffle(words, second))).Store(to + Vector128<byte>.Count);
        }

        static Vector128<byte> Digits(Vector128<byte> twice)
        {
            Vector128<ushort> pairs = twice.AsUInt16();
            return ((pairs >>> 4) & Vector128.Create((ushort)0x000F)).AsByte() | (pairs & Vector128.Create((ushort)0x0F00)).AsByte();
        }
    }

    /// <summary>Only the hash itself and the count of bytes differ between states: the library's buffer is never used.</summary>
    private void Resume(byte* state)
    {
        Vector256.Load(state).Store(Work);
        *(ulong*)(Work + HashBytes) = *(ulong*)(state + HashBytes);
    }

    /// <summary>The hash is the state's first eight words, once everything was padded: each with its highest byte first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReadHash(byte* state, byte* hash)
    {
        if (Vector128.IsHardwareAccelerated)
        {
            // By halves, as the library wrote them: a wider load would have to wait for both.
            Vector128<byte> order = Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
            Vector128.Shuffle(Vector128.Load(state), order).Store(hash);
            Vector128.Shuffle(Vector128.Load(state + Vector128<byte>.Count), order).Store(hash + Vector128<byte>.Count);
            return;
        }
        for (int i = 0; i < HashBytes; i += sizeof(ulong))
            *(ulong*)(hash + i) = BitOperations.RotateLeft(BinaryPrimitives.ReverseEndianness(*(ulong*)(state + i)), 32);
    }

    private void Remember(ReadOnlySpan<byte> first)
    {
        first.CopyTo(First);
        Unsafe.CopyBlock(AfterFirst, _inner, StateBytes);
        fixed (byte* data = first) _ = Libcrypto.Sha256Update(AfterFirst, data, BlockBytes);
        _knowsFirst = true;
    }

    private void Open(ReadOnlySpan<byte> secret)
    {
        _inner = (byte*)NativeMemory.AlignedAlloc(MemoryBytes, BlockBytes);
        Span<byte> key = stackalloc byte[BlockBytes];
        key.Clear();
        if (secret.Length > BlockBytes) SHA256.HashData(secret, key);
        else secret.CopyTo(key);
        Absorb(_inner, key, InnerPad);
        Absorb(Outer, key, OuterPad);
        CryptographicOperations.ZeroMemory(key);
        Unsafe.CopyBlock(Work, _inner, StateBytes);
        new Span<byte>(LastBlock, BlockBytes).Clear();
        LastBlock[HashBytes] = PadBegin;
        BinaryPrimitives.WriteUInt64BigEndian(new Span<byte>(LastBlock + BlockBytes - LengthBytes, LengthBytes), (BlockBytes + HashBytes) * 8);
    }

    private static void Absorb(byte* state, ReadOnlySpan<byte> key, byte pad)
    {
        NativeMemory.Clear(state, StateBytes);
        byte* block = stackalloc byte[BlockBytes];
        for (int i = 0; i < BlockBytes; i++) block[i] = (byte)(key[i] ^ pad);
        _ = Libcrypto.Sha256Init(state);
        _ = Libcrypto.Sha256Update(state, block, BlockBytes);
        CryptographicOperations.ZeroMemory(new Span<byte>(block, BlockBytes));
    }

    /// <summary>A few messages in a row: a library whose states cannot be copied, or are larger than we think, is found out here.</summary>
    private bool AgreesWithManaged(ReadOnlySpan<byte> secret)
    {
        Span<byte> ours = stackalloc byte[2 * HashBytes];
        Span<byte> expected = stackalloc byte[2 * HashBytes];
        Span<byte> theirs = stackalloc byte[HashBytes];
        foreach (byte[] message in (byte[][])[[1, 2, 3], [], new byte[3 * BlockBytes], new byte[2 * BlockBytes], new byte[BlockBytes + 56], new byte[BlockBytes + 55], new byte[(9 * BlockBytes) + 1], [4]])
        {
            HMACSHA256.HashData(secret, message, theirs);
            _ = Sign(message, ours);
            Hexadecimal(theirs, expected);
            if (!ours.SequenceEqual(expected)) return false;
        }
        return true;
    }

    private void Close()
    {
        if (_inner is null) return;
        CryptographicOperations.ZeroMemory(new Span<byte>(_inner, MemoryBytes)); // Whoever has these states can sign.
        NativeMemory.AlignedFree(_inner);
        _inner = null;
    }

    /// <summary>Lower-case digits, eight at a time: where there are no vectors, and for the hashes of .NET.</summary>
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
