using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>One call of the exchange's API, the same behind REST and the WebSocket API.</summary>
/// <param name="Weight">Request weight, 0 for order calls that succeed.</param>
internal sealed record Operation(string Name, bool IsSigned, int Weight, Action<RequestParameters, WireWriter> Run)
{
    /// <summary>The weight of a call with these parameters, where it depends on them.</summary>
    public Func<RequestParameters, int>? WeightOf { get; init; }

    /// <summary>Its methods and paths on REST.</summary>
    public IReadOnlyList<(string Method, string Path)> Routes { get; init; } = [];

    /// <summary>Whether the WebSocket API does not know it.</summary>
    public bool IsRestOnly { get; init; }

    /// <summary>How many unfilled orders it adds when it succeeds: 2 or 3 for lists.</summary>
    public int OrderCount { get; init; }

    /// <summary>Whether it places orders and counts them itself.</summary>
    public bool CountsItself { get; init; }

    /// <summary>Counts against the order limits.</summary>
    public bool IsPlacement => OrderCount > 0 || CountsItself;

    /// <summary>The weight of a call with these parameters.</summary>
    public int WeightFor(RequestParameters parameters) => WeightOf?.Invoke(parameters) ?? Weight;
}
