using Peregrine.Common;

namespace Peregrine.Benchmarks.OrderPath;

/// <summary>An order as it was signed: what two ways of the same work must agree on.</summary>
/// <param name="Message">On which message.</param>
/// <param name="PriceUnits">Whole 1e-8 units, as <paramref name="QuantityUnits"/>.</param>
/// <param name="Signature">The first eight characters of the signature, which depends on every byte that is signed.</param>
/// <param name="Up">The model's probability of up that it was placed on; its last digits depend on the order in which numbers are added up.</param>
internal readonly record struct PlacedOrder(int Message, Side Side, long PriceUnits, long QuantityUnits, ulong Signature, float Up);

/// <summary>What all ways of the order path have in common.</summary>
internal static class OrderPathTerms
{
    public const string ApiKey = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
    public const string Secret = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
    public const ulong BootNonce = 0x5eed_0f_7e57_0001;

    /// <summary>Every order is of this size; the account holds fifty times as much, so that it may sell.</summary>
    public const string OrderQuantity = "0.001";

    public const string HeldQuantity = "0.05";
    public const string FreeQuote = "100000";
}
