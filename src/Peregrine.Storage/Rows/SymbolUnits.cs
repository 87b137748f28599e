namespace Peregrine.Storage.Rows;

/// <summary>
/// In what a file counts a symbol's prices and quantities: its tick and its lot when it was first written, in 1e-8 units. They never change within a
/// file, whatever the exchange does to its rules; a value that they do not divide is stored in 1e-8 units and says so.
/// </summary>
internal readonly record struct SymbolUnits(long Price, long Quantity)
{
    /// <summary>Plain 1e-8 units.</summary>
    internal static readonly SymbolUnits Plain = new(1, 1);

    /// <summary>Zero, which stands for no bound, is no unit.</summary>
    internal static SymbolUnits Of(long tick, long step) => new(Math.Max(1, tick), Math.Max(1, step));

    internal bool Divide(long price, long quantity) => price % Price == 0 && quantity % Quantity == 0;
}
