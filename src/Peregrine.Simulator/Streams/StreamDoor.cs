using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Peregrine.Common;
using Peregrine.Simulator.Limits;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Replay;
using Peregrine.Simulator.Sockets;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Streams;

/// <summary>Lets stream connections in, runs them to their end, and keeps their meters.</summary>
internal sealed class StreamDoor(
    ExchangeOptions options, Api.KeyRing keys, IMarketSource market, StreamHub hub, ExchangeGate gate, ExchangeClock clock, LimitKeeper limits, CancellationToken stop)
{
    private int _lastNumber;
    private long _closedMessages;
    private int _closedPerSecondMax;
    private int _messageCuts;

    public bool IsStream(string path)
    {
        Split(path, out path, out _);
        return path is "/stream" or "/ws" || path.StartsWith("/ws/", StringComparison.Ordinal);
    }

    public async Task RunAsync(HttpContext context)
    {
        StreamRoute route = Split(context.Request.Path.Value!, out string path, out bool isBinary);
        bool combined = path == "/stream";
        string[] names = combined ? Names(context.Request.Query["streams"].ToString()) : path.Length > 4 ? Names(path[4..]) : [];
        string unit = context.Request.Query["timeUnit"].ToString().ToUpperInvariant();
        if (!limits.AdmitConnection()) await RefuseAsync(context, 429, -1003, "Too many connections; current limit is 300 per 5 minutes.");
        else if (isBinary && options.Market != Market.Spot) await RefuseAsync(context, 404, -1121, "SBE streams are served on spot only.");
        else if (isBinary && market is ReplayMarket) await RefuseAsync(context, 404, -1121, "A recording has no SBE streams.");
        else if (isBinary && !gate.Request(() => keys.Knows(context.Request.Headers["X-MBX-APIKEY"]))) await RefuseAsync(context, 401, -2014, "API-key format invalid.");
        else if (unit is not ("" or "MILLISECOND" or "MICROSECOND") || (unit == "MICROSECOND" && (market is ReplayMarket || options.Market != Market.Spot)))
            await RefuseAsync(context, 400, -1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.");
        else if (names.Length > limits.Present.StreamsPerConnection) await RefuseAsync(context, 400, -1128, $"Too many streams; the limit is {limits.Present.StreamsPerConnection} per connection.");
        else if (await WebSocketHandshake.AcceptAsync(context) is { } stream)
        {
            using SocketConnection connection = new(stream, options.TimeProvider, options.EffectivePingInterval, options.EffectivePongTimeout, stop);
            MessageMeter meter = new(clock);
            using StreamSession session = new(connection, context.Features.Get<TransportControl>(), meter, clock, combined)
            {
                Number = Interlocked.Increment(ref _lastNumber), Path = context.Request.Path.Value + context.Request.QueryString.Value,
                Route = route, IsBinary = isBinary, IsMicros = unit == "MICROSECOND",
            };
            await RunAsync(session, connection, names);
        }
        else context.Response.StatusCode = 400;
    }

    /// <summary>The meters of the whole exchange.</summary>
    public ExchangeMeters Read(IReadOnlyDictionary<string, int> requests) => gate.Request(() => new ExchangeMeters
    {
        Weight = limits.Weight, WeightPeak = limits.WeightPeak, WeightTotal = limits.WeightTotal, Requests = new SortedDictionary<string, int>(new Dictionary<string, int>(requests)),
        Answers429 = limits.Answers429, Answers418 = limits.Answers418, CallsWhileBanned = limits.CallsWhileBanned, Bans = limits.Bans,
        Connects = limits.Connects, ConnectsOfFiveMinutes = limits.ConnectsOfFiveMinutes, ConnectsRefused = limits.ConnectsRefused,
        Messages = _closedMessages + hub.Sessions.Sum(s => s.Meter.Total),
        MessagesPerSecondMax = hub.Sessions.Select(s => s.Meter.PerSecondMax).Append(_closedPerSecondMax).Max(), MessageCuts = _messageCuts,
        Connections = [.. hub.Sessions.Select(s => new ConnectionMeters(
            s.Number, s.Path, s.Age.TotalSeconds, s.Subscriptions.Count, s.Meter.Total, s.Meter.PerSecondMax, s.Connection.Unsent))],
    });

    /// <summary>Opens a connection that has no socket.</summary>
    public StreamSession Open(WebSocketConnection connection, string pathAndQuery)
    {
        int question = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        StreamRoute route = Split(question < 0 ? pathAndQuery : pathAndQuery[..question], out string path, out bool isBinary);
        QueryCollection query = new(QueryHelpers.ParseQuery(question < 0 ? "" : pathAndQuery[question..]));
        bool combined = path == "/stream";
        StreamSession session = new(connection, null, new MessageMeter(clock), clock, combined)
        {
            Number = Interlocked.Increment(ref _lastNumber), Path = pathAndQuery, Route = route, IsBinary = isBinary,
            IsMicros = query["timeUnit"].ToString().Equals("MICROSECOND", StringComparison.OrdinalIgnoreCase),
        };
        Begin(session, combined ? Names(query["streams"].ToString()) : path.Length > 4 ? Names(path[4..]) : []);
        return session;
    }

    /// <summary>A message of the peer.</summary>
    public void OnText(StreamSession session, byte[] message, WireWriter reply)
    {
        gate.Request(() =>
        {
            StreamControl.Handle(hub, session, message, limits.Present.StreamsPerConnection, reply);
            if (reply.Length > 0) session.Connection.AppendText(reply.Written);
        });
        session.Connection.Flush();
    }

    /// <summary>The connection is over.</summary>
    public void End(StreamSession session) => gate.Request(() =>
    {
        hub.Remove(session);
        _closedMessages += session.Meter.Total;
        _closedPerSecondMax = Math.Max(_closedPerSecondMax, session.Meter.PerSecondMax);
    });

    private void Begin(StreamSession session, string[] names)
    {
        session.Connection.Admit = opcode =>
        {
            if (opcode == 8 || session.Meter.Count() <= limits.Present.MessagesPerSecond) return true;
            Interlocked.Increment(ref _messageCuts);
            return false;
        };
        gate.Request(() =>
        {
            session.Lifetime.Own = limits.Usual.SessionLifetime;
            hub.Add(session);
            hub.Subscribe(session, names);
        });
    }

    private async Task RunAsync(StreamSession session, SocketConnection connection, string[] names)
    {
        WireWriter reply = new(256);
        connection.Drained = () => (market as ReplayMarket)?.OnDrained();
        Begin(session, names);
        try
        {
            await connection.RunAsync(message => OnText(session, message.ToArray(), reply));
        }
        finally
        {
            End(session);
            (market as ReplayMarket)?.OnDrained();
        }
    }

    private StreamRoute Split(string path, out string rest, out bool isBinary)
    {
        isBinary = path.StartsWith("/sbe/", StringComparison.Ordinal);
        rest = isBinary ? path[4..] : path;
        return StreamRoutes.Split(ref rest);
    }

    private static string[] Names(string streams) => [.. streams.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)];

    internal static async Task RefuseAsync(HttpContext context, int status, int code, string message)
    {
        WireWriter body = new(256);
        Api.RestApi.WriteError(body, new Api.ApiException(code, message, status));
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json;charset=UTF-8";
        await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }
}
