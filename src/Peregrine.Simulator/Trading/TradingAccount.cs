using Peregrine.Simulator.Api;

namespace Peregrine.Simulator.Trading;

/// <summary>An account with all that is its own: orders and balances, events, and counts of unfilled orders.</summary>
internal sealed record TradingAccount(string Name, int Uid, OrderDesk Desk, UserHub Users, UsageCounter Usage);
