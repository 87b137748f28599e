namespace Peregrine.Simulator.Trading;

/// <summary>One change of an open order's quantity. Quantities are whole 1e-8 units.</summary>
internal readonly record struct Amendment(long ExecutionId, string OriginalClientId, string NewClientId, long OriginalQuantity, long NewQuantity, long TimeMicros);
