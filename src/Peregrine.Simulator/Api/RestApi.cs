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
    ExchangeApi api, ExchangeGate gate, RequestSignature signature, UsageCounter usage, LimitKeeper limits, HttpFaults faults, TradingFaults trading, TimeProvider time)
{
    /// <summary>So many milliseconds a snapshot waits for the moment that a fault wants.</summary>
    private const int PrepareTurnsMax = 2_000;

    private readonly ConcurrentDictionary<string, int> _requests = new(StringComparer.Ordinal);

    private readonly Dictionary<(string Method, string Path), string> _routes = new(api.Routes);

    private readonly HashSet<string> _paths = [.. api.Routes.Select(r => r.Key.Path)];

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
        await WaitForEngineAsync(context, path, body);
        WireWriter writer = new();
        int status = Answer(context.Request.Method, path, context.Request.QueryString.Value ?? "", context.Request.Headers, body, context.Response.Headers, writer);
        if (isDepth && faults.Take<DelaySnapshot>(symbol) is { } late)
            await Task.Delay(TimeSpan.FromMilliseconds(late.Milliseconds), time, context.RequestAborted);
        context.Response.StatusCode = status;
        context.Response.ContentType ??= "application/json;charset=UTF-8";
        context.Response.ContentLength = writer.Length;
        await context.Response.Body.WriteAsync(writer.WrittenMemory, context.RequestAborted);
    }

    /// <summary>A fault may keep a call between its arrival and the matching engine: its time is looked at now, and once more with everything else after that.</summary>
    private async Task WaitForEngineAsync(HttpContext context, string path, string body)
    {
        double seconds = gate.Request(() =>
        {
            if (!_routes.TryGetValue((context.Request.Method, path), out string? name)) return 0;
            string query = context.Request.QueryString.Value is { Length: > 0 } text ? text[1..] : "";
            return trading.TakeWait(api.Find(name)!, Parse(query, body), signature);
        });
        if (seconds > 0) await Task.Delay(TimeSpan.FromSeconds(seconds), time, context.RequestAborted);
    }

    /// <summary>Answers one request; the status.</summary>
    public int Answer(string method, string path, string queryString, IHeaderDictionary requestHeaders, string body, IHeaderDictionary headers, WireWriter writer) =>
        gate.Request(() => AnswerInside(method, path, queryString, requestHeaders, body, headers, writer));

    private int AnswerInside(string method, string path, string queryString, IHeaderDictionary requestHeaders, string body, IHeaderDictionary headers, WireWriter writer)
    {
        int status = 200;
        Operation? operation = null;
        ActiveKey? key = null;
        try
        {
            string query = queryString.Length > 0 ? queryString[1..] : "";
            if (!_routes.TryGetValue((method, path), out string? name))
            {
                bool isKnownPath = _routes.Keys.Any(r => r.Path == path);
                throw new ApiException(isKnownPath ? -1102 : -1121, isKnownPath ? $"Request method '{method}' is not supported." : $"Path {path} is not served here.", isKnownPath ? 405 : 404);
            }
            operation = api.Find(name)!;
            RequestParameters parameters = Parse(query, body);
            WeightGuard.Admit(limits, operation.WeightFor(parameters), time);
            if (!TimeUnits.TryRead(requestHeaders["X-MBX-TIME-UNIT"], out long unit)) throw new ApiException(-1194, TimeUnits.Refusal);
            writer.TimeUnit = unit;
            OperationParameters.Check(operation, parameters);
            if (operation.IsSigned)
            {
                parameters.Key = key = signature.Check(requestHeaders["X-MBX-APIKEY"], parameters, Signed(query) + Signed(body));
                RequestSignature.CheckPermission(parameters.Key, operation);
            }
            if (operation.OrderCount > 0) key!.Account.Usage.AdmitOrder(operation.OrderCount);
            operation.Run(parameters, writer);
        }
        catch (ApiException e)
        {
            if (operation is null || (operation.Weight == 0 && e.Status is not (429 or 418))) usage.AddWeight(1); // An order that fails costs what one that succeeds does not.
            status = e.Status;
            if (e.RetryAfter > 0) headers.RetryAfter = e.RetryAfter.ToString(CultureInfo.InvariantCulture);
            WriteError(writer, e);
        }
        catch (RawReplyException e)
        {
            writer.Clear();
            writer.Raw(Encoding.UTF8.GetBytes(e.Body));
            if (e.Body.StartsWith('<')) headers.ContentType = "text/html;charset=UTF-8";
            status = e.Status;
        }
        headers["X-MBX-USED-WEIGHT"] = headers["X-MBX-USED-WEIGHT-1M"] = usage.Weight.ToString(CultureInfo.InvariantCulture);
        if (operation is { IsPlacement: true } && key is not null)
        {
            headers["X-MBX-ORDER-COUNT-10S"] = key.Account.Usage.Orders.ToString(CultureInfo.InvariantCulture);
            headers["X-MBX-ORDER-COUNT-1D"] = key.Account.Usage.DayOrders.ToString(CultureInfo.InvariantCulture);
        }
        return status;
    }

    public static void WriteError(WireWriter writer, ApiException e)
    {
        writer.Clear();
        writer.Raw("{\"code\":"u8).Number(e.Code).Raw(",\"msg\":"u8).Text(e.Message);
        if (e.DataJson is { } data) writer.Raw(",\"data\":"u8).Raw(data);
        writer.Raw("}"u8);
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
