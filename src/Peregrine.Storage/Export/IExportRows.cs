namespace Peregrine.Storage.Export;

/// <summary>Takes rows value by value, in the order of the columns.</summary>
internal interface IExportRows
{
    void Text(ReadOnlySpan<char> text);

    void Number(long value);

    void Unsigned(ulong value);

    void Real(float value);

    /// <summary>1e-8 units.</summary>
    void Units(long units);

    void Flag(bool value);

    /// <summary>Ends the row.</summary>
    void End();
}
