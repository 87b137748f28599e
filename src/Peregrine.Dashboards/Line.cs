using Spectre.Console;
using Spectre.Console.Rendering;

namespace Peregrine.Dashboards;

/// <summary>One line of the screen, made of styled pieces that are each one cell per character.</summary>
internal sealed class Line
{
    private readonly List<Segment> _pieces = [];

    public int Width { get; private set; }

    public IEnumerable<Segment> Pieces => _pieces;

    /// <summary>Adds text that may have come from anywhere.</summary>
    public Line Add(string text, Style? style = null)
    {
        if (text.Length == 0) return this;
        string clean = CleanText.Of(text);
        _pieces.Add(new Segment(clean, style ?? Palette.Plain));
        Width += clean.Length;
        return this;
    }

    public Line Add(Line other)
    {
        _pieces.AddRange(other._pieces);
        Width += other.Width;
        return this;
    }

    /// <summary>Spaces up to this column.</summary>
    public Line To(int column) => column > Width ? Add(new string(' ', column - Width)) : this;

    /// <summary>Text at the right end of a field of so many cells; cut at its end where it does not fit.</summary>
    public Line Right(string text, int field, Style? style = null) => Add(text.Length > field ? Cut(text, field) : text.PadLeft(field), style);

    /// <summary>Text at the left end of a field of so many cells.</summary>
    public Line Left(string text, int field, Style? style = null) => Add(text.Length > field ? Cut(text, field) : text.PadRight(field), style);

    /// <summary>Exactly so wide: filled up with spaces, or cut with an ellipsis.</summary>
    public Line Fit(int width)
    {
        if (Width <= width) return To(width);
        var fitted = new Line();
        foreach (Segment piece in _pieces)
        {
            int room = width - fitted.Width;
            if (piece.Text.Length <= room - 1) fitted.Add(piece.Text, piece.Style);
            else return fitted.Add(Cut(piece.Text + " ", room), piece.Style);
        }
        return fitted;
    }

    private static string Cut(string text, int width) => width <= 0 ? "" : text.Length <= width ? text : string.Concat(text.AsSpan(0, width - 1), "…");
}
