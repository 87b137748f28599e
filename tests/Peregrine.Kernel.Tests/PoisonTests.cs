using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Peregrine.Kernel.Tests;

public sealed class PoisonTests
{
    private static GroupSpec AtOnce(ChildSpec child) => new("g")
    {
        Children = [child],
        Backoff = new Backoff(TimeSpan.Zero, TimeSpan.Zero),
        Restarts = new RestartLimit(1_000_000, TimeSpan.FromHours(1)),
    };

    [Fact]
    public void Row_20_a_message_that_crashes_twice_is_set_aside_and_the_next_is_handled()
    {
        const int Seed = 20, Messages = 20;
        int trials = Scorecard.Times(50), failures = 0, poisoned = 0;
        var random = new Random(Seed);
        for (int trial = 0; trial < trials; trial++)
        {
            bool[] poison = [.. Enumerable.Range(0, Messages).Select(_ => random.Next(4) == 0)];
            var delivered = new ConcurrentQueue<int>();
            var told = new ConcurrentQueue<DeadLetter>();
            using var stage = new Stage();
            var box = new Mailbox<int>(32, stage.Time, describe: message => $"order {message}");
            ChildSpec child = MailWorker<int>.Spec("a", box, (_, message) =>
            {
                delivered.Enqueue(message);
                if (poison[message]) throw new InvalidDataException($"cannot read {message}");
            });
            stage.Cast([AtOnce(child)], new SupervisorOptions { OnDeadLetter = told.Enqueue }).Start();
            for (int i = 0; i < Messages; i++) Assert.True(box.TryPost(i));
            stage.Until(() => box.Depth == 0 && told.Count == poison.Count(isPoison => isPoison));
            IEnumerable<int> expected = Enumerable.Range(0, Messages).SelectMany(message => Enumerable.Repeat(message, poison[message] ? 2 : 1));
            int[] bad = [.. Enumerable.Range(0, Messages).Where(message => poison[message])];
            IReadOnlyList<DeadLetter> listed = stage.Supervisor.Snapshot().DeadLetters;
            bool isRight = expected.SequenceEqual(delivered) && listed.SequenceEqual(told)
                && bad.Select(message => $"order {message}").SequenceEqual(listed.Select(letter => letter.Message))
                && bad.Select(message => $"InvalidDataException: cannot read {message}").SequenceEqual(listed.Select(letter => letter.Error))
                && listed.All(letter => letter.Actor == "g/a" && letter.Count == 1 && letter.Hash == Sha256(letter.Message));
            if (!isRight) failures++;
            poisoned += bad.Length;
        }
        Scorecard.Say($"row 20: {trials} trials of {Messages} messages, {poisoned} of them poison, {failures} failures (seed {Seed})");
        Assert.Equal(0, failures);
        Assert.True(poisoned > trials, "Too little poison to prove anything.");
    }

    [Fact]
    public void A_message_that_hangs_twice_is_set_aside_too()
    {
        using var stage = new Stage();
        using var never = new ManualResetEventSlim();
        var box = new Mailbox<string>(8, stage.Time);
        var delivered = new ConcurrentQueue<string>();
        ChildSpec child = MailWorker<string>.Spec("a", box, (_, message) =>
        {
            delivered.Enqueue(message);
            if (message == "slow") never.Wait();
        }) with { HangAfter = TimeSpan.FromSeconds(2), StopWithin = TimeSpan.FromSeconds(1) };
        stage.Cast([AtOnce(child)]).Start();
        box.TryPost("slow");
        box.TryPost("next");
        stage.Until(() => delivered.Count == 1);
        stage.Supervisor.Settle();
        stage.Pass(3.5);
        stage.Until(() => delivered.Count == 2);
        stage.Supervisor.Settle();
        stage.Pass(3.5);
        stage.Until(() => box.Depth == 0 && stage.Supervisor.Snapshot().DeadLetters.Count == 1);
        Assert.Equal(["slow", "slow", "next"], delivered);
        Assert.Contains("no progress", stage.Supervisor.Snapshot().DeadLetters[0].Error);
        never.Set();
    }

