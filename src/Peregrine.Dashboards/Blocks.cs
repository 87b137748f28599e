namespace Peregrine.Dashboards;

/// <summary>Bars and charts out of block characters.</summary>
internal static class Blocks
{
    private const string Eighths = "▏▎▍▌▋▊▉█";
    private const string Steps = "▁▂▃▄▅▆▇█";

    /// <summary>A bar from the left: <paramref name="share"/> (0 to 1) of so many cells, to an eighth of a cell.</summary>
    public static string Bar(double share, int cells)
    {
        if (!double.IsFinite(share)) share = 0;
        int eighths = (int)Math.Round(Math.Clamp(share, 0, 1) * cells * 8);
        string full = new('█', eighths / 8);
        return eighths % 8 == 0 ? full : full + Eighths[(eighths % 8) - 1];
    }

    /// <summary>The last values as columns, one cell wide and up to <paramref name="height"/> cells tall; the lines from the top.</summary>
    public static string[] Chart(IReadOnlyList<double> values, int width, int height)
    {
        var shown = new List<double>(width);
        for (int i = Math.Max(0, values.Count - width); i < values.Count; i++)
            if (double.IsFinite(values[i])) shown.Add(values[i]);
        var rows = new string[height];
        if (shown.Count == 0)
        {
            Array.Fill(rows, "");
            return rows;
        }
        double low = shown.Min();
        double span = shown.Max() - low;
        int steps = height * 8;
        for (int row = 0; row < height; row++)
        {
            int below = (height - 1 - row) * 8; // Eighths that the rows underneath this one show.
            rows[row] = string.Create(shown.Count, (shown, low, span, steps, below), static (cells, chart) =>
            {
                for (int i = 0; i < cells.Length; i++)
                {
                    // A still price is a line in the middle, and the lowest one is still visible.
                    double share = chart.span > 0 ? (chart.shown[i] - chart.low) / chart.span : 0.5;
                    int eighths = 1 + (int)Math.Round(share * (chart.steps - 1)) - chart.below;
                    cells[i] = eighths <= 0 ? ' ' : Steps[Math.Min(eighths, 8) - 1];
                }
            });
        }
        return rows;
    }
}
