using Spectre.Console;

namespace Peregrine.Dashboards;

/// <summary>The supervisor's tree as lines: groups and their actors in start order, then one-shots, then messages that were set aside.</summary>
public static class ActorTree
{
    private const int NameWidth = 16;
    private const int OneShotsShown = 12;

    /// <summary>Writes the tree to a console of any width; colours where it has them.</summary>
    /// <param name="notice">Stands out in the first line, for instance that nobody publishes any more.</param>
    public static void Print(ApplianceSnapshot snapshot, IAnsiConsole console, string? notice = null)
    {
        int width = Math.Max(80, console.Profile.Width);
        console.Write(new Screen([.. Lines(snapshot, notice).Select(line => line.Fit(width))], width));
        console.WriteLine();
    }

    internal static List<Line> Lines(ApplianceSnapshot snapshot, string? notice)
    {
        Line head = new Line().Add(" PEREGRINE ", Palette.Strong).Add($" {snapshot.Mode.ToUpperInvariant()} ", Palette.Badge(snapshot.Mode))
            .Add("  ● " + snapshot.State, Palette.OfState(snapshot.State)).Add($"  up {Figures.Uptime(snapshot.UptimeSeconds)}", Palette.Quiet)
            .Add($"  {Figures.Count(snapshot.EventsPerSecond)} ev/s", Palette.Quiet);
        if (notice is not null) head.Add("  ").Add($" {notice} ", Palette.Badge("LIVE"));
        List<Line> lines = [head, new Line(), Columns()];
        foreach (IGrouping<string, ActorSnapshot> group in snapshot.Actors.GroupBy(static actor => actor.Group))
        {
            lines.Add(new Line().Add(" " + group.Key, Palette.Title));
            ActorSnapshot[] actors = [.. group];
            for (int i = 0; i < actors.Length; i++) lines.Add(Actor(actors[i], i == actors.Length - 1));
        }
        AddOneShots(lines, snapshot.OneShots);
        AddDeadLetters(lines, snapshot.DeadLetters);
        return lines;
    }

    private static Line Columns() => new Line().Left("   actor", NameWidth + 3, Palette.Quiet).Left("state", 14, Palette.Quiet).Right("gen", 5, Palette.Quiet)
        .Right("restarts", 10, Palette.Quiet).Right("mailbox", 9, Palette.Quiet).Right("oldest", 9, Palette.Quiet).Right("progress", 10, Palette.Quiet).Add("  last exit, last error", Palette.Quiet);

    private static Line Actor(ActorSnapshot actor, bool isLast)
    {
        string state = actor.StartsInMs is { } pause ? $"in {Figures.Age(pause)}" : actor.State;
        Line line = new Line().Add(isLast ? " └ " : " ├ ", Palette.Frame).Left(actor.Name, NameWidth, Palette.Plain)
            .Left("● " + state, 14, Palette.OfState(actor.State))
            .Right(Figures.Count(actor.Generation), 5, Palette.Plain)
            .Right(Figures.Count(actor.Restarts), 10, actor.Restarts > 0 ? Palette.Warning : Palette.Plain)
            .Right(Figures.Count(actor.Mailbox), 9, Palette.Plain)
            .Right(Figures.Age(actor.OldestMessageMs ?? double.NaN), 9, Palette.Quiet)
            .Right(Figures.Age(actor.LastProgressMs ?? double.NaN), 10, Palette.Quiet).Add("  ");
        if (actor.LastExit.Length > 0) line.Add(actor.LastExit, actor.LastExit is "Stopped" or "Completed" ? Palette.Quiet : Palette.Warning);
        if (actor.LastError.Length > 0) line.Add(": " + actor.LastError, Palette.Down);
        return actor.Dropped > 0 ? line.Add($"  {Figures.Count(actor.Dropped)} messages dropped", Palette.Warning) : line;
    }

    private static void AddOneShots(List<Line> lines, List<OneShotSnapshot> shots)
    {
        int running = shots.Count(static shot => shot.State == "Running");
        lines.Add(new Line());
        lines.Add(new Line().Add(" one-shots", Palette.Title).Add($"  {running} running, {shots.Count - running} ended", Palette.Quiet));
        OneShotSnapshot[] shown = [.. shots.TakeLast(OneShotsShown)];
        for (int i = 0; i < shown.Length; i++)
        {
            OneShotSnapshot shot = shown[i];
            Line line = new Line().Add(i == shown.Length - 1 ? " └ " : " ├ ", Palette.Frame).Left(shot.Id.Split('-')[0], 9, Palette.Quiet).Left(shot.Kind, 30, Palette.Plain)
                .Add(" ").Left("● " + shot.State, 12, shot.State is "Completed" ? Palette.Up : Palette.OfState(shot.State));
            if (shot.State == "Running") line.Left(Blocks.Bar(shot.Progress, 20), 21, Palette.Chart).Right($"{Figures.Fixed(shot.Progress * 100, 0)} %", 5, Palette.Plain).Add("  " + shot.Text, Palette.Quiet);
            else line.Add(shot.Error.Length > 0 ? shot.Error : shot.Result, shot.Error.Length > 0 ? Palette.Down : Palette.Quiet);
            lines.Add(line);
        }
    }

    private static void AddDeadLetters(List<Line> lines, List<DeadLetterSnapshot> letters)
    {
        if (letters.Count == 0) return;
        lines.Add(new Line());
        lines.Add(new Line().Add(" set aside", Palette.Title).Add("  messages that crashed their actor twice", Palette.Quiet));
        foreach (DeadLetterSnapshot letter in letters)
            lines.Add(new Line().Add(" └ ", Palette.Frame).Left(letter.Actor, 22, Palette.Plain).Add(letter.Message, Palette.Plain).Add("  " + letter.Error, Palette.Down));
    }
}
