namespace Peregrine.Simulator.Matching;

/// <summary>What happens when a taker would meet an order of its own account, or of one in its trade group. The taker's mode decides.</summary>
internal enum SelfTradePrevention : byte
{
    /// <summary>They trade.</summary>
    None = 0,
    ExpireTaker = 1,
    ExpireMaker = 2,
    ExpireBoth = 3,

    /// <summary>Both shrink by what would have been traded.</summary>
    Decrement = 4,

    /// <summary>The same; between two accounts what would have been traded changes hands, without a trade and without fees.</summary>
    Transfer = 5,
}

/// <summary>The exchange's words for it.</summary>
internal static class SelfTradePreventionText
{
    private static readonly string[] Words = ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER"];

    public static IReadOnlyList<string> All => Words;

    public static string Text(this SelfTradePrevention mode) => Words[(int)mode];

    public static bool TryRead(string text, out SelfTradePrevention mode)
    {
        int at = Array.IndexOf(Words, text);
        mode = at < 0 ? SelfTradePrevention.None : (SelfTradePrevention)at;
        return at >= 0;
    }
}
