using Peregrine.Common;

namespace Peregrine.Execution.Risk;

/// <summary>
/// What may be traded: one latched level for the account, and states of single symbols and strategies. The narrowest counts. Levels rise by whoever says so;
/// only a person lowers them.
/// </summary>
public sealed class TradingStates(int symbols)
{
    /// <summary>Strategies have small numbers of their own choice; those beyond share the last state.</summary>
    private const int StrategiesMax = 64;

    private readonly TradingState[] _symbols = Filled(symbols);
    private readonly TradingState[] _strategies = Filled(StrategiesMax);

    /// <summary>Whether this run may trade at all; false in mode record.</summary>
    public bool Trades { get; init; }

    public KillLevel Level { get; private set; }

    /// <summary>Who or what set the level.</summary>
    public HaltReason Reason { get; private set; }

    /// <summary>The whole account's state.</summary>
    public TradingState Account => !Trades ? TradingState.Halted : Level switch
    {
        KillLevel.None => TradingState.Active,
        KillLevel.ReduceOnly => TradingState.ReduceOnly,
        _ => TradingState.Halted,
    };

    public TradingState OfSymbol(SymbolId symbol) => _symbols[symbol.Value - 1];

    public TradingState OfStrategy(int strategy) => _strategies[Place(strategy)];

    /// <summary>What an order of the strategy in the symbol has to obey.</summary>
    public TradingState Of(SymbolId symbol, int strategy) => Narrower(Account, Narrower(OfSymbol(symbol), OfStrategy(strategy)));

    /// <summary>Raises the account's level; one that is not higher changes nothing. True when it did.</summary>
    public bool Raise(KillLevel level, HaltReason reason)
    {
        if (level <= Level) return false;
        Level = level;
        Reason = reason;
        return true;
    }

    public void Set(SymbolId symbol, TradingState state) => _symbols[symbol.Value - 1] = state;

    public void Set(int strategy, TradingState state) => _strategies[Place(strategy)] = state;

    /// <summary>A person lets everything trade again.</summary>
    public void Arm()
    {
        Level = KillLevel.None;
        Reason = HaltReason.None;
        Array.Fill(_symbols, TradingState.Active);
        Array.Fill(_strategies, TradingState.Active);
    }

    private static TradingState Narrower(TradingState left, TradingState right) => left < right ? left : right;

    private static int Place(int strategy) => Math.Clamp(strategy, 0, StrategiesMax - 1);

    private static TradingState[] Filled(int count)
    {
        TradingState[] states = new TradingState[count];
        Array.Fill(states, TradingState.Active);
        return states;
    }
}
