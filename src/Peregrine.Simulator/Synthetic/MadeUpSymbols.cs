namespace Peregrine.Simulator.Synthetic;

/// <summary>Names for markets of any size: three that everybody knows, then made-up ones: QAAUSDT, QABUSDT and so on.</summary>
internal static class MadeUpSymbols
{
    public const int CountMax = 3 + (26 * 26);

    private static readonly string[] Known = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];

    public static IReadOnlyList<string> Names(int count) => [.. Enumerable.Range(0, count).Select(i => i < Known.Length ? Known[i] : Name(i - Known.Length))];

    /// <summary>The number of a made-up asset such as QAB, or -1 for any other.</summary>
    public static int NumberOf(string baseAsset) =>
        baseAsset is ['Q', >= 'A' and <= 'Z' and var high, >= 'A' and <= 'Z' and var low] ? ((high - 'A') * 26) + (low - 'A') : -1;

    private static string Name(int number) => $"Q{(char)('A' + (number / 26))}{(char)('A' + (number % 26))}USDT";
}
