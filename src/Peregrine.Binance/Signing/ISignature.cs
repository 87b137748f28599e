namespace Peregrine.Binance.Signing;

/// <summary>One way to sign, with its key inside. One thread.</summary>
internal interface ISignature : IDisposable
{
    /// <summary>Writes the signature as the exchange wants it (hexadecimal or base64) and returns its length.</summary>
    int Sign(ReadOnlySpan<byte> payload, Span<byte> text);
}
