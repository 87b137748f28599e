using Peregrine.Benchmarks.Feed.Decoding;
using Peregrine.Benchmarks.Feed.Markets;
using Peregrine.Benchmarks.Feed.Ring;
using Peregrine.Benchmarks.Feed.Sbe;
using Peregrine.Benchmarks.Feed.Sockets;
using Peregrine.Benchmarks.Inference;
using Peregrine.Benchmarks.OrderPath;
using Peregrine.Benchmarks.Signing;
using Peregrine.Benchmarks.Storage;

namespace Peregrine.Benchmarks;

/// <summary>The rooms of the house that have benchmarks. A new room is one more line here and a class for each of its questions.</summary>
public static class Rooms
{
    private static readonly Dictionary<string, Func<IBenchmark[]>> All = new(StringComparer.Ordinal)
    {
        ["feed"] = static () => [new DecodingMessages(), new SbeDecoding(), new RingRates(), new SocketBursts(), new PacedFrames(), new ManySymbols()],
        ["inference"] = static () => [new BesideOnnxRuntime(), new LoadAndCompile(), new WithoutSimd(), new WithoutSimd.Alone()],
        ["order-path"] = static () => [new WithoutSockets(), new OverLoopback()],
        ["signing"] = static () => [new SigningRequests()],
        ["storage"] = static () => [new RowsAndChunks(), new RecordedSizes(), new FlashCost(), new Compression(), new RecorderFromTheRing(), new BesideABackup(), new RecordingTheFeed()],
    };

    /// <summary>The names that <see cref="Of"/> knows.</summary>
    public static IReadOnlyCollection<string> Names => All.Keys;

    /// <summary>The benchmarks of a room; null where there is no such room.</summary>
    public static IReadOnlyList<IBenchmark>? Of(string room) => All.TryGetValue(room, out Func<IBenchmark[]>? benchmarks) ? benchmarks() : null;
}