    [Fact]
    public void Two_crashes_on_different_messages_set_nothing_aside()
    {
        using var stage = new Stage();
        var box = new Mailbox<int>(8, stage.Time);
        var delivered = new ConcurrentQueue<int>();
        var crashed = new HashSet<int>();
        stage.Cast([AtOnce(MailWorker<int>.Spec("a", box, (_, message) =>
        {
            delivered.Enqueue(message);
            if (crashed.Add(message)) throw new IOException("once");
        }))]).Start();
        for (int i = 0; i < 3; i++) box.TryPost(i);
        stage.Until(() => box.Depth == 0);
        Assert.Equal([0, 0, 1, 1, 2, 2], delivered);
        Assert.Empty(stage.Supervisor.Snapshot().DeadLetters);
    }

    [Fact]
    public void The_list_is_bounded_and_counts_the_same_message()
    {
        using var stage = new Stage();
        var box = new Mailbox<string>(64, stage.Time);
        int told = 0;
        stage.Cast([AtOnce(MailWorker<string>.Spec("a", box, (_, _) => throw new IOException("no")))], new SupervisorOptions
        {
            DeadLettersMax = 3,
            OnDeadLetter = _ =>
            {
                Interlocked.Increment(ref told);
                throw new IOException("the file is gone"); // A listener's failure is nobody else's.
            },
        }).Start();
        foreach (string text in new[] { "a", "b", "b", "b" }) box.TryPost(text);
        stage.Until(() => box.Depth == 0 && Volatile.Read(ref told) == 4);
        stage.Until(() => stage.Supervisor.Health.ListenerFailures == 4);
        Assert.Equal([("b", 1), ("b", 2), ("b", 3)], stage.Supervisor.Snapshot().DeadLetters.Select(letter => (letter.Message, letter.Count)));
    }

    [Fact]
    public void A_message_whose_text_throws_is_set_aside_all_the_same()
    {
        using var stage = new Stage();
        var box = new Mailbox<int>(8, stage.Time, describe: _ => throw new FormatException("unreadable"));
        stage.Cast([AtOnce(MailWorker<int>.Spec("a", box, (_, _) => throw new IOException("no")))]).Start();
        box.TryPost(1);
        stage.Until(() => stage.Supervisor.Snapshot().DeadLetters.Count == 1);
        Assert.Contains("unreadable", stage.Supervisor.Snapshot().DeadLetters[0].Message);
    }

    [Fact]
    public void The_disposal_after_a_crash_cannot_take_the_message_away()
    {
        const int Messages = 60; // The first disposals are compiled while the supervisor already acts; the later ones are faster than it.
        using var stage = new Stage();
        var box = new Mailbox<int>(64, stage.Time);
        var seen = new ConcurrentQueue<int>();
        int drained = 0;
        var failed = new HashSet<int>();
        stage.Cast([AtOnce(new ChildSpec("a", _ => new Drainer(box, message =>
        {
            seen.Enqueue(message);
            if (failed.Add(message)) throw new IOException("once");
        }, () => Interlocked.Increment(ref drained))) { Mailbox = box })]).Start();
        for (int i = 0; i < Messages; i++) box.TryPost(i);
        stage.Until(() => box.Depth == 0);
        Assert.Equal(Enumerable.Range(0, Messages).SelectMany(message => new[] { message, message }), seen);
        Assert.Equal(0, drained);
    }

    private sealed class Drainer(Mailbox<int> box, Action<int> handle, Action onDrained) : IActor, IDisposable
    {
        public bool Turn()
        {
            if (!box.TryTake(out int message)) return false;
            handle(message);
            return true;
        }

        public void Dispose()
        {
            while (box.TryTake(out _)) onDrained();
        }
    }

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
