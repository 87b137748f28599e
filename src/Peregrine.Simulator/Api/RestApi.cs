using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Peregrine.Common;
using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Limits;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>The HTTP side: routes, signatures, headers, error bodies.</summary>
internal sealed class RestApi(
    ExchangeApi api, ExchangeGate gate, RequestSignature signature, UsageCounter usage, LimitKeeper limits, HttpFaults faults, TimeProvider time)
{
    /// <summary>So many milliseconds a snapshot waits for the moment that a fault wants.</summary>
    private const int PrepareTurnsMax = 2_000;

    private readonly ConcurrentDictionary<string, int> _requests = new(StringComparer.Ordinal);

    private readonly Dictionary<(string Method, string Path), string> _routes = new(PublicRoutes.Concat(api.Routes));

    private static readonly Dictionary<(string Method, string Path), string> PublicRoutes = new()
    {
        [("GET", "/api/v3/ping")] = "ping",
        [("GET", "/api/v3/time")] = "time",
        [("GET", "/api/v3/exchangeInfo")] = "exchangeInfo",
        [("GET", "/api/v3/depth")] = "depth",
        [("GET", "/api/v3/trades")] = "trades.recent",
        [("GET", "/api/v3/aggTrades")] = "trades.aggregate",
        [("GET", "/api/v3/klines")] = "klines",
        [("GET", "/api/v3/uiKlines")] = "klines",
        [("GET", "/api/v3/ticker/price")] = "ticker.price",
        [("GET", "/api/v3/ticker/bookTicker")] = "ticker.book",
        [("GET", "/fapi/v1/ping")] = "ping",
        [("GET", "/fapi/v1/time")] = "time",
        [("GET", "/fapi/v1/exchangeInfo")] = "exchangeInfo",
        [("GET", "/fapi/v1/depth")] = "depth",
        [("GET", "/fapi/v1/klines")] = "klines",
        [("GET", "/fapi/v1/premiumIndex")] = "premiumIndex",
        [("GET", "/fapi/v1/openInterest")] = "openInterest",
    };

    private readonly HashSet<string> _paths = [.. PublicRoutes.Concat(api.Routes).Select(r => r.Key.Path)];

    /// <summary>Calls by path; those to paths that are not served are "other".</summary>
    public IReadOnlyDictionary<string, int> Requests => _requests;

    public async Task HandleAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "";
        _requests.AddOrUpdate(_paths.Contains(path) ? path : "other", 1, static (_, count) => count + 1);
        string body = "";
        if (context.Request.ContentLength is > 0 || context.Request.Headers.TransferEncoding.Count > 0)
        {
            using StreamReader reader = new(context.Request.Body, Encoding.UTF8);
            body = await reader.ReadToEndAsync(context.RequestAborted);
        }
        bool isDepth = path.EndsWith("/depth", StringComparison.Ordinal);
        string symbol = context.Request.Query["symbol"].ToString();
        for (int turn = 0; isDepth && turn < PrepareTurnsMax && !gate.Request(() => api.PrepareSnapshot(symbol)); turn++)
            await Task.Delay(TimeSpan.FromMilliseconds(1), time, context.RequestAborted);
        WireWriter writer = new();
        int status = gate.Request(() => Answer(context.Request, body, context.Response.Headers, writer));
        if (isDepth && faults.Take<DelaySnapshot>(symbol) is { } late)
            await Task.Delay(TimeSpan.FromMilliseconds(late.Milliseconds), time, context.RequestAborted);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json;charset=UTF-8";
        context.Response.ContentLength = writer.Length;
        await context.Response.Body.WriteAsync(writer.WrittenMemory, context.RequestAborted);
    }

    private int Answer(HttpRequest request, string body, IHeaderDictionary headers, WireWriter writer)
    {
        int status = 200;
        Operation? operation = null;
        try
        {
            string query = request.QueryString.HasValue ? request.QueryString.Value![1..] : "";
            if (!_routes.TryGetValue((request.Method, request.Path.Value ?? ""), out string? name))
            {
                bool isKnownPath = _routes.Keys.Any(r => r.Path == request.Path.Value);
                throw new ApiException(isKnownPath ? -1102 : -1121, isKnownPath ? $"Request method '{request.Method}' is not supported." : $"Path {request.Path} is not served here.", isKnownPath ? 405 : 404);
            }
            operation = api.Find(name)!;
            RequestParameters parameters = Parse(query, body);
            Admit(operation, parameters);
            if (operation.IsSigned)
            {
                signature.CheckKey(request.Headers["X-MBX-APIKEY"]);
                signature.Check(parameters, Signed(query) + Signed(body));
            }
            operation.Run(parameters, writer);
            if (operation.IsPlacement) usage.AddOrder();
        }
        catch (ApiException e)
        {
            if (operation is null || (operation.Weight == 0 && e.Status is not (429 or 418))) usage.AddWeight(1); // An order that fails costs what one that succeeds does not.
            status = e.Status;
            if (e.RetryAfter > 0) headers.RetryAfter = e.RetryAfter.ToString(CultureInfo.InvariantCulture);
            WriteError(writer, e);
        }
        headers["X-MBX-USED-WEIGHT"] = headers["X-MBX-USED-WEIGHT-1M"] = usage.Weight.ToString(CultureInfo.InvariantCulture);
        if (operation is { IsPlacement: true })
        {
            headers["X-MBX-ORDER-COUNT-10S"] = usage.Orders.ToString(CultureInfo.InvariantCulture);
            headers["X-MBX-ORDER-COUNT-1D"] = usage.DayOrders.ToString(CultureInfo.InvariantCulture);
        }
        return status;
    }

    /// <exception cref="ApiException">Too much weight was used, and for how long that is so.</exception>
    private void Admit(Operation operation, RequestParameters parameters)
    {
        (int status, int retryAfter) = limits.Admit(operation.WeightOf?.Invoke(parameters) ?? operation.Weight);
        if (status == 200) return;
        string message = status == 429
            ? $"Too much request weight used; current limit is {limits.Present.WeightPerMinute} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API."
            : $"Way too much request weight used; IP banned until {(time.GetUnixMicros() / 1_000) + (retryAfter * 1_000L)}. Please use WebSocket Streams for live updates to avoid bans.";
        throw new ApiException(-1003, message, status) { RetryAfter = retryAfter };
    }

    public static void WriteError(WireWriter writer, ApiException e)
    {
        writer.Clear();
        writer.Raw("{\"code\":"u8).Number(e.Code).Raw(",\"msg\":"u8).Text(e.Message).Raw("}"u8);
    }

    /// <summary>Query and form as one; on a name in both, the query wins.</summary>
    private static RequestParameters Parse(string query, string body)
    {
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach (string part in (string[])[.. body.Split('&', StringSplitOptions.RemoveEmptyEntries), .. query.Split('&', StringSplitOptions.RemoveEmptyEntries)])
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string name = Decode(equals < 0 ? part : part[..equals]);
            values[name] = equals < 0 ? "" : Decode(part[(equals + 1)..]);
        }
        return new RequestParameters(values);
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));

    /// <summary>The exact text without its signature parameter.</summary>
    private static string Signed(string text)
    {
        int at = text.StartsWith("signature=", StringComparison.Ordinal) ? 0 : text.IndexOf("&signature=", StringComparison.Ordinal);
        if (at < 0) return text;
        int end = text.IndexOf('&', at + 1);
        if (end < 0) return text[..at];
        return at == 0 ? text[(end + 1)..] : text[..at] + text[end..];
    }
}
