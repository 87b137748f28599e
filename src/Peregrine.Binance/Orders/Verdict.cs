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
}

/// <summary>
/// Judges answers by a list of certain refusals; everything that is not on it leaves the order's state unknown (errors.md; an error that says
/// "unknown" or "timeout" is no refusal).
/// </summary>
public static class Verdicts
{
    /// <param name="status">The answer's status, as in HTTP.</param>
    /// <param name="code">Binance's error code, 0 where there is none.</param>
    /// <param name="message">Its text: -2010 means many things, and one of them is no refusal.</param>
    public static Verdict Judge(int status, int code, ReadOnlySpan<byte> message)
    {
        if (status is >= 200 and < 300) return code == 0 ? Verdict.Accepted : Verdict.Unknown;
        if (status is < 400 or >= 500 or 403 or 409) return Verdict.Unknown;
        return code switch
        {
            -1003 or -1015 => Verdict.Throttled,
            -1021 => Verdict.WrongClock,
            -1002 or -1010 or -1013 or -1014 or -1020 or -1022 => Verdict.Refused,
            <= -1100 and > -1200 => Verdict.Refused,
            -2010 => message.StartsWith("Duplicate order"u8) ? Verdict.Unknown : Verdict.Refused, // Somebody holds this id: perhaps we do.
            -2011 or -2014 or -2015 or -2038 => Verdict.Refused,
            _ => Verdict.Unknown,
        };
    }
}
