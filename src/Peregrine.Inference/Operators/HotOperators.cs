namespace Peregrine.Inference.Operators;

/// <summary>The families with kernels of their own: recurrent networks, convolutions and pooling, attention, trees.</summary>
internal static class HotOperators
{
    public static IEnumerable<OperatorEntry> Table { get; } = [];
}
