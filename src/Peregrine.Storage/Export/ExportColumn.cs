namespace Peregrine.Storage.Export;

/// <summary>What a column of an export holds.</summary>
internal enum ColumnType
{
    /// <summary>A whole number, signed, 64 bits.</summary>
    Number = 0,

    /// <summary>A whole number, unsigned, 64 bits.</summary>
    Unsigned = 1,

    /// <summary>A price, a quantity or an amount: whole 1e-8 units.</summary>
    Units = 2,

    /// <summary>A probability.</summary>
    Real = 3,

    /// <summary>0 or 1.</summary>
    Flag = 4,

    /// <summary>Text of at most so many bytes of UTF-8.</summary>
    Text = 5,
}

/// <summary>One column: its name, what it holds, and for text the most bytes.</summary>
internal readonly record struct ExportColumn(string Name, ColumnType Type, int Width = 0);
