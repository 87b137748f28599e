using System.Text;

using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Streams;

/// <summary>One stream that was asked for: what its name alone says about its messages.</summary>
/// <param name="Name">As on the wire: btcusdt@depth20@100ms.</param>
/// <param name="Symbol">None for a stream of all symbols.</param>
public sealed record StreamInfo(string Name, SymbolId Symbol, EventKind Kind);

/// <summary>
/// The streams of a subscription and the symbols of the run, found by the bytes of their names. The partial book of the spot market says neither
/// its symbol nor its kind: only the stream's name does.
/// </summary>
public sealed class StreamTable
{
    /// <summary>The forced orders of all symbols on one stream; its messages name theirs.</summary>
    public const string AllForcedOrders = "!forceOrder@arr";

    private readonly List<StreamInfo> _streams = [];
    private readonly Utf8Table _byName = new();
    private readonly Utf8Table _symbols = new();

    /// <summary>A table that knows the symbols and, for each of them, each kind of stream (aggTrade, depth20@100ms, …).</summary>
    /// <exception cref="ArgumentException">A kind of stream that is not read here.</exception>
    public StreamTable(InstrumentTable instruments, IEnumerable<string> streamKinds)
    {
        foreach (Instrument instrument in instruments.All) _symbols.Set(Encoding.UTF8.GetBytes(instrument.Symbol), instrument.Id.Value);
        foreach (string kind in streamKinds)
        {
            EventKind says = KindOf(kind);
            if (kind == AllForcedOrders) Add(new StreamInfo(kind, SymbolId.None, says));
            else foreach (Instrument instrument in instruments.All) Add(new StreamInfo($"{instrument.Symbol.ToLowerInvariant()}@{kind}", instrument.Id, says));
        }
    }

    public IReadOnlyList<StreamInfo> Streams => _streams;

    /// <summary>What a stream kind's messages are.</summary>
    /// <exception cref="ArgumentException">A kind of stream that is not read here.</exception>
    public static EventKind KindOf(string streamKind) => streamKind switch
    {
        "aggTrade" => EventKind.AggTrade,
        "trade" => EventKind.Trade,
        "bookTicker" => EventKind.BookTicker,
        "kline_1m" => EventKind.Kline,
        "depth20" or "depth20@100ms" or "depth20@500ms" => EventKind.Depth20,
        "markPrice" or "markPrice@1s" => EventKind.MarkPrice,
        "forceOrder" or AllForcedOrders => EventKind.Liquidation,
        "depth" or "depth@100ms" or "depth@500ms" or "depth@0ms" => EventKind.DepthDiff,
        _ => throw new ArgumentException(
            $"'{streamKind}' is not a stream that is read here; these are: aggTrade, trade, depth20@100ms, depth@100ms, bookTicker, kline_1m, "
            + "and on USD-M markPrice, markPrice@1s, forceOrder.", nameof(streamKind)),
    };

    /// <summary>The stream of that name, or null.</summary>
    public StreamInfo? Find(ReadOnlySpan<byte> name)
    {
        int at = _byName.Find(name);
        return at < 0 ? null : _streams[at];
    }

    /// <summary>The symbol of that name in upper case, or none.</summary>
    public SymbolId FindSymbol(ReadOnlySpan<byte> symbol)
    {
        int number = _symbols.Find(symbol);
        return number < 0 ? SymbolId.None : new SymbolId((ushort)number);
    }

    private void Add(StreamInfo stream)
    {
        byte[] name = Encoding.UTF8.GetBytes(stream.Name);
        if (_byName.Find(name) >= 0) return;
        _byName.Set(name, _streams.Count);
        _streams.Add(stream);
    }
}
