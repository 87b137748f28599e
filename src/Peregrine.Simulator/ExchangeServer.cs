using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Peregrine.Common;
using Peregrine.Simulator.Api;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Limits;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Replay;
using Peregrine.Simulator.Sockets;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Synthetic;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator;

/// <summary>
/// The exchange on your desk: REST, market streams and WebSocket API from one base URL on loopback. It shares no parsing and no writing
/// with the program it is there to test.
/// </summary>
public sealed class ExchangeServer : IAsyncDisposable
{
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(5);

    private readonly ExchangeOptions _options;
    private readonly WebApplication _app;
    private readonly ExchangeGate _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly StreamHub _hub;
    private readonly IMarketSource _market;
    private readonly ExchangeApi _api;
    private readonly RestApi _rest;
    private readonly KeyRing _keys;
    private readonly RequestSignature _signature;
    private readonly UsageCounter _usage;
    private readonly UserHub _users;
    private readonly ExchangeClock _clock;
    private readonly LimitKeeper _limits;
    private readonly HttpFaults _http = new();
    private readonly FaultAdmin _admin;
    private readonly StreamDoor _door;
#pragma warning disable CA2213 // The caller's own writer: it outlives us.
    private readonly TextWriter _log;
#pragma warning restore CA2213
    private long _nextOrderId = 1_000_000;
    private int _disposed;

    private ExchangeServer(ExchangeOptions options, TextWriter log)
    {
        _options = options;
        _log = log;
        ExchangeClock time = _clock = new ExchangeClock(options.TimeProvider);
        _limits = new LimitKeeper(options.Limits ?? ExchangeLimits.Of(options.Market), time);
        long Micros() => time.GetUnixMicros();
        long NextOrderId() => ++_nextOrderId;
        // The source defines how stream names are read, and wants the hub to publish through.
        IMarketSource? market = null;
        _hub = new StreamHub((session, name) => StreamRoutes.KeyOf(session, name, options.Market, market!.ChannelKey));
        market = options.Source switch
        {
            SyntheticSource synthetic => new SyntheticMarket(
                options.Symbols ?? ["BTCUSDT", "ETHUSDT", "SOLUSDT"], options.Market, synthetic, _hub, _gate, time, NextOrderId),
            ReplaySource replay => new ReplayMarket(Recording.Load(replay.Files, options.Market, options.Symbols), replay, options, _hub, _gate),
            _ => throw new ArgumentException($"No such source: {options.Source}.", nameof(options)),
        };
        _market = market;
        _users = new UserHub(Micros);
        OrderDesk desk = new(market.Venue, new FeeSchedule(options.MakerFeeBasisPoints, options.TakerFeeBasisPoints), NextOrderId, Micros, _users);
        Deposit(desk.Account);
        bool isSpot = options.Market == Market.Spot;
        _keys = new KeyRing([new ExchangeKey(options.ApiKey, ExchangeKeyKind.Hmac, options.Secret), .. options.Keys], Micros() / 1_000);
        _api = new ExchangeApi(market, desk, time, isSpot, _limits);
        _usage = new UsageCounter(time, _limits);
        _signature = new RequestSignature(_keys, time);
        _rest = new RestApi(_api, _gate, _signature, _usage, _limits, _http, options.TimeProvider);
        Faults = new ExchangeFaults(_gate, time, new FaultWiring(_hub, _http, market, time, _limits));
        _door = new StreamDoor(options, _keys, market, _hub, _gate, time, _limits, _stop.Token);
        _admin = new FaultAdmin(Faults, () => Meters);
        _app = Build();
        Completion = CompleteAsync();
    }

    /// <summary>The base of everything: http://127.0.0.1:PORT (streams and WebSocket API under the same, as ws://).</summary>
    public string Url { get; private set; } = "";

    /// <summary>Lets the exchange fail.</summary>
    public ExchangeFaults Faults { get; }

    /// <summary>What was used of it so far.</summary>
    public ExchangeMeters Meters => _door.Read(_rest.Requests);

    /// <summary>
    /// Completes when a replay with <see cref="ReplaySource.Once"/> is over and its subscribers have everything; otherwise when the server is
    /// disposed. Faults when the market's own thread failed.
    /// </summary>
    public Task Completion { get; }

