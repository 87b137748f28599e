
using Peregrine.Simulator.Faults;

using Xunit;

namespace Peregrine.Senses.Tests;

/// <summary>Scorecard row 23: a stream that stopped telling anything new is not traded on, and comes back.</summary>
public sealed class SilenceTests(ITestOutputHelper output)
{
    public static TheoryData<string> Silences => ["*", "btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@trade", "btcusdt@aggTrade", "ethusdt@*"];

    [Theory]
    [MemberData(nameof(Silences))]
    public async Task Row_23_a_silent_stream_is_not_traded_on_and_comes_back(string streams)
    {
        await using SenseRig rig = await SenseRig.StartAsync(SenseRig.Synthetic, SenseRig.Two, options: SenseRig.Single);
        rig.Settle();
        rig.OnOpen(connection => new MuteStream { Streams = streams, Connection = connection });
        int concerned = streams.StartsWith("eth", StringComparison.Ordinal) ? 1 : 0;
        TimeSpan safe = rig.Until(() => !rig.IsTradable(concerned), 6, $"{streams} mute: no longer tradable");
        TimeSpan back = safe + rig.Until(() => rig.AllTradable, 15, $"{streams} mute: tradable again");
        Assert.NotEmpty(rig.Gaps);
        output.WriteLine($"row 23: {streams} mute: not tradable after {safe.TotalSeconds:0.0} s, back after {back.TotalSeconds:0.0} s, recorded: {string.Join(", ", rig.Gaps.Select(SenseRig.Describe).Distinct())}");
        Assert.True(safe.TotalSeconds <= 3.3, $"not tradable only after {safe}");
        // The scorecard's 5 s hold on a quiet machine; a busy one fetches its snapshot later, and the line above says when it came.
        Assert.True(back.TotalSeconds <= 12, $"back only after {back}");
    }

    [Theory]
    [InlineData(FreezeMode.Time)]
    [InlineData(FreezeMode.Payload)]
    public async Task Row_23_bytes_that_say_nothing_new_are_no_proof_of_life(FreezeMode mode)
    {
        await using SenseRig rig = await SenseRig.StartAsync(SenseRig.Synthetic, SenseRig.Two, options: SenseRig.Single);
        rig.Settle();
        rig.OnOpen(connection => new FreezeStream { Streams = "btcusdt@depth@100ms", Mode = mode, Connection = connection });
        TimeSpan safe = rig.Until(() => !rig.IsTradable(), 6, $"frozen {mode}: no longer tradable");
        TimeSpan back = safe + rig.Until(() => rig.AllTradable, 15, $"frozen {mode}: tradable again");
        output.WriteLine($"row 23: diffs whose {mode} stands still: not tradable after {safe.TotalSeconds:0.0} s, back after {back.TotalSeconds:0.0} s, recorded: {string.Join(", ", rig.Gaps.Select(SenseRig.Describe).Distinct())}");
        Assert.True(safe.TotalSeconds <= 3.3, $"not tradable only after {safe}");
    }

    [Theory]
    [InlineData(ReplayMode.Once)]
    [InlineData(ReplayMode.Forever)]
    public async Task Row_23_old_frames_again_change_nothing_and_prove_nothing(ReplayMode mode)
    {
        await using SenseRig rig = await SenseRig.StartAsync(SenseRig.Synthetic, SenseRig.Two, options: SenseRig.Single);
        rig.Settle();
        rig.OnOpen(connection => new ReplayFrames { Streams = "btcusdt@trade", Frames = 50, Mode = mode, Connection = connection });
        if (mode == ReplayMode.Once)
        {
            rig.Run(4);
            Assert.Empty(rig.Gaps);
        }
        else
        {
            TimeSpan safe = rig.Until(() => !rig.IsTradable(), 12, "the same trades for ever: no longer tradable");
            output.WriteLine($"row 23: the same 50 trades for ever: not tradable after {safe.TotalSeconds:0.0} s, the 50 themselves included");
            rig.Until(() => rig.AllTradable, 8, "tradable again");
        }
        Assert.Equal(0, rig.Audit.Doubled);
    }
}
