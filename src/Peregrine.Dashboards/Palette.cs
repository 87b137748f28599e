using Spectre.Console;

namespace Peregrine.Dashboards;

/// <summary>The screen's colours, by what they mean.</summary>
internal static class Palette
{
    public static readonly Style Plain = new(Color.Grey85);
    public static readonly Style Quiet = new(Color.Grey50);
    public static readonly Style Frame = new(Color.Grey35);
    public static readonly Style Title = new(Color.Grey93, decoration: Decoration.Bold);
    public static readonly Style Strong = new(Color.White, decoration: Decoration.Bold);
    public static readonly Style Up = new(Color.SpringGreen3);
    public static readonly Style Down = new(Color.IndianRed1);
    public static readonly Style Flat = new(Color.SkyBlue2);
    public static readonly Style Warning = new(Color.Gold1);
    public static readonly Style Chart = new(Color.DeepSkyBlue2);

    public static Style Badge(string mode) => mode.ToUpperInvariant() switch
    {
        "LIVE" => new Style(Color.White, Color.Red3, Decoration.Bold),
        "PAPER" => new Style(Color.Black, Color.SkyBlue2, Decoration.Bold),
        _ => new Style(Color.Black, Color.Grey62, Decoration.Bold),
    };

    /// <summary>Of money: green above zero, red below.</summary>
    public static Style OfAmount(string amount) =>
        amount.StartsWith('-') ? Down : amount.AsSpan().IndexOfAnyInRange('1', '9') >= 0 ? Up : Quiet;

    public static Style OfState(string state) => state.ToUpperInvariant() switch
    {
        "RUNNING" or "ACTIVE" or "LIVE" or "SYNCED" or "FILLED" => Up,
        "COMPLETED" or "STOPPED" or "RECORDING" or "CANCELED" or "EXPIRED" => Quiet,
        "FAILED" or "HALTED" or "KILLED" or "REJECTED" or "CROSSED" or "GAPPED" => Down,
        "NEW" => Flat,
        _ => Warning,
    };
}
