using System.Text;
using Microsoft.AspNetCore.Http;
using Peregrine.Simulator.Api;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Synthetic;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Virtual;

/// <summary>
/// The same exchange without sockets, threads or a clock of its own, for simulations of a whole system: the same seed and the same calls give the same
/// bytes. One thread drives it. Its market is the synthetic one; <see cref="SyntheticSource.Rate"/> sets how much happens per second.
/// </summary>
public sealed class VirtualExchange
{
    /// <summary>Where time begins unless said otherwise: 2026-01-01 00:00 UTC, in microseconds.</summary>
    public const long DefaultStartMicros = 1_767_225_600_000_000;

    /// <summary>What comes by the clock (diffs, partial books, candles) is looked at this often.</summary>
    private const long LookMicros = 10_000;

    private readonly VirtualTime _time;
    private readonly ExchangeCore _core;
    private readonly SyntheticMarket _market;
    private readonly List<VirtualConnection> _connections = [];
    private long _nextLook;

    /// <param name="options">As for the server; its port and time provider are not used.</param>
    /// <exception cref="ArgumentException">The source is not the synthetic one.</exception>
    public VirtualExchange(ExchangeOptions options, long startMicros = DefaultStartMicros)
    {
        if (options.Source is not SyntheticSource) throw new ArgumentException("A virtual exchange has the synthetic market; its source must be a SyntheticSource.", nameof(options));
        _time = new VirtualTime(startMicros);
        _core = new ExchangeCore(options with { TimeProvider = _time }, CancellationToken.None);
        _market = (SyntheticMarket)_core.Market;
        _market.Begin();
        _nextLook = startMicros - (startMicros % LookMicros) + LookMicros;
    }

    /// <summary>Microseconds since 1970.</summary>
    public long NowMicros => _time.NowMicros;

    /// <summary>A clock that shows the exchange's virtual time, timers included: for what is tested along with it.</summary>
    public TimeProvider Time => _time;

    /// <summary>Lets the exchange fail.</summary>
    public ExchangeFaults Faults => _core.Faults;

    /// <summary>What the exchange knows of the first account, as of now.</summary>
    public ExchangeLedger Oracle => OracleOf(ExchangeAccount.First);

    /// <summary>What the exchange knows of an account, as of now.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public ExchangeLedger OracleOf(string account) => _core.LedgerOf(account);

    /// <summary>The order calls so far, with what was done.</summary>
    public IReadOnlyList<OrderCall> OrderCalls => _core.OrderCalls;

    /// <summary>Lets everything happen that is due until then: order flow, timers, triggers, timed streams; in the order of its times.</summary>
    public void AdvanceTo(long unixMicros)
    {
        while (true)
        {
            long flow = _market.NextFlowMicros;
            long timer = _time.NextTimerMicros;
            long next = Math.Min(Math.Min(flow, timer), _nextLook);
            if (next > unixMicros) break;
            _time.MoveTo(next);
            if (next == flow) _market.StepFlow();
            else if (next == timer) _time.Fire();
            else
            {
                _market.PublishTimed(next);
                _nextLook += LookMicros;
            }
        }
        _time.MoveTo(unixMicros);
        foreach (VirtualConnection connection in _connections) connection.Settle();
        _connections.RemoveAll(c => !c.IsOpen);
    }

    /// <summary>Opens a connection to the market streams.</summary>
    /// <param name="streams">Names with slashes between them, as one path segment: <c>btcusdt@trade/btcusdt@depth@100ms</c>; or a path with its query such as <c>/ws/btcusdt@trade</c>. Names alone are a combined stream.</param>
    public VirtualConnection OpenStreams(string streams)
    {
        VirtualSocket socket = new();
        VirtualConnection connection = new(socket);
        if (Refuses("/stream", isStream: true)) return Refused(socket, connection);
#pragma warning disable CA2000 // It lives as long as the connection, whose end disposes it.
        StreamSession session = _core.Door.Open(socket, streams.StartsWith('/') ? streams : "/stream?streams=" + Uri.EscapeDataString(streams));
#pragma warning restore CA2000
        WireWriter reply = new(256);
        connection.OnText = message => _core.Door.OnText(session, message, reply);
        connection.OnEnded = () =>
        {
            _core.Door.End(session);
            session.Dispose();
        };
        _connections.Add(connection);
        return connection;
    }

    /// <summary>Opens a connection to the WebSocket API.</summary>
    public VirtualConnection OpenApi(bool returnRateLimits = true)
    {
        VirtualSocket socket = new();
        VirtualConnection connection = new(socket);
        if (Refuses("/ws-api/v3", isStream: false)) return Refused(socket, connection);
        WebSocketApi session = _core.OpenApi(socket, returnRateLimits);
        connection.OnText = message => session.OnText(message);
        connection.OnEnded = session.OnEnded;
        _connections.Add(connection);
        return connection;
    }

    /// <summary>One REST call. Status 0 is a connection that was cut before any answer.</summary>
    /// <param name="method">GET, POST, PUT or DELETE.</param>
    /// <param name="pathAndQuery">For example <c>/api/v3/depth?symbol=BTCUSDT</c>.</param>
    public (int Status, byte[] Body) Request(string method, string pathAndQuery, string body = "", IReadOnlyDictionary<string, string>? headers = null)
    {
        int question = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        string path = question < 0 ? pathAndQuery : pathAndQuery[..question];
        if (Refuses(path, isStream: false)) return (0, []);
        if (HttpFaultAnswer.Take(path, _core.Http) is { } fault) return (fault.Code, Encoding.UTF8.GetBytes(fault.Body));
        HeaderDictionary requestHeaders = [];
        foreach ((string name, string value) in headers ?? new Dictionary<string, string>()) requestHeaders[name] = value;
        WireWriter writer = new();
        try
        {
            int status = _core.Rest.Answer(method, path, question < 0 ? "" : pathAndQuery[question..], requestHeaders, body, new HeaderDictionary(), writer);
            return (status, writer.Written.ToArray());
        }
        catch (NoReplyException)
        {
            return (0, []);
        }
    }

    private bool Refuses(string path, bool isStream) => _core.Http.Take<RefuseSocket>(path, fault => fault.Hits(path, isStream)) is not null;

    private static VirtualConnection Refused(VirtualSocket socket, VirtualConnection connection)
    {
        socket.Abort();
        return connection;
    }
}
