namespace Peregrine.Simulator.Api;

/// <summary>A refusal with the exchange's own code and words.</summary>
internal sealed class ApiException(int code, string message, int status = 400) : Exception(message)
{
    public int Code { get; } = code;

    /// <summary>The HTTP status, which the WebSocket API repeats.</summary>
    public int Status { get; } = status;

    /// <summary>Whole seconds until the caller may come again; 0 where that is not the point.</summary>
    public int RetryAfter { get; init; }

    /// <summary>More about it, as JSON: the "data" of the error.</summary>
    public byte[]? DataJson { get; init; }

    public static ApiException Filter(string name) => new(-1013, $"Filter failure: {name}");
    public static ApiException Rejected(string reason) => new(-2010, reason);
    public static ApiException Missing(string parameter) => new(-1102, $"Mandatory parameter '{parameter}' was not sent, was empty/null, or malformed.");
    public static ApiException NotRequired(string parameter) => new(-1106, $"Parameter '{parameter}' sent when not required.");
    public static ApiException Illegal(string parameter, string range) => new(-1100, $"Illegal characters found in parameter '{parameter}'; legal range is '{range}'.");
    public static ApiException Invalid(string parameter) => new(-1130, $"Data sent for parameter '{parameter}' is not valid.");
    public static ApiException BadSymbol() => new(-1121, "Invalid symbol.");
}
