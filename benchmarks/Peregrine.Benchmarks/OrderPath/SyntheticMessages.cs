using System.Globalization;
using System.Text;

namespace Peregrine.Benchmarks.OrderPath;

/// <summary>
/// A session made up with a fixed seed, in the mix of a liquid symbol (two thirds book tickers, a quarter trades, the rest diffs): one book behind all of its
/// messages, so that diffs, tickers and trades agree with each other as the exchange's do.
/// </summary>
internal static class SyntheticMessages
{
    private const int Depth = 400;
    private const long StartNanos = 1_791_019_853_438_000_000;

    /// <summary>Lines as a recording has them.</summary>
    public static IEnumerable<string> Lines(int messages, int seed = 20260722)
    {
        Random random = new(seed);
        SortedDictionary<long, long> bids = [], asks = []; // Ticks of 0.01 to lots of 0.00001.
        long bid = 6_183_763, updateId = 50_093_239_202, told = updateId, trade = 3_735_683_258, nanos = StartNanos;
        for (int i = 0; i < Depth; i++) (bids[bid - i], asks[bid + 1 + i]) = (Lots(), Lots());
        SortedDictionary<long, long> changedBids = [], changedAsks = [];
        for (int i = 0; i < messages; i++)
        {
            nanos += (long)(-Math.Log(1 - random.NextDouble()) * 7_000_000);
            int roll = i == 0 ? 0 : random.Next(100);
            if (roll < 8)
            {
                for (int level = 0; level < 20; level++) Touch(random.Next(2) == 0);
                yield return Diff();
                if (i == 0) yield return Snapshot();
            }
            else if (roll < 32)
            {
                bool buyerIsMaker = random.Next(2) == 0;
                long price = buyerIsMaker ? bid : bid + 1;
                yield return Text($"{nanos} {{\"stream\":\"btcusdt@trade\",\"data\":{{\"e\":\"trade\",\"E\":{Millis()},\"s\":\"BTCUSDT\",\"t\":{++trade},\"p\":\"{Price(price)}\",\"q\":\"{Quantity(random.Next(1, 40_000))}\",\"T\":{Millis()},\"m\":{(buyerIsMaker ? "true" : "false")},\"M\":true}}}}");
            }
            else
            {
                if (random.Next(10) == 0) Move(random.Next(-3, 4));
                else Touch(random.Next(2) == 0, best: true);
                yield return Text($"{nanos} {{\"stream\":\"btcusdt@bookTicker\",\"data\":{{\"u\":{updateId},\"s\":\"BTCUSDT\",\"b\":\"{Price(bid)}\",\"B\":\"{Quantity(bids[bid])}\",\"a\":\"{Price(bid + 1)}\",\"A\":\"{Quantity(asks[bid + 1])}\"}}}}");
            }
        }

        long Lots() => random.Next(1, 400_000);
        long Millis() => (nanos / 1_000_000) - 2;

        void Touch(bool isBid, bool best = false)
        {
            int away = best ? 0 : random.Next(1, Depth / 2);
            if (isBid) Set(bids, changedBids, bid - away, Lots());
            else Set(asks, changedAsks, bid + 1 + away, Lots());
            updateId++;
        }

        void Move(int ticks)
        {
            for (; ticks > 0; ticks--)
            {
                Set(asks, changedAsks, bid + 1, 0);
                bid++;
                Set(bids, changedBids, bid, Lots());
                if (!asks.ContainsKey(bid + 1)) Set(asks, changedAsks, bid + 1, Lots());
            }
            for (; ticks < 0; ticks++)
            {
                Set(bids, changedBids, bid, 0);
                Set(asks, changedAsks, bid, Lots());
                bid--;
                if (!bids.ContainsKey(bid)) Set(bids, changedBids, bid, Lots());
            }
            updateId++;
        }

        string Diff()
        {
            string text = Text($"{nanos} {{\"stream\":\"btcusdt@depth@100ms\",\"data\":{{\"e\":\"depthUpdate\",\"E\":{Millis()},\"s\":\"BTCUSDT\",\"U\":{told + 1},\"u\":{updateId},\"b\":{Levels(changedBids.Reverse())},\"a\":{Levels(changedAsks)}}}}}");
            told = updateId;
            changedBids.Clear();
            changedAsks.Clear();
            return text;
        }

        string Snapshot() => Text($"{nanos} {{\"lastUpdateId\":{updateId},\"bids\":{Levels(bids.Reverse())},\"asks\":{Levels(asks)}}}");
    }

    private static void Set(SortedDictionary<long, long> side, SortedDictionary<long, long> changed, long tick, long lots)
    {
        if (lots == 0) side.Remove(tick);
        else side[tick] = lots;
        changed[tick] = lots;
    }

    private static string Levels(IEnumerable<KeyValuePair<long, long>> levels)
    {
        StringBuilder text = new("[");
        foreach ((long tick, long lots) in levels) text.Append(text.Length > 1 ? "," : "").Append("[\"").Append(Price(tick)).Append("\",\"").Append(Quantity(lots)).Append("\"]");
        return text.Append(']').ToString();
    }

    private static string Price(long ticks) => (ticks * 0.01m).ToString("F8", CultureInfo.InvariantCulture);

    private static string Quantity(long lots) => (lots * 0.00001m).ToString("F8", CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