    /// <summary>Starts an exchange and returns it once it listens.</summary>
    /// <exception cref="FileNotFoundException">A recording is not there.</exception>
    /// <exception cref="InvalidDataException">A recording is of no known format.</exception>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<ExchangeServer> StartAsync(ExchangeOptions options, TextWriter? log = null, CancellationToken cancellation = default)
    {
        ExchangeServer server = new(options, log ?? TextWriter.Null);
        try
        {
            server._market.Start();
            await server._app.StartAsync(cancellation);
            IServerAddressesFeature addresses = server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
            server.Url = addresses.Addresses.First();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _stop.CancelAsync();
        await _market.DisposeAsync();
        await _app.DisposeAsync();
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private WebApplication Build()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>(); // Signals belong to the program that hosts us.
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxResponseBufferSize = 1 << 20;
            kestrel.Listen(IPAddress.Loopback, _options.Port, listen => listen.Use(next => TransportControl.Middleware(next, _options.TimeProvider)));
        });
        WebApplication app = builder.Build();
        app.Run(HandleAsync);
        return app;
    }

    private async Task HandleAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "";
        try
        {
            if (path.StartsWith(FaultAdmin.Prefix, StringComparison.Ordinal))
            {
                await _admin.HandleAsync(context);
                return;
            }
            bool isStream = _door.IsStream(path);
            if (_http.Take<RefuseSocket>(path, f => f.What != (isStream ? RefuseWhat.Rest : RefuseWhat.Streams)) is not null)
                context.Features.Get<TransportControl>()?.Reset();
            else if (await HttpFaultAnswer.TryAsync(context, path, _http, _options.TimeProvider)) return;
            else if (path == "/ws-api/v3") await RunApiAsync(context);
            else if (isStream) await _door.RunAsync(context);
            else await _rest.HandleAsync(context);
        }
        catch (OperationCanceledException)
        {
            // The peer left, or we are stopping.
        }
        catch (Exception e)
        {
            await _log.WriteLineAsync($"exchange: {path}: {e.Message}");
            if (!context.Response.HasStarted) context.Response.StatusCode = 500;
        }
    }

    private async Task RunApiAsync(HttpContext context)
    {
        if (!TimeUnits.TryRead(context.Request.Query["timeUnit"], out long unit))
        {
            await StreamDoor.RefuseAsync(context, 400, -1194, TimeUnits.Refusal);
            return;
        }
        using WebSocketConnection? connection = await AcceptAsync(context);
        if (connection is null) return;
        _usage.AddWeight(WebSocketApi.ConnectWeight);
        WebSocketApi session = new(connection, _api, _gate, _signature, _usage, _limits, _users, _clock)
        {
            ReturnsRateLimits = context.Request.Query["returnRateLimits"] != "false", TimeUnit = unit,
        };
        try
        {
            await connection.RunAsync(session.OnText);
        }
        finally
        {
            session.OnEnded();
        }
    }

    private async Task<WebSocketConnection?> AcceptAsync(HttpContext context)
    {
        Stream? stream = await WebSocketHandshake.AcceptAsync(context);
        if (stream is not null) return new WebSocketConnection(stream, _options.TimeProvider, _options.EffectivePingInterval, _options.EffectivePongTimeout, _stop.Token);
        context.Response.StatusCode = 400;
        return null;
    }

    private async Task CompleteAsync()
    {
        await _market.Completion;
        if (_stop.IsCancellationRequested) return;
        StreamSession[] sessions = [];
        _gate.Request(() =>
        {
            sessions = [.. _hub.Sessions];
        });
        foreach (StreamSession session in sessions) session.Connection.SendClose(1000, "replay over");
        try
        {
            await Task.WhenAll(sessions.Select(s => s.Connection.Ended)).WaitAsync(GoodbyeTimeout, _options.TimeProvider, _stop.Token);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // A subscriber that does not answer a goodbye has had its chance.
        }
    }

    private void Deposit(Account account)
    {
        if (_options.Balances is { } balances)
        {
            foreach ((string asset, Quantity quantity) in balances) account.Deposit(asset, quantity.Raw);
            return;
        }
        HashSet<string> quotes = [.. _market.Symbols.Select(s => s.Instrument.QuoteAsset)];
        foreach (string quote in quotes) account.Deposit(quote, 100_000 * FixedPoint.One);
        foreach (string asset in _market.Symbols.Select(s => s.Instrument.BaseAsset).Distinct())
        {
            if (quotes.Contains(asset)) continue;
            account.Deposit(asset, asset switch { "BTC" => 1, "ETH" => 20, _ => 500 } * FixedPoint.One);
        }
    }

    /// <summary>A host that neither listens to signals nor prints.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
