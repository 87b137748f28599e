namespace Peregrine.Simulator.Streams;

/// <summary>How a payload is written.</summary>
internal enum WireForm : byte
{
    /// <summary>JSON with times in milliseconds.</summary>
    Millis = 0,

    /// <summary>JSON with times in microseconds.</summary>
    Micros = 1,

    /// <summary>SBE, always in microseconds.</summary>
    Sbe = 2,
}

/// <summary>A stream in one of its forms.</summary>
internal readonly record struct FormedChannel(StreamChannel Channel, WireForm Form)
{
    public bool IsWanted => Channel.IsWanted;

    /// <summary>Divides microseconds into the unit of the form's times.</summary>
    public long Unit => Form == WireForm.Millis ? 1_000 : 1;

    /// <summary>A stream's JSON forms; microseconds are a matter of spot.</summary>
    public static FormedChannel[] Json(StreamHub hub, string key, bool isSpot) => isSpot
        ? [new FormedChannel(hub.Channel(key), WireForm.Millis), new FormedChannel(hub.Channel(key + "#us"), WireForm.Micros)]
        : [new FormedChannel(hub.Channel(key), WireForm.Millis)];

    /// <summary>A stream's SBE form.</summary>
    public static FormedChannel Sbe(StreamHub hub, string key) => new(hub.Channel(key + "#sbe"), WireForm.Sbe);
}
