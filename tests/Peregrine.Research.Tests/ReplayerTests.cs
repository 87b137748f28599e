using System.Runtime.InteropServices;
using System.Text;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Execution.Trading;
using Peregrine.Research.Replay;

using Xunit;

namespace Peregrine.Research.Tests;

public sealed class ReplayerTests
{
    private readonly InstrumentTable _instruments = new();
    private readonly SymbolId _symbol;
    private long _sequence;

    public ReplayerTests() => _symbol = _instruments.Add("BTCUSDT", Market.Spot).Id;

    private void Feed(Replayer replayer, MarketEvent entry, params long[] words)
    {
        if (words.Length > 0)
        {
            entry.Flags |= EventFlags.HasPayload;
            entry.PayloadWords = words.Length;
        }
        entry.ReceiveTimeNanos = ++_sequence * 1_000_000;
        replayer.OnEvent(_sequence, in entry, words);
    }

    private void Begin(Replayer replayer)
    {
        byte[] text = Encoding.UTF8.GetBytes(new CoreSetup().ToJson());
        long[] words = new long[(text.Length + 7) / 8];
        text.CopyTo(MemoryMarshal.AsBytes(words.AsSpan()));
        Feed(replayer, new MarketEvent { Kind = EventKind.Session, Plain = new PlainFields { A = 1, B = text.Length, C = 1 } }, words);
    }

    private void Diff(Replayer replayer, long first, long final) =>
        Feed(replayer, new MarketEvent { Kind = EventKind.DepthDiff, Symbol = _symbol, Depth = new DepthFields { FirstUpdateId = first, FinalUpdateId = final, BidCount = 1, PayloadWords = 4 } }, 100, 1, 200, 1);

    private void Snapshot(Replayer replayer, long id) =>
        Feed(replayer, new MarketEvent { Kind = EventKind.DepthSnapshot, Symbol = _symbol, Depth = new DepthFields { FinalUpdateId = id, BidCount = 1, PayloadWords = 4 } }, 100, 1, 200, 1);

    /// <summary>A life with one gap in it: diffs 1..2 and 3..4, then 9..10.</summary>
    private void LiveWithAGap(Replayer replayer)
    {
        Begin(replayer);
        Diff(replayer, 1, 2);
        Snapshot(replayer, 2);
        Diff(replayer, 3, 4);
        Diff(replayer, 9, 10);
    }

    [Fact]
    public void Says_identical_when_the_recorded_answers_come_out_again()
    {
        using Replayer replayer = new(_instruments, _ => null);
        LiveWithAGap(replayer);
        long nanos = _sequence * 1_000_000;
        MarketEvent gap = new() { Kind = EventKind.Gap, Symbol = _symbol, ReceiveTimeNanos = nanos, Plain = new PlainFields { A = (long)GapReason.Sequence, B = 5, C = 9 } };
        replayer.OnEvent(++_sequence, in gap, default);
        ReplayResult result = replayer.Finish();
        Assert.Null(result.FirstDifference);
        Assert.Equal((1, 1, 1), (result.Decisions, result.Identical, result.Made));
    }

    [Theory]
    [InlineData(6, "came out differently")]
    [InlineData(0, "the recording does not have")]
    public void Finds_the_first_difference(long expected, string said)
    {
        using Replayer replayer = new(_instruments, _ => null);
        LiveWithAGap(replayer);
        long nanos = _sequence * 1_000_000;
        MarketEvent other = new() { Kind = EventKind.Gap, Symbol = _symbol, ReceiveTimeNanos = nanos, Plain = new PlainFields { A = (long)GapReason.Sequence, B = expected, C = 9 } };
        if (expected > 0) replayer.OnEvent(++_sequence, in other, default);
        ReplayResult result = replayer.Finish();
        Assert.Contains(said, result.FirstDifference, StringComparison.Ordinal);
        Assert.Equal(0, result.Identical);
    }

    [Fact]
    public void Finds_an_answer_that_the_replay_did_not_make()
    {
        using Replayer replayer = new(_instruments, _ => null);
        Begin(replayer);
        MarketEvent gap = new() { Kind = EventKind.Gap, Symbol = _symbol };
        replayer.OnEvent(++_sequence, in gap, default);
        Assert.Contains("did not make", replayer.Finish().FirstDifference, StringComparison.Ordinal);
    }
}
