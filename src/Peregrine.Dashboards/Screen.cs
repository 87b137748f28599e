using Spectre.Console;
using Spectre.Console.Rendering;

namespace Peregrine.Dashboards;

/// <summary>Lines of one width, as something that the console can draw. No line break follows the last: it would scroll a full screen.</summary>
internal sealed class Screen(IReadOnlyList<Line> lines, int width) : Renderable
{
    protected override Measurement Measure(RenderOptions options, int maxWidth) => new(Math.Min(width, maxWidth), Math.Min(width, maxWidth));

    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        for (int i = 0; i < lines.Count; i++)
        {
            foreach (Segment piece in lines[i].Fit(Math.Min(width, maxWidth)).Pieces) yield return piece;
            if (i < lines.Count - 1) yield return Segment.LineBreak;
        }
    }
}
