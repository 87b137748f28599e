using System.Text;

using Peregrine.Binance.Orders;
using Peregrine.Execution.Orders;

namespace Peregrine.Binance.Rest;

/// <summary>What a sweep of our open orders came to.</summary>
/// <param name="NoneOpen">Two queries, one after the other, found no open order of ours.</param>
/// <param name="Seen">Orders of ours that were found open.</param>
/// <param name="Canceled">Of them, those whose cancel the exchange confirmed.</param>
/// <param name="Foreign">Open orders of others at the end; they are left alone. Negative where that was never found out.</param>
/// <param name="Left">Orders of ours that were open when last looked at.</param>
/// <param name="Problem">Why it did not end with none open; empty where it did.</param>
public sealed record CancelOutcome(bool NoneOpen, int Seen, int Canceled, int Foreign, IReadOnlyList<OpenOrder> Left, string Problem);

/// <summary>
/// Cancels every open order of ours, whichever process placed it, over REST and without a session: for the kill switch and for the guard process. Ours are those
/// whose client id begins with our prefix. It ends when two queries in a row found none, or at its deadline.
/// </summary>
/// <param name="orders">The way to the exchange.</param>
/// <param name="time">Measures the deadline and the pauses.</param>
/// <param name="log">Takes lines for people.</param>
public sealed class OwnOrderCanceller(RestOrders orders, TimeProvider time, Action<string> log)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AfterProblem = TimeSpan.FromSeconds(1);

    /// <exception cref="OperationCanceledException">It was told to stop.</exception>
    public async Task<CancelOutcome> RunAsync(TimeSpan within, CancellationToken cancel)
    {
        long began = time.GetTimestamp();
        var seen = new HashSet<long>();
        var canceled = new HashSet<long>();
        IReadOnlyList<OpenOrder> left = [];
        int clean = 0, foreign = -1;
        string problem = "";
        while (true)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            TimeSpan remaining = within - time.GetElapsedTime(began);
            if (remaining <= TimeSpan.Zero) break;
            using ITimer bell = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), deadline, remaining, Timeout.InfiniteTimeSpan);
            (IReadOnlyList<OpenOrder>? open, RestAnswer answer) = await orders.OpenOrdersAsync(deadline.Token).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
            if (open is null)
            {
                clean = 0; // An answer that is missing proves nothing.
                if (problem != answer.Problem) log($"our open orders could not be read: {answer.Problem}");
                problem = answer.Problem;
                if (!await PauseAsync(AfterProblem, began, within, cancel).ConfigureAwait(false)) break;
                continue;
            }
            left = [.. open.Where(order => ClientOrderIds.IsOurs(Encoding.UTF8.GetBytes(order.ClientId)))];
            foreign = open.Count - left.Count;
            clean = left.Count == 0 ? clean + 1 : 0;
            if (clean == 2) return new CancelOutcome(true, seen.Count, canceled.Count, foreign, left, "");
            foreach (OpenOrder order in left)
            {
                seen.Add(order.ExchangeOrderId);
                RestAnswer done = await orders.CancelAsync(order, deadline.Token).ConfigureAwait(false);
                cancel.ThrowIfCancellationRequested();
                if (done.Verdict == Verdict.Accepted) canceled.Add(order.ExchangeOrderId);
                else if (done.Code != -2011) problem = $"{order.ClientId} of {order.Symbol} was not canceled: {done.Problem}"; // -2011: gone meanwhile; the next look tells.
            }
            if (!await PauseAsync(BetweenLooks, began, within, cancel).ConfigureAwait(false)) break;
        }
        if (problem.Length == 0) problem = $"not done within {within.TotalSeconds:0.#} s";
        return new CancelOutcome(false, seen.Count, canceled.Count, foreign, left, problem);
    }

    private async Task<bool> PauseAsync(TimeSpan pause, long began, TimeSpan within, CancellationToken cancel)
    {
        if (time.GetElapsedTime(began) + pause >= within) return false;
        await Task.Delay(pause, time, cancel).ConfigureAwait(false);
        return true;
    }
}
