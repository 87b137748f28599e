using Peregrine.Simulator.Faults;
using Peregrine.Simulator.Virtual;

namespace Peregrine.Research.WholeSystem;

/// <summary>The exchange's own faults, each for a short while or a few calls.</summary>
internal static class ExchangeFaultKinds
{
    public static IEnumerable<(string Name, int Weight, Action<double> Do)> All(VirtualExchange exchange, Random random, Action<double, Action> undo)
    {
        yield break;
    }
}
