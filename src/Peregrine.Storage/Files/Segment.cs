namespace Peregrine.Storage.Files;

/// <summary>A database file of a state directory: its week, and which part of it where the week has more than one.</summary>
internal readonly record struct Segment(IsoWeek Week, int Part, string Path) : IComparable<Segment>
{
    internal static Segment Of(string folder, IsoWeek week, int part) => new(week, part, System.IO.Path.Combine(folder, week.FileNameOf(part)));

    public int CompareTo(Segment other) => (Week, Part).CompareTo((other.Week, other.Part));
}
