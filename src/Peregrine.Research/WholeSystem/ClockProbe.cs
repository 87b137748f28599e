using System.Text.Json;

using Peregrine.Binance.Rest;
using Peregrine.Simulator.Virtual;

namespace Peregrine.Research.WholeSystem;

/// <summary>Asks the exchange for its time as life does: at once, every minute, and when somebody doubts it; over the network's latency.</summary>
internal sealed class ClockProbe
{
    private const long EveryMicros = 60_000_000;

    private readonly VirtualExchange _exchange;
    private readonly ServerClock _clock;
    private readonly TimeProvider _time;
    private readonly VirtualLink _link;
    private long _next;
    private long _askAt;
    private long _answerAt;
    private long _sent;
    private long _answer;

    public ClockProbe(VirtualExchange exchange, ServerClock clock, TimeProvider time, VirtualLink link)
    {
        (_exchange, _clock, _time, _link) = (exchange, clock, time, link);
        clock.WhenDoubted = () => _next = 0;
    }

    public void Poll()
    {
        long now = _exchange.NowMicros;
        if (_askAt == 0 && _answerAt == 0 && now >= _next)
        {
            _sent = _time.GetTimestamp();
            _askAt = now + _link.LatencyMicros;
            _next = now + EveryMicros;
        }
        if (_askAt != 0 && now >= _askAt)
        {
            _askAt = 0;
            (int status, byte[] body) = _exchange.Request("GET", "/api/v3/time");
            if (status != 200) return;
            using JsonDocument text = JsonDocument.Parse(body);
            _answer = text.RootElement.GetProperty("serverTime").GetInt64() * 1_000;
            _answerAt = now + _link.LatencyMicros;
        }
        if (_answerAt == 0 || now < _answerAt) return;
        _answerAt = 0;
        _clock.Observe(_answer, _sent, _time.GetTimestamp());
    }
}
