namespace Peregrine.Inference.Planning;

/// <summary>A plan with what it was made of.</summary>
/// <param name="Session">The compiled session.</param>
/// <param name="Steps">In the order in which they run.</param>
/// <param name="Values">Every value that the plan knows, by name; those inside of what was fused may be missing.</param>
/// <param name="ArenaBytes">What computed values take together; the rest of the session's memory is packed weights, bound constants and index tables.</param>
internal sealed record PlanRecord(ModelSession Session, IReadOnlyList<Step> Steps, IReadOnlyDictionary<string, Value> Values, long ArenaBytes);
