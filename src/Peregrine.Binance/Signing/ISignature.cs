namespace Peregrine.Binance.Signing;

/// <summary>One way to sign, with its key inside. One thread.</summary>
internal interface ISignature : IDisposable
{
    /// <summary>Characters of every signature with this key.</summary>
    int Length { get; }

    /// <summary>Writes the signature as the exchange wants it (hexadecimal or base64) and returns its length.</summary>
    int Sign(ReadOnlySpan<byte> payload, Span<byte> text);

    /// <summary>The same for a payload that lies in a buffer with <see cref="Room"/> bytes behind it, which may be overwritten.</summary>
    int SignInPlace(Span<byte> buffer, int length, Span<byte> text) => Sign(buffer[..length], text);

    /// <summary>What a buffer must have behind a payload that is signed in place.</summary>
    const int Room = 128;
}
