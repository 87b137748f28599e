namespace Peregrine.Common.Events;

/// <summary>What the plain fields of a <see cref="EventKind.Line"/> event mean. With no symbol it concerns every symbol, otherwise that one.</summary>
public static class LineEvent
{
    /// <summary>A connection changed. A line is down unless it says otherwise.</summary>
    /// <param name="line">Which connection, counted from 0 (field A).</param>
    /// <param name="isUp">Field B: 1 up, 0 down.</param>
    /// <param name="receiveTimeNanos">When it was noticed, nanoseconds since 1970.</param>
    /// <param name="symbol">None for all symbols.</param>
    public static MarketEvent Of(int line, bool isUp, long receiveTimeNanos, SymbolId symbol = default) => new()
    {
        Kind = EventKind.Line,
        Symbol = symbol,
        ReceiveTimeNanos = receiveTimeNanos,
        Plain = new PlainFields { A = line, B = isUp ? 1 : 0 },
    };

    public static bool IsUp(in MarketEvent entry) => entry.Plain.B == 1;
}
