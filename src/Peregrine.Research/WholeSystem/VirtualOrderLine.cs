using Peregrine.Binance.Orders;
using Peregrine.Binance.Wire;
using Peregrine.Simulator.Virtual;

namespace Peregrine.Research.WholeSystem;

/// <summary>The order session's line over a virtual link: comes up, goes down and comes again like a real one.</summary>
internal sealed class VirtualOrderLine(VirtualLink link, VirtualExchange exchange, TraceHash hash) : IOrderLine
{
    private const long ReconnectMicros = 400_000;

    private long _reconnectAt;
    private ReadOnlyMemory<byte> _message;

    /// <inheritdoc/>
    public bool IsUp { get; private set; }

    /// <inheritdoc/>
    public long Connects { get; private set; }

    /// <inheritdoc/>
    public string LastError { get; private set; } = "";

    /// <inheritdoc/>
    public bool TryReceive(out ReadOnlySpan<byte> message)
    {
        message = default;
        if (!link.IsOpen)
        {
            if (IsUp) GoDown("cut");
            if (exchange.NowMicros < _reconnectAt) return false;
            link.Open();
            IsUp = true;
            Connects++;
            return false;
        }
        if (!link.Pump())
        {
            link.Cut();
            GoDown("gone");
            return false;
        }
        if (!link.TryReceive(out _message)) return false;
        hash.Add(_message.Span);
        message = _message.Span;
        return true;
    }

    /// <inheritdoc/>
    public LineSend TrySend(ReadOnlySpan<byte> text)
    {
        if (!IsUp || !link.IsOpen) return LineSend.NotSent;
        hash.Add(text);
        link.Send(text);
        return LineSend.Sent;
    }

    /// <inheritdoc/>
    public void Abort(string reason)
    {
        link.Cut();
        GoDown(reason);
    }

    private void GoDown(string reason)
    {
        IsUp = false;
        LastError = reason;
        _reconnectAt = exchange.NowMicros + ReconnectMicros;
    }
}
