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
using Peregrine.Simulator.Sockets;
using Peregrine.Simulator.Streams;

namespace Peregrine.Simulator;

/// <summary>
/// The exchange on your desk: REST, market streams and WebSocket API from one base URL on loopback. It shares no parsing and no writing
/// with the program it is there to test.
/// </summary>
public sealed class ExchangeServer : IAsyncDisposable
{
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(5);

    private readonly ExchangeOptions _options;
    private readonly ExchangeCore _core;
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _stop = new();
#pragma warning disable CA2213 // The caller's own writer: it outlives us.
    private readonly TextWriter _log;
#pragma warning restore CA2213
    private int _disposed;

    private ExchangeServer(ExchangeOptions options, TextWriter log)
    {
        _options = options;
        _log = log;
        _core = new ExchangeCore(options, _stop.Token);
        _app = Build();
        Completion = CompleteAsync();
    }

    /// <summary>The base of everything: http://127.0.0.1:PORT (streams and WebSocket API under the same, as ws://).</summary>
    public string Url { get; private set; } = "";

    /// <summary>Lets the exchange fail.</summary>
    public ExchangeFaults Faults => _core.Faults;

    /// <summary>What was used of it so far.</summary>
    public ExchangeMeters Meters => _core.Meters;

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
            server._core.Market.Start();
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
        await _core.Market.DisposeAsync();
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
                await _core.Admin.HandleAsync(context);
                return;
            }
            bool isStream = _core.Door.IsStream(path);
            if (_core.Http.Take<RefuseSocket>(path, f => f.Hits(path, isStream)) is not null)
                context.Features.Get<TransportControl>()?.Reset();
            else if (await HttpFaultAnswer.TryAsync(context, path, _core.Http, _options.TimeProvider)) return;
            else if (path == "/ws-api/v3") await RunApiAsync(context);
            else if (isStream) await _core.Door.RunAsync(context);
            else await _core.Rest.HandleAsync(context);
        }
        catch (NoReplyException)
        {
            context.Features.Get<TransportControl>()?.Reset();
            context.Abort();
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
        using SocketConnection? connection = await AcceptAsync(context);
        if (connection is null) return;
        bool returnRateLimits = context.Request.Query["returnRateLimits"] != "false";
        WebSocketApi session = _core.OpenApi(connection, returnRateLimits, unit);
        try
        {
            TransportControl? transport = context.Features.Get<TransportControl>();
            await connection.RunAsync(message =>
            {
                // Where the WebSocket API is refused, connections that it has get no answer either.
                if (_core.Http.Take<RefuseSocket>("/ws-api/v3", static fault => fault.What == RefuseWhat.Api) is not null) transport?.Reset();
                else session.OnText(message);
            });
        }
        finally
        {
            session.OnEnded();
        }
    }

    private async Task<SocketConnection?> AcceptAsync(HttpContext context)
    {
        Stream? stream = await WebSocketHandshake.AcceptAsync(context);
        if (stream is not null) return new SocketConnection(stream, _options.TimeProvider, _options.EffectivePingInterval, _options.EffectivePongTimeout, _stop.Token);
        context.Response.StatusCode = 400;
        return null;
    }

    private async Task CompleteAsync()
    {
        await _core.Market.Completion;
        if (_stop.IsCancellationRequested) return;
        StreamSession[] sessions = [];
        _core.Gate.Request(() =>
        {
            sessions = [.. _core.Hub.Sessions];
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

    /// <summary>A host that neither listens to signals nor prints.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
