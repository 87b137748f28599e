namespace Peregrine.Common.Events;

/// <summary>What the plain fields of a <see cref="EventKind.Line"/> event mean. With no symbol it concerns every symbol, otherwise that one.</summary>
public static class LineEvent
{
    /// <summary>A connection changed. A line is down unless it says otherwise.</summary>
    /// <param name="line">Which connection, counted from 0 (field A).</param>
    /// <param name="isUp">Field B: 1 up, 0 down.</param>
    /// <param name="receiveTimeNanos">When it was noticed, nanoseconds since 1970.</param>
    /// <param name="symbol">None for all symbols.</param>
    /// <param name="kinds">Which kinds of stream it carries, one bit a kind (field C); 0 for all.</param>
    public static MarketEvent Of(int line, bool isUp, long receiveTimeNanos, SymbolId symbol = default, int kinds = 0) => new()
    {
        Kind = EventKind.Line,
        Symbol = symbol,
        ReceiveTimeNanos = receiveTimeNanos,
        Plain = new PlainFields { A = line, B = isUp ? 1 : 0, C = kinds },
    };

    /// <summary>Whether the connection carries streams of that kind.</summary>
    public static bool Carries(in MarketEvent entry, EventKind kind) => entry.Plain.C == 0 || (entry.Plain.C & (1L << (int)kind)) != 0;

    public static bool IsUp(in MarketEvent entry) => entry.Plain.B == 1;
}
