using System.Text;

namespace Peregrine.Binance.Orders;

/// <summary>A key and its secret. Its text never shows either.</summary>
public sealed class ApiKey
{
    private readonly byte[] _key;
    private readonly byte[] _secret;

    /// <exception cref="ArgumentException">One of them is empty or holds more than letters and digits.</exception>
    public ApiKey(string key, string secret)
    {
        if (key.Length == 0 || key.AsSpan().IndexOfAnyExcept(Allowed) >= 0) throw new ArgumentException("An API key has letters and digits only.", nameof(key));
        if (secret.Length == 0) throw new ArgumentException("An API key needs its secret.", nameof(secret));
        _key = Encoding.ASCII.GetBytes(key);
        _secret = Encoding.UTF8.GetBytes(secret);
    }

    internal ReadOnlySpan<byte> Key => _key;
    internal ReadOnlySpan<byte> Secret => _secret;

    private static System.Buffers.SearchValues<char> Allowed { get; } =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public override string ToString() => "(an API key)";
}
