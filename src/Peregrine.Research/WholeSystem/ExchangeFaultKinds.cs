using System.Globalization;

using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Virtual;

namespace Peregrine.Research.WholeSystem;

/// <summary>The exchange's own faults, each for a short while or a few calls.</summary>
internal static class ExchangeFaultKinds
{
    public static IEnumerable<(string Name, int Weight, Action<double> Do)> All(VirtualExchange exchange, Random random, Action<double, Action> undo, List<(string Asset, long Units)> deposits)
    {
        yield return ("order.executeThenDropReply", 6, _ => For(30, new ExecuteThenDropReply { Count = 1 + random.Next(3) }));
        yield return ("order.rejectThenDropReply", 4, _ => For(30, new RejectThenDropReply { Count = 1 + random.Next(3) }));
        yield return ("order.executeLate", 4, _ => For(30, new ExecuteLate { Count = 1, DelaySeconds = 0.5 + (random.NextDouble() * 8.5) }));
        yield return ("order.answer5xx", 4, _ => For(20, new AnswerCall { Count = 1 + random.Next(2), Executes = random.Next(2) == 0, Status = 503, Body = "<html>busy</html>" }));
        yield return ("order.answer1007", 4, _ => For(20, new AnswerCall { Count = 1 + random.Next(2), Executes = random.Next(2) == 0, Status = 408, Code = -1007, Body = "Timeout waiting for response from backend server." }));
        yield return ("order.answer1008", 2, _ => For(20, new AnswerCall { Count = 1, Executes = random.Next(2) == 0, Status = 503, Code = -1008, Body = "Server is currently overloaded." }));
        yield return ("order.truncated", 2, _ => For(20, new AnswerCall { Count = 1, CutAt = 1 + random.Next(60), Status = 200 }));
        yield return ("order.hideFromQuery", 4, _ => For(60, new HideFromQuery { Count = 1 + random.Next(2), DelaySeconds = 1 + (random.NextDouble() * 59) }));
        yield return ("order.pruneIoc", 3, _ => For(60, new PruneIoc()));
        yield return ("order.duplicateReport", 4, seconds => For(10 + seconds, new DuplicateReport { Probability = 0.7 }));
        yield return ("order.shuffleReports", 4, seconds => For(10 + seconds, new ShuffleReports { Probability = 0.7 }));
        yield return ("order.lateReport", 4, seconds => For(10 + seconds, new LateReport { DelaySeconds = 0.2 + (random.NextDouble() * 6) }));
        yield return ("order.earlyReport", 3, seconds => For(10 + seconds, new EarlyReport()));
        yield return ("order.fillDuringCancel", 3, _ => For(30, new FillDuringCancel { Count = 1 }));
        yield return ("user.terminate", 2, _ => For(1, new TerminateUser()));
        yield return ("user.mute", 2, seconds => For(1 + seconds, new MuteUser()));
        yield return ("account.feeAsset", 2, seconds => For(10 + (3 * seconds), new FeeAsset()));
        yield return ("account.deposit", 2, _ => PutIn(random.Next(2) == 0 ? "USDT" : "BTC", 10_000 + random.NextInt64(1_000_000)));
        yield return ("symbol.status", 2, seconds => For(1 + seconds, new SymbolStatus { Symbol = "BTCUSDT", Status = "HALT" }));
        yield return ("symbol.filters", 2, seconds => For(5 + (5 * seconds), Narrower()));
        yield return ("key.revoke", 1, seconds => For(1 + seconds, new RevokeKey()));
        yield return ("limits.orders", 1, seconds => For(1 + seconds, new LimitOrders { PerTenSeconds = 1 }));

        SymbolFilters Narrower() => random.Next(3) switch
        {
            0 => new SymbolFilters { Symbol = "BTCUSDT", TickSize = "1" },
            1 => new SymbolFilters { Symbol = "BTCUSDT", StepSize = "0.001", MinQuantity = "0.001" },
            _ => new SymbolFilters { Symbol = "BTCUSDT", MinNotional = "300" },
        };

        void PutIn(string asset, long units)
        {
            deposits.Add((asset, units));
            For(1, new Deposit { Asset = asset, Amount = (units / 1e8).ToString("F8", CultureInfo.InvariantCulture) });
        }

        void For(double seconds, ExchangeFault fault)
        {
            ActiveFault active = exchange.Faults.Apply(fault);
            undo(seconds, active.Dispose);
        }
    }
}
