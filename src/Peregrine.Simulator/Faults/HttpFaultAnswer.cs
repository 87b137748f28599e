using Microsoft.AspNetCore.Http;

namespace Peregrine.Simulator.Faults;

/// <summary>Delays an HTTP request, or answers it in the exchange's place.</summary>
internal static class HttpFaultAnswer
{
    private const string Page =
        "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><h1>We will be back soon</h1><p>The service is under maintenance.</p></body></html>";

    /// <summary>True when the request was answered.</summary>
    public static async Task<bool> TryAsync(HttpContext context, string path, HttpFaults faults, TimeProvider time)
    {
        if (faults.Take<HttpDelay>(path) is { } delay) await Task.Delay(TimeSpan.FromMilliseconds(delay.Milliseconds), time, context.RequestAborted);
        if (Take(path, faults) is not { } status) return false;
        context.Response.StatusCode = status.Code;
        context.Response.ContentType = status.Headers?.GetValueOrDefault("Content-Type") ?? (status.Body.StartsWith('{') ? "application/json;charset=UTF-8" : "text/plain");
        foreach ((string name, string value) in status.Headers ?? new Dictionary<string, string>()) context.Response.Headers[name] = value;
        await context.Response.WriteAsync(status.Body, context.RequestAborted);
        return true;
    }

    /// <summary>The answer that a fault gives in the exchange's place; null where none does.</summary>
    public static HttpStatus? Take(string path, HttpFaults faults) =>
        faults.Take<HttpStatus>(path) ?? (faults.Take<HttpHtml>(path) is null ? null : new HttpStatus
        {
            Path = path, Code = 200, Body = Page, Headers = new Dictionary<string, string> { ["Content-Type"] = "text/html;charset=UTF-8" },
        });
}
