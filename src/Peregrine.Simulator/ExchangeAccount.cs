using Peregrine.Common;

namespace Peregrine.Simulator;

/// <summary>One more account of the exchange, with balances, orders and keys of its own.</summary>
/// <param name="Name">How faults and the ledger name it.</param>
/// <param name="Keys">Its keys; their names are unique on the whole exchange.</param>
public sealed record ExchangeAccount(string Name, IReadOnlyList<ExchangeKey> Keys)
{
    /// <summary>How the account of <see cref="ExchangeOptions.ApiKey"/> is named.</summary>
    public const string First = "main";

    /// <summary>What it starts with, by asset; null gives it some of everything that is traded.</summary>
    public IReadOnlyDictionary<string, Quantity>? Balances { get; init; }

    /// <summary>Accounts of one group (above 0) do not trade with each other where self-trade prevention is asked for; -1 for an account on its own.</summary>
    public int TradeGroupId { get; init; } = -1;
}
