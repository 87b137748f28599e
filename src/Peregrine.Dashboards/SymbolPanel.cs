using Spectre.Console;

namespace Peregrine.Dashboards;

/// <summary>One symbol: its prices, its book, what the features and the model say, what is held, and the price's recent path.</summary>
internal static class SymbolPanel
{
    public const int HeightMin = 10;
    private const int Gap = 2;

    public static List<Line> Draw(SymbolSnapshot symbol, int width, int height)
    {
        int inner = width - 4;
        int rows = height - 2;
        bool hasFeatureColumn = inner >= 92 && symbol.Features.Count > 0;
        int chartRows = Math.Clamp(rows - 9 - (hasFeatureColumn ? 0 : 1), 1, 6);
        int top = Math.Max(1, rows - chartRows - (hasFeatureColumn ? 0 : 1));

        (int prices, int features, int decision) = inner >= 140 ? (26, 28, 34) : inner >= 92 ? (20, 20, 22) : (20, 0, 22);
        if (!hasFeatureColumn) features = -Gap;
        int ladder = inner - prices - features - decision - (3 * Gap);
        List<Line> body = ladder < 20
            ? Box.Beside(Gap, (Decision(symbol, decision), decision), (Prices(symbol, prices), Math.Max(0, inner - decision - Gap)))
            : hasFeatureColumn
                ? Box.Beside(Gap, (Prices(symbol, prices), prices), (Ladder(symbol, ladder, top), ladder), (Features(symbol, features, top), features), (Decision(symbol, decision), decision))
                : Box.Beside(Gap, (Prices(symbol, prices), prices), (Ladder(symbol, ladder, top), ladder), (Decision(symbol, decision), decision));
        if (body.Count > top) body.RemoveRange(top, body.Count - top);
        while (body.Count < top) body.Add(new Line());
        if (!hasFeatureColumn) body.Add(FeatureLine(symbol));
        foreach (string row in Blocks.Chart(symbol.Sparkline, inner, chartRows)) body.Add(new Line().Add(row, Palette.Chart));
        return Box.Around(Title(symbol), body, width, height);
    }

    private static Line Title(SymbolSnapshot symbol) => new Line().Add(symbol.Symbol, Palette.Title).Add(" ")
        .Add("●", Palette.OfState(symbol.BookState)).Add(" book " + symbol.BookState, Palette.Quiet);

    private static List<Line> Prices(SymbolSnapshot symbol, int width)
    {
        List<double> path = symbol.Sparkline.FindAll(double.IsFinite);
        double move = path.Count > 1 && path[0] > 0 ? (path[^1] / path[0] - 1) * 100 : 0;
        Style trend = move > 0 ? Palette.Up : move < 0 ? Palette.Down : Palette.Quiet;
        var lines = new List<Line>
        {
            Pair("last", symbol.Last, Palette.Strong),
            Pair("ask", symbol.Ask, Palette.Down),
            Pair("bid", symbol.Bid, Palette.Up),
        };
        if (path.Count > 1)
        {
            lines.Add(Pair("move", $"{(move > 0 ? "▲ +" : move < 0 ? "▼ " : "")}{Figures.Fixed(move, 3)} %", trend));
            lines.Add(Pair("high", Like(path.Max()), Palette.Plain));
            lines.Add(Pair("low", Like(path.Min()), Palette.Plain));
        }
        return lines;

        Line Pair(string name, string value, Style style) => new Line().Left(name, 6, Palette.Quiet).Right(value, width - 6, style);

        // With as many decimals as the last price shows.
        string Like(double value) => Figures.Fixed(value, symbol.Last.Contains('.', StringComparison.Ordinal) ? Math.Min(8, symbol.Last.Length - 1 - symbol.Last.IndexOf('.', StringComparison.Ordinal)) : 2);
    }

