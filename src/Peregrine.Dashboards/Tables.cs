using Spectre.Console;

namespace Peregrine.Dashboards;

/// <summary>The lists on the screen: orders, actors, symbols that have no panel, and notices.</summary>
internal static class Tables
{
    public static List<Line> Orders(ApplianceSnapshot snapshot, int width, int height)
    {
        bool isWide = width >= 76;
        var body = new List<Line> { Row("symbol", "side", "type", "price", "filled/quantity", "status", "age", Palette.Quiet, Palette.Quiet, Palette.Quiet) };
        foreach (OrderSnapshot order in snapshot.Orders.Take(Math.Max(0, height - 3)))
        {
            Style side = order.Side.Equals("BUY", StringComparison.OrdinalIgnoreCase) ? Palette.Up : Palette.Down;
            body.Add(Row(order.Symbol, order.Side, order.Type, order.Price, $"{order.Filled}/{order.Quantity}", order.Status, Figures.Age(order.AgeMs), Palette.Plain, side, Palette.OfState(order.Status)));
        }
        if (snapshot.Orders.Count == 0) body.Add(new Line().Add("no open orders", Palette.Quiet));
        return Box.Around($"orders {snapshot.Orders.Count}", body, width, height);

        Line Row(string symbol, string side, string type, string price, string quantity, string status, string age, Style plain, Style sideStyle, Style statusStyle)
        {
            Line line = new Line().Left(symbol, width >= 48 ? 10 : 9, plain).Add(" ").Left(side, 4, sideStyle).Add(" ");
            if (isWide) line.Left(type, 11, plain).Add(" ");
            line.Right(price, isWide ? 12 : 10, plain).Add(" ");
            if (isWide) line.Right(quantity, 17, plain).Add(" ");
            line.Left(status == "PARTIALLY_FILLED" ? "PARTIAL" : status, width >= 60 ? 10 : 8, statusStyle);
            return width >= 48 ? line.Right(age, 9, Palette.Quiet) : line;
        }
    }

    public static List<Line> Actors(ApplianceSnapshot snapshot, int width, int height)
    {
        int name = width >= 70 ? 20 : width >= 48 ? 11 : 10;
        bool hasGeneration = width >= 48;
        var body = new List<Line> { Row("actor", "state", "gen", "rst", "box", width >= 48 ? "progress" : "last", "", Palette.Quiet, Palette.Quiet) };
        // Whoever is in trouble comes first, or a short list might hide it.
        IEnumerable<ActorSnapshot> actors = snapshot.Actors.OrderBy(static actor => Palette.OfState(actor.State) == Palette.Up ? 1 : 0);
        if (snapshot.Actors.Count <= height - 3) actors = snapshot.Actors;
        foreach (ActorSnapshot actor in actors.Take(Math.Max(0, height - 3)))
            body.Add(Row(actor.Name, actor.State, $"{actor.Generation}", $"{actor.Restarts}", $"{actor.Mailbox}", Figures.Age(actor.LastProgressMs ?? double.NaN), actor.LastError, Palette.Plain, Palette.OfState(actor.State)));
        // Where the table is too narrow for the errors, they follow it as far as there is room.
        if (width < 70)
            foreach (ActorSnapshot actor in snapshot.Actors.FindAll(static actor => actor.LastError.Length > 0))
                body.Add(new Line().Add($"{actor.Name}: {actor.LastError}", Palette.Down));
        return Box.Around($"actors {snapshot.Actors.Count}", body, width, height);

        Line Row(string actor, string state, string generation, string restarts, string mailbox, string progress, string error, Style plain, Style stateStyle) =>
            new Line().Left(actor, name, plain).Add(" ").Left(state, 10, stateStyle)
                .Right(hasGeneration ? generation : "", hasGeneration ? 4 : 0, plain).Right(restarts, 4, restarts is "0" or "rst" ? plain : Palette.Warning).Right(mailbox, 4, plain).Right(progress, width >= 48 ? 9 : 7, Palette.Quiet)
                .Add(width >= 70 ? " " + error : "", Palette.Down);
    }

    public static List<Line> Symbols(IReadOnlyList<SymbolSnapshot> symbols, int width, int height)
    {
        int chart = Math.Clamp(width - 74, 0, 60);
        var body = new List<Line> { Row("symbol", "last", "signal", "up", "position", "open pnl", "", Palette.Quiet, Palette.Quiet, Palette.Quiet) };
        foreach (SymbolSnapshot symbol in symbols.Take(Math.Max(0, height - 3)))
        {
            Style signal = symbol.Signal.ToUpperInvariant() switch { "LONG" => Palette.Up, "SHORT" => Palette.Down, _ => Palette.Quiet };
            body.Add(Row(symbol.Symbol, symbol.Last, symbol.Signal, $"{Figures.Fixed(symbol.Probabilities.Up * 100, 0)} %", Figures.Signed(symbol.Position), Figures.Signed(symbol.Unrealised),
                Blocks.Chart(symbol.Sparkline, chart, 1)[0], Palette.Plain, signal, Palette.OfAmount(symbol.Unrealised)));
        }
        int hidden = symbols.Count - (body.Count - 1);
        return Box.Around(hidden > 0 ? $"symbols, {hidden} more not shown" : "symbols", body, width, height);

        static Line Row(string symbol, string last, string signal, string up, string position, string pnl, string path, Style plain, Style signalStyle, Style pnlStyle) =>
            new Line().Left(symbol, 14, plain).Right(last, 14, plain).Add("  ").Left(signal, 6, signalStyle).Right(up, 6, plain)
                .Right(position, 13, plain).Right(pnl, 12, pnlStyle).Add("  ").Add(path, Palette.Chart);
    }

    /// <summary>The last notices, the newest at the bottom.</summary>
    public static List<Line> Messages(ApplianceSnapshot snapshot, int width, int height)
    {
        var lines = new List<Line>();
        foreach (string message in snapshot.Messages.TakeLast(height)) lines.Add(new Line().Add(" › ", Palette.Frame).Add(message, Palette.Quiet).Fit(width));
        while (lines.Count < height) lines.Insert(0, new Line().To(width));
        return lines;
    }
}
