using Peregrine.Execution.Trading;
using Peregrine.Simulator.Virtual;

namespace Peregrine.Research.WholeSystem;

/// <summary>Compares what we believe with what the exchange knows.</summary>
internal sealed class Oracle(VirtualExchange exchange)
{
    public void Check(TradingCore core, TraderHome home, Action<string> violate)
    {
        _ = exchange;
    }

    public void CheckEnd(TradingCore core, TraderHome home, Action<string> violate)
    {
    }
}
