using System.Globalization;

namespace Peregrine.Dashboards;

/// <summary>The lines at the top: what it is and may do, how fast it is, what it earned, what it missed.</summary>
internal static class HeaderBar
{
    public const int Height = 3;

    public static List<Line> Draw(ApplianceSnapshot snapshot, int width, string? notice)
    {
        return [Identity(snapshot, width, notice).Fit(width), Money(snapshot.Account).Fit(width), Health(snapshot, width).Fit(width)];
    }

    private static Line Identity(ApplianceSnapshot snapshot, int width, string? notice)
    {
        Line line = new Line().Add(" PEREGRINE ", Palette.Strong)
            .Add($" {(snapshot.Mode.Length > 0 ? snapshot.Mode : "?").ToUpperInvariant()} ", Palette.Badge(snapshot.Mode))
            .Add("  ● " + snapshot.State, Palette.OfState(snapshot.State));
        if (notice is not null) line.Add("  ").Add($" {notice} ", Palette.Badge("LIVE"));
        LatencySnapshot latency = snapshot.Latency;
        // In the order of their worth: what does not fit any more is left out.
        foreach ((string name, string value) in (ReadOnlySpan<(string, string)>)
        [
            ("", $"{Figures.Count(snapshot.EventsPerSecond)} ev/s"),
            ("p50", Figures.Micros(latency.P50)),
            ("p99", Figures.Micros(latency.P99)),
            ("up", Figures.Uptime(snapshot.UptimeSeconds)),
            ("p99.9", Figures.Micros(latency.P999)),
            ("", snapshot.Time == default ? "" : snapshot.Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
        ])
        {
            if (line.Width + 4 + name.Length + value.Length > width || value.Length == 0) continue;
            line.Add("   ");
            if (name.Length > 0) line.Add(name + " ", Palette.Quiet);
            line.Add(value, Palette.Strong);
        }
        return line;
    }

    private static Line Money(AccountSnapshot account) => (account.Equity.Length > 0 ? new Line().Add(" equity ", Palette.Quiet).Add(account.Equity, Palette.Strong).Add("  ") : new Line())
        .Add(" pnl ", Palette.Quiet).Add(Figures.Signed(account.Pnl), Palette.OfAmount(account.Pnl))
        .Add("   realised ", Palette.Quiet).Add(Figures.Signed(account.Realised), Palette.OfAmount(account.Realised))
        .Add("   unrealised ", Palette.Quiet).Add(Figures.Signed(account.Unrealised), Palette.OfAmount(account.Unrealised))
        .Add("   fees ", Palette.Quiet).Add(account.Fees, Palette.Plain);

    private static Line Health(ApplianceSnapshot snapshot, int width)
    {
        var line = new Line().Add(" ");
        foreach (LineSnapshot wire in snapshot.Lines)
        {
            line.Add(wire.Up ? "● " : "○ ", wire.Up ? Palette.Up : Palette.Down).Add(wire.Name, wire.Up ? Palette.Plain : Palette.Down);
            if (wire.Reconnects > 0) line.Add($" ({wire.Reconnects} reconnects)", Palette.Warning);
            line.Add("  ");
        }
        Fault("lagged", snapshot.Lagged);
        Fault("gaps", snapshot.Gaps);
        Fault("refused", snapshot.Refused);
        foreach ((string name, string value) in (ReadOnlySpan<(string, string)>)
        [
            ("alloc", $"{Figures.Fixed(snapshot.AllocatedPerEvent, 1)} B/ev"),
            ("rss", Figures.Bytes(snapshot.Rss)),
            ("recorded", $"{Figures.Count(snapshot.Recorded.Values.Sum())} of {Figures.Count(snapshot.Events.Values.Sum())}"),
        ])
        {
            if (line.Width + name.Length + value.Length + 4 > width) continue;
            line.Add("   " + name + " ", Palette.Quiet).Add(value, Palette.Plain);
        }
        return line;

        void Fault(string name, long count) => line.Add("  " + name + " ", Palette.Quiet).Add(Figures.Count(count), count == 0 ? Palette.Plain : Palette.Warning);
    }
}