    private static List<Line> Ladder(SymbolSnapshot symbol, int width, int rows)
    {
        int levels = Math.Max(1, (rows - 1) / 2);
        var lines = new List<Line>();
        double largest = symbol.Asks.Take(levels).Concat(symbol.Bids.Take(levels)).Select(Quantity).DefaultIfEmpty(0).Max();
        for (int i = levels - 1; i >= 0; i--) lines.Add(Level(symbol.Asks, i, Palette.Down));
        string spread = Figures.Difference(symbol.Ask, symbol.Bid);
        lines.Add(new Line().Add("      spread ", Palette.Frame).Add(spread, Palette.Quiet).Add(" ").Add(new string('─', Math.Max(0, width - 14 - spread.Length)), Palette.Frame));
        for (int i = 0; i < levels; i++) lines.Add(Level(symbol.Bids, i, Palette.Up));
        return lines;

        Line Level(List<string[]> side, int at, Style style)
        {
            if (at >= side.Count || side[at] is not [{ } price, { } quantity, ..]) return new Line();
            int bar = Math.Max(0, width - 22);
            return new Line().Right(price, 11, style).Right(quantity, 10, Palette.Plain).Add(" ")
                .Add(Blocks.Bar(largest > 0 ? Quantity(side[at]) / largest : 0, bar), style);
        }

        static double Quantity(string[] level) => level is [_, { } quantity, ..] ? Math.Max(0, Figures.Number(quantity)) : 0;
    }

    private static List<Line> Features(SymbolSnapshot symbol, int width, int rows)
    {
        var lines = new List<Line>();
        foreach ((string name, double? value) in symbol.Features)
        {
            if (lines.Count == rows - 1 && symbol.Features.Count > rows)
            {
                lines.Add(new Line().Add($"… {symbol.Features.Count - lines.Count} more", Palette.Quiet));
                break;
            }
            lines.Add(new Line().Left(name, width - 8, Palette.Quiet).Right(Value(value), 8, Palette.Plain));
        }
        return lines;
    }

    private static Line FeatureLine(SymbolSnapshot symbol)
    {
        var line = new Line();
        foreach ((string name, double? value) in symbol.Features) line.Add(name + " ", Palette.Quiet).Add(Value(value), Palette.Plain).Add("  ");
        return line;
    }

    /// <summary>Short, whatever its size; a feature that warms up has no value yet.</summary>
    private static string Value(double? value) => value switch
    {
        null => "warming",
        { } number when Math.Abs(number) is >= 1e-3 and < 1e4 or 0 => Figures.Fixed(number, 4),
        { } number when double.IsFinite(number) => number.ToString("0.##e+0", System.Globalization.CultureInfo.InvariantCulture),
        _ => "–",
    };

    private static List<Line> Decision(SymbolSnapshot symbol, int width)
    {
        Style signal = symbol.Signal.ToUpperInvariant() switch
        {
            "LONG" => new Style(Color.Black, Color.SpringGreen3, Decoration.Bold),
            "SHORT" => new Style(Color.Black, Color.IndianRed1, Decoration.Bold),
            _ => new Style(Color.Black, Color.Grey62),
        };
        ProbabilitiesSnapshot odds = symbol.Probabilities;
        return
        [
            new Line().Left("signal", 8, Palette.Quiet).Add($" {(symbol.Signal.Length > 0 ? symbol.Signal : "–")} ", signal),
            Odds("up", odds.Up, Palette.Up),
            Odds("flat", odds.Flat, Palette.Flat),
            Odds("down", odds.Down, Palette.Down),
            Pair("position", Figures.Signed(symbol.Position), Palette.OfAmount(symbol.Position)),
            Pair("average", symbol.AveragePrice, Palette.Plain),
            Pair("open pnl", Figures.Signed(symbol.Unrealised), Palette.OfAmount(symbol.Unrealised)),
        ];

        Line Odds(string name, double share, Style style) => new Line().Left(name, 5, Palette.Quiet)
            .Left(Blocks.Bar(share, width - 10), width - 10, style).Right($"{Figures.Fixed(share * 100, 0)} %", 5, Palette.Plain);

        Line Pair(string name, string value, Style style) => new Line().Left(name, 9, Palette.Quiet).Right(value, width - 9, style);
    }
}
