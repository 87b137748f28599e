using Peregrine.Common;

namespace Peregrine.Binance.Orders;

/// <summary>What an answer means for the order. Unknown comes first: it is the default, and the order may be live.</summary>
public enum Verdict : byte
{
    Unknown = 0,
    Accepted = 1,

    /// <summary>The exchange certainly did not do it.</summary>
    Refused = 2,

    /// <summary>Refused, and asked to send less.</summary>
    Throttled = 3,

    /// <summary>Refused because our clock is wrong: measure it again.</summary>
    WrongClock = 4,

    /// <summary>Refused because the key or its signature is not accepted: nothing else will be either.</summary>
    WrongKey = 5,
}

/// <summary>
/// Judges answers by a list of certain refusals; everything that is not on it leaves the order's state unknown (errors.md; an error that says
/// "unknown" or "timeout" is no refusal).
/// </summary>
public static class Verdicts
{
    /// <summary>Whether the exchange certainly did not do what was asked.</summary>
    public static bool IsRefusal(this Verdict verdict) => verdict >= Verdict.Refused;

    /// <summary>As <see cref="Judge(Market, int, int, ReadOnlySpan{byte})"/>, of the spot market.</summary>
    public static Verdict Judge(int status, int code, ReadOnlySpan<byte> message) => Judge(Market.Spot, status, code, message);

    /// <param name="market">The same code may mean another thing on another market.</param>
    /// <param name="status">The answer's status, as in HTTP.</param>
    /// <param name="code">Binance's error code, 0 where there is none.</param>
    /// <param name="message">Its text: -2010 means many things, and one of them is no refusal.</param>
    public static Verdict Judge(Market market, int status, int code, ReadOnlySpan<byte> message)
    {
        if (status is >= 200 and < 300) return code == 0 ? Verdict.Accepted : Verdict.Unknown;
        if (status is 418 or 429) return Verdict.Throttled;
        if (status is < 400 or >= 500 or 403 or 409) return Verdict.Unknown;
        switch (code)
        {
            case -1003 or -1015:
                return Verdict.Throttled;
            case -1021:
                return Verdict.WrongClock;
            case -1002 or -1022 or -2014 or -2015:
                return Verdict.WrongKey;
            case -1010 or -2010 or -2011 or -2038:
                return message.StartsWith("Duplicate order"u8) ? Verdict.Unknown : Verdict.Refused; // Somebody holds this id: perhaps we do.
            case -1013 or -1014 or -1020 or (<= -1100 and > -1300):
                return Verdict.Refused;
            default:
                return market == Market.UsdMargined ? JudgeFutures(code) : Verdict.Unknown;
        }
    }

    private static Verdict JudgeFutures(int code) => code switch
    {
        -2017 or -1011 => Verdict.WrongKey,
        -1023 or (<= -2018 and >= -2028) => Verdict.Refused, // Margin, position, reduce-only: said before anything is matched.
        -4115 or -4116 or -4117 => Verdict.Unknown, // The id is in use, or the order is just being triggered: perhaps it is ours.
        -4192 => Verdict.Refused,
        <= -4000 and > -4500 => Verdict.Refused,
        -5021 or -5022 or -5024 or -5025 or -5026 or -5027 or -5029 or (<= -5037 and >= -5041) => Verdict.Refused,
        -5028 => Verdict.WrongClock,
        _ => Verdict.Unknown,
    };
}
