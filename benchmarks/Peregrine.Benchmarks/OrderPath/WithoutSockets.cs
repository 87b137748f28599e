using Peregrine.Benchmarks.Feed;
using Peregrine.Execution.Risk;

namespace Peregrine.Benchmarks.OrderPath;

/// <summary>From the bytes of a message to the bytes of a signed order, an order for every message, beside the usual C# shape of the same work.</summary>
internal sealed class WithoutSockets : IBenchmark
{
    private const int MessagesMax = 20_000;
    private const double Goal = 11;
    private const double RiskGoalNanos = 5_000;
    private const double WarmUpSeconds = 0.5;

    private static readonly (PathStage Stage, string Name)[] Parts =
    [
        (PathStage.Decode, "decode"), (PathStage.Book, "book, trust, windows of the features"), (PathStage.Features, "features read"), (PathStage.Model, "model"),
        (PathStage.Risk, "risk gate"), (PathStage.Text, "order text"), (PathStage.Signature, "key and signature"),
    ];

    public string Name => "without sockets";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        MessageSession session = MessageSession.Load(context.DataFiles, MessagesMax);
        string model = DemoModel.Unpack(context.NewFolder("order-path"));
        using OwnOrderPath own = new(session, model);
        PlainOrderPath plain = new(session, model);

        Contest contest = new(context);
        // The compiler first sees the whole way, as it does in the appliance and as the other side's is seen; what it learned from a part would not suit the rest.
        Entrant[] stages = [.. Parts.Reverse().Select(part => Add(contest, part.Name, part.Stage)).Reverse()];
        Entrant usual = contest.Add("System.Text.Json, decimals, SortedDictionary, strings, HMACSHA256", Warmed(() =>
        {
            plain.Prepare();
            return Time(plain.Play);
        }));
        contest.Run();
        own.Prepare(PathStage.Signature);
        own.Play();
        if (own.Sum != plain.Sum || own.Orders != plain.Orders) throw new InvalidOperationException($"The two ways made other orders: {own.Orders} and {plain.Orders}.");

        BenchRow whole = Contest.Row("message to signed order", "ns/message", stages[^1], (usual, Goal)) with
        {
            Note = Text($"{session.Count} {session.Name}, {own.Orders} orders, the same in both ways; the usual way allocates {Statistics.Median(usual.Samples.Select(static sample => sample.Allocated)):F0} bytes a message"),
        };
        BenchRow loggedOn = Contest.Row("message to order of a session that is logged on", "ns/message", stages[^2], (usual, null)) with
        {
            Note = "with an Ed25519 key a session logs on once, and its orders carry no signature; the usual way signs each",
        };
        return [whole, loggedOn, .. PartRows(stages)];

        Entrant Add(Contest to, string name, PathStage stage) => to.Add(name, Warmed(() =>
        {
            own.Prepare(stage);
            return Time(own.Play);
        }));

        Func<Sample> Warmed(Func<Sample> turn)
        {
            long from = context.Time.GetTimestamp();
            while (context.Time.GetElapsedTime(from).TotalSeconds < WarmUpSeconds) turn(); // The compiler needs to have seen it often.
            return turn;
        }

        Sample Time(Action play)
        {
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            long start = Processor.ThreadNanos; // Whatever else runs on the machine meanwhile is left out, for both ways.
            play();
            double nanos = Processor.ThreadNanos - start;
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            return new Sample(nanos / session.Count, (double)allocated / session.Count);
        }
    }

    /// <summary>What each part adds to those before it, round by round.</summary>
    private static IEnumerable<BenchRow> PartRows(Entrant[] stages)
    {
        for (int i = 0; i < stages.Length; i++)
        {
            double[] added = [.. stages[i].Samples.Select((sample, round) => sample.Value - (i == 0 ? 0 : stages[i - 1].Samples[round].Value))];
            BenchRow row = new($"of which {stages[i].Name}", "ns/message", Statistics.Median(added), Statistics.Percentile(added, 0.99), Statistics.Median(stages[i].Samples.Select(static sample => sample.Allocated)));
            yield return Parts[i].Stage == PathStage.Risk ? row with { Goal = RiskGoalNanos, Note = $"{nameof(RiskGate)} with all that it is told" } : row;
        }
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
