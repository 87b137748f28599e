using System.Buffers.Text;

namespace Peregrine.Binance.Signing;

/// <summary>Ed25519 through OpenSSL, base64. The message is signed as it is, not a hash of it.</summary>
internal sealed unsafe class Ed25519Signature : ISignature
{
    public const int SeedBytes = 32;

    private const int SignatureBytes = 64;

    /// <summary>OpenSSL's number of the algorithm.</summary>
    private const int Ed25519 = 1087;

    private nint _key;
    private nint _context;

    /// <exception cref="PlatformNotSupportedException">OpenSSL 3 is not on this machine.</exception>
    /// <exception cref="ArgumentException">The key is refused.</exception>
    public Ed25519Signature(ReadOnlySpan<byte> seed)
    {
        if (!Libcrypto.IsThere) throw new PlatformNotSupportedException("An Ed25519 key needs OpenSSL 3 (libcrypto.so.3), which is not on this machine.");
        if (seed.Length != SeedBytes) throw new ArgumentException($"An Ed25519 key has {SeedBytes} bytes.", nameof(seed));
        fixed (byte* bytes = seed) _key = Libcrypto.PrivateKeyFromRaw(Ed25519, 0, bytes, SeedBytes);
        _context = Libcrypto.DigestContextNew();
        if (_key != 0 && _context != 0) return;
        Close();
        throw new ArgumentException("OpenSSL does not take the Ed25519 key.", nameof(seed));
    }

    public int Length => Base64.GetMaxEncodedToUtf8Length(SignatureBytes);

    /// <exception cref="InvalidOperationException">OpenSSL could not sign.</exception>
    public int Sign(ReadOnlySpan<byte> payload, Span<byte> text)
    {
        Span<byte> signature = stackalloc byte[SignatureBytes];
        nuint length = SignatureBytes;
        byte nothing = 0;
        fixed (byte* data = payload)
        {
            fixed (byte* output = signature)
            {
                if (Libcrypto.SignInit(_context, 0, 0, 0, _key) != 1
                    || Libcrypto.Sign(_context, output, &length, payload.IsEmpty ? &nothing : data, (nuint)payload.Length) != 1)
                    throw new InvalidOperationException("OpenSSL could not sign.");
            }
        }
        _ = Base64.EncodeToUtf8(signature[..(int)length], text, out _, out int written);
        return written;
    }

    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }

    ~Ed25519Signature() => Close();

    private void Close()
    {
        if (_context != 0) Libcrypto.DigestContextFree(_context);
        if (_key != 0) Libcrypto.KeyFree(_key);
        _context = _key = 0;
    }
}
