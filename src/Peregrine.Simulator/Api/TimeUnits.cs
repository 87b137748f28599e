namespace Peregrine.Simulator.Api;

/// <summary>The units that times can be asked for in.</summary>
internal static class TimeUnits
{
    public const string Refusal = "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.";

    /// <summary>Microseconds per unit; milliseconds where nothing is asked for. False for any other word.</summary>
    public static bool TryRead(string? text, out long micros)
    {
        micros = string.Equals(text, "MICROSECOND", StringComparison.OrdinalIgnoreCase) ? 1 : 1_000;
        return string.IsNullOrEmpty(text) || micros == 1 || string.Equals(text, "MILLISECOND", StringComparison.OrdinalIgnoreCase);
    }
}
