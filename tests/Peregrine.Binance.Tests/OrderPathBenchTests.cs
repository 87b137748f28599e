using Peregrine.Benchmarks.OrderPath;
using Peregrine.Common;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>A comparison is worth something only where both ways do the same work.</summary>
public sealed class OrderPathBenchTests
{
    private const int Messages = 6_000; // 45 seconds: every feature has its window behind it.

    [Fact]
    public void Both_ways_of_the_order_path_sign_the_same_orders()
    {
        (List<PlacedOrder> ours, List<PlacedOrder> usual, ulong one, ulong other) = Play(Messages);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"order path: {Messages} messages, {ours.Count} orders ({ours.Count(static order => order.Side == Side.Buy)} buys), {ours.Zip(usual).Count(static pair => Certain(pair.First) != Certain(pair.Second))} different, probabilities at most {ours.Zip(usual).Max(Apart):E1} apart");
        Assert.Equal(usual.Select(Certain), ours.Select(Certain));
        Assert.True(ours.Zip(usual).Max(Apart) < 1e-4, "the model was shown other features");
        Assert.Equal(other, one);
        Assert.True(ours.Count > Messages * 0.99, $"{ours.Count} orders for {Messages} messages");
        Assert.All([Side.Buy, Side.Sell], side => Assert.Contains(ours, order => order.Side == side));
        Assert.True(ours.Select(static order => order.PriceUnits).Distinct().Count() > 20, "the price hardly moved");
    }

    [Fact]
    public void Our_way_allocates_nothing()
    {
        using TemporaryModel model = new();
        using OwnOrderPath path = new(MessageSession.Load([], Messages), model.Path);
        path.Prepare(PathStage.Signature);
        path.Play();
        path.Prepare(PathStage.Signature);
        long before = GC.GetAllocatedBytesForCurrentThread();
        path.Play();
        Testing.Allocation.AssertNone(GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static PlacedOrder Certain(PlacedOrder order) => order with { Up = 0 };

    private static double Apart((PlacedOrder One, PlacedOrder Other) pair) => Math.Abs(pair.One.Up - pair.Other.Up);

    private static (List<PlacedOrder> Ours, List<PlacedOrder> Usual, ulong One, ulong Other) Play(int messages)
    {
        MessageSession session = MessageSession.Load([], messages);
        using TemporaryModel model = new();
        using OwnOrderPath own = new(session, model.Path) { Log = [] };
        PlainOrderPath plain = new(session, model.Path) { Log = [] };
        own.Prepare(PathStage.Signature);
        own.Play();
        plain.Prepare();
        plain.Play();
        return (own.Log, plain.Log, own.Sum, plain.Sum);
    }

    private sealed class TemporaryModel : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("peregrine-order-path-");

        public TemporaryModel() => Path = DemoModel.Unpack(_folder.FullName);

        public string Path { get; }

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
