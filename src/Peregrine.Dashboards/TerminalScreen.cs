using System.Diagnostics.CodeAnalysis;

using Peregrine.Kernel;

using Spectre.Console;
using Spectre.Console.Rendering;

namespace Peregrine.Dashboards;

/// <summary>The live screen of a running appliance, drawn from what it publishes and from nothing else.</summary>
public static class TerminalScreen
{
    private const int FrameMillis = 200;

    /// <summary>Publishing normally happens several times a second: so long without news means that nobody publishes any more.</summary>
    private static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(2);

    /// <summary>One frame of exactly this size, whatever the snapshot holds.</summary>
    /// <param name="width">Cells, at least 40.</param>
    /// <param name="height">Lines, at least 10.</param>
    /// <param name="notice">Stands out in the first line, for instance that the snapshot is stale.</param>
    public static IRenderable Render(ApplianceSnapshot snapshot, int width, int height, string? notice = null)
    {
        width = Math.Max(40, width);
        height = Math.Max(10, height);
        int messages = height >= 40 ? 4 : height >= 28 ? 2 : 1;
        int body = height - HeaderBar.Height - messages;
        int rows = Math.Max(snapshot.Actors.Count, snapshot.Orders.Count) + 3;
        int tables = Math.Clamp(rows, 4, Math.Max(4, body - SymbolPanel.HeightMin - 1));
        if (tables > body * 2 / 5 && tables > 9) tables = Math.Max(9, body * 2 / 5);

        List<Line> lines = HeaderBar.Draw(snapshot, width, notice);
        lines.AddRange(Symbols(snapshot, width, body - tables));
        int left = width >= 150 ? width * 55 / 100 : width / 2;
        lines.AddRange(Box.Beside(0, (Tables.Orders(snapshot, left, tables), left), (Tables.Actors(snapshot, width - left, tables), width - left)));
        lines.AddRange(Tables.Messages(snapshot, width, messages));
        if (lines.Count > height) lines.RemoveRange(height, lines.Count - height);
        return new Screen(lines, width);
    }

    /// <summary>Draws five times a second on the alternate screen until it is cancelled, and leaves the terminal as it was.</summary>
    /// <remarks>Where the output is no terminal, it writes the first snapshot as plain text and returns.</remarks>
    [SuppressMessage("Design", "CA1068:CancellationToken parameters must come last", Justification = "Here it is not an afterthought: without it the call never returns.")]
    public static void Run(StatusBoardReader board, CancellationToken cancel, TimeProvider time) => Run(board, time, AnsiConsole.Console, cancel);

    /// <inheritdoc cref="Run(StatusBoardReader, CancellationToken, TimeProvider)"/>
    public static void Run(StatusBoardReader board, TimeProvider time, IAnsiConsole console, CancellationToken cancel)
    {
        var view = new BoardView(board, time, StaleAfter);
        if (!console.Profile.Capabilities.Ansi || !console.Profile.Capabilities.AlternateBuffer)
        {
            do view.Look();
            while (view.Snapshot is null && !cancel.WaitHandle.WaitOne(FrameMillis));
            if (view.Snapshot is { } first) console.Write(Render(first, console.Profile.Width, console.Profile.Height));
            console.WriteLine();
            return;
        }
        console.AlternateScreen(() => console.Live(Frame(console, view)).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom).Start(live =>
        {
            (int, int) size = Size(console);
            do
            {
                if (size != Size(console)) console.Clear(); // What an old size left behind would never be drawn over.
                size = Size(console);
                live.UpdateTarget(Frame(console, view));
            }
            while (!cancel.WaitHandle.WaitOne(FrameMillis));
        }));
    }

    private static (int Width, int Height) Size(IAnsiConsole console) => (console.Profile.Width, console.Profile.Height);

    private static IRenderable Frame(IAnsiConsole console, BoardView view)
    {
        view.Look();
        (int width, int height) = Size(console);
        if (view.Snapshot is not { } snapshot) return Waiting(width, height);
        string? notice = view.StaleFor is { } age ? $"STALE {Figures.Age(age.TotalMilliseconds)}" : null;
        return Render(snapshot, width, height, notice);
    }

    private static Screen Waiting(int width, int height)
    {
        width = Math.Max(40, width);
        height = Math.Max(10, height);
        List<Line> box = Box.Around("PEREGRINE", [new Line(), new Line().Add("   waiting for the appliance", Palette.Plain), new Line()], 36, 5);
        var lines = new List<Line>();
        for (int i = 0; i < (height - box.Count) / 2; i++) lines.Add(new Line());
        foreach (Line line in box) lines.Add(new Line().To((width - 36) / 2).Add(line));
        while (lines.Count < height) lines.Add(new Line());
        return new Screen(lines, width);
    }

    private static List<Line> Symbols(ApplianceSnapshot snapshot, int width, int height)
    {
        List<SymbolSnapshot> symbols = snapshot.Symbols;
        if (symbols.Count == 0) return Box.Around("market", [new Line().Add("no symbol yet", Palette.Quiet)], width, height);
        int columns = symbols.Count > 1 && width >= 150 ? 2 : 1;
        // As many panels as fit whole, and the other symbols in a list below them.
        int full = symbols.Count;
        while (full > 0 && (RowsOf(full) * SymbolPanel.HeightMin) + ListHeight(full) > height) full--;
        if (symbols.Count == 1) full = 1;
        int list = full == 0 ? height : ListHeight(full);
        int rows = RowsOf(full);
        var lines = new List<Line>();
        for (int row = 0; row < rows; row++)
        {
            int panel = (height - list - lines.Count) / (rows - row);
            int first = row * columns;
            if (first + 1 >= full || columns == 1)
            {
                lines.AddRange(SymbolPanel.Draw(symbols[first], width, panel));
                continue;
            }
            int half = width / 2;
            lines.AddRange(Box.Beside(0, (SymbolPanel.Draw(symbols[first], half, panel), half), (SymbolPanel.Draw(symbols[first + 1], width - half, panel), width - half)));
        }
        if (list > 0) lines.AddRange(Tables.Symbols(symbols[full..], width, list));
        return lines;

        int RowsOf(int panels) => (panels + columns - 1) / columns;
        int ListHeight(int panels) => panels == symbols.Count ? 0 : Math.Min(symbols.Count - panels + 3, Math.Max(5, height / 3));
    }

    /// <summary>What the board showed last, and for how long it has not changed.</summary>
    private sealed class BoardView(StatusBoardReader board, TimeProvider time, TimeSpan staleAfter)
    {
        private long _version = -1;
        private long _changedAt = time.GetTimestamp();
        private DateTimeOffset _stamp;

        public ApplianceSnapshot? Snapshot { get; private set; }

        public TimeSpan? StaleFor => time.GetElapsedTime(_changedAt) is var age && age > staleAfter ? age : null;

        public void Look()
        {
            if (!board.TryRead(out byte[] text, out long version) || version == _version || !ApplianceSnapshot.TryParse(text, out ApplianceSnapshot snapshot)) return;
            _version = version;
            // A text whose own time stands still tells nothing new either.
            if (Snapshot is null || snapshot.Time != _stamp || snapshot.Time == default) _changedAt = time.GetTimestamp();
            _stamp = snapshot.Time;
            Snapshot = snapshot;
        }
    }
}
