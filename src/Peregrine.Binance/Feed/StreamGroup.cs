using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.Binance.Feed;

/// <summary>Streams that share a connection: as many as the limits allow, of one route where the market has routes.</summary>
internal sealed class StreamGroup
{
    /// <summary>Room for the kinds of market data in a stream's key.</summary>
    public const int KindBits = 4;

    private long _passed;

    public StreamGroup(int number, IReadOnlyList<Uri> addresses, IReadOnlyList<StreamInfo> streams, int symbolsInAll, bool isBinary = false)
    {
        IsBinary = isBinary;
        Number = number;
        Addresses = addresses;
        Keys = [.. streams.Select(static stream => Key(stream.Symbol, stream.Kind)).Distinct()];
        Symbols = [.. streams.Select(static stream => stream.Symbol).Distinct()];
        HasAllSymbols = Symbols.Length == symbolsInAll;
        foreach (StreamInfo stream in streams) Kinds |= 1 << (int)stream.Kind;
    }

    /// <summary>Counted from 1; the number in Line events.</summary>
    public int Number { get; }

    /// <summary>One for each slot: the same streams, of other hosts or ports where there are any.</summary>
    public IReadOnlyList<Uri> Addresses { get; }

    /// <summary>The streams, by <see cref="Key"/>.</summary>
    public int[] Keys { get; }

    public SymbolId[] Symbols { get; }

    /// <summary>Whether its messages are SBE.</summary>
    public bool IsBinary { get; }

    public bool HasAllSymbols { get; }

    /// <summary>One bit a kind.</summary>
    public int Kinds { get; }

    /// <summary>Whether anything of it is expected to speak at all times: liquidations are not.</summary>
    public bool HasRhythm => (Kinds & ~(1 << (int)EventKind.Liquidation)) != 0;

    /// <summary>The connections that are made or being made, successors among them.</summary>
    public List<FeedLine> Lines { get; } = [];

    /// <summary>Whether any connection was up when it was last looked at.</summary>
    public bool IsUp { get; set; }

    /// <summary>Events that passed, whichever connection brought them.</summary>
    public long Passed => Volatile.Read(ref _passed);

    public void CountPassed() => Volatile.Write(ref _passed, _passed + 1);

    /// <summary>The number of keys that so many symbols have. A server may send what nobody asked for, so there is one for every kind of every symbol.</summary>
    public static int KeysOf(int symbols) => (symbols + 1) << KindBits;

    /// <summary>Where a stream's numbers are kept.</summary>
    public static int Key(SymbolId symbol, EventKind kind) => (symbol.Value << KindBits) | (int)kind;

    public bool Carries(SymbolId symbol, EventKind kind) => Array.IndexOf(Keys, Key(symbol, kind)) >= 0;
}
