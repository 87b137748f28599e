namespace Peregrine.Binance.Feed;

/// <summary>One connection of a feed, for screens and results. Counts only grow while the connection is the same.</summary>
/// <param name="Name">streams 1 A.</param>
/// <param name="IsUp">Whether it is connected.</param>
/// <param name="IsSuccessor">Whether it is being made ready to take over from another.</param>
/// <param name="Wins">Events that it brought first.</param>
/// <param name="Duplicates">Events that had arrived before it brought them.</param>
/// <param name="Missed">Events of its group that others brought and it did not, since it came up.</param>
/// <param name="LagP50Nanos">How far behind the first arrival its duplicates came, median, nanoseconds.</param>
/// <param name="LagP99Nanos">The same, 99th percentile.</param>
public readonly record struct LineStatus(string Name, bool IsUp, bool IsSuccessor, long Wins, long Duplicates, long Missed, double LagP50Nanos, double LagP99Nanos);
