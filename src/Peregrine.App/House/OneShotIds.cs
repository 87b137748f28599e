using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Peregrine.App.House;

/// <summary>Ids for one-shots: never twice, for each process has its own nonce, and derived, so that nothing depends on ambient chance.</summary>
internal sealed class OneShotIds(ulong bootNonce)
{
    private long _given;

    /// <summary>Any thread.</summary>
    public Guid Next()
    {
        Span<byte> seed = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(seed, bootNonce);
        BinaryPrimitives.WriteInt64LittleEndian(seed[8..], Interlocked.Increment(ref _given));
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(seed, hash);
        return new Guid(hash[..16]);
    }
}
