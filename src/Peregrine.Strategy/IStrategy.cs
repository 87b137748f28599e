namespace Peregrine.Strategy;

/// <summary>
/// Decides a target position for each symbol it is shown. Live, replay, backtest and tests run the same class; it cannot tell which it is in.
/// It knows no time but that of its input, keeps its state in its own fields, and allocates nothing per event.
/// </summary>
public interface IStrategy
{
    /// <summary>Its name in configuration, screens and records.</summary>
    string Name { get; }

    /// <summary>Its number in records and client order ids; unique within a core, from 1 on.</summary>
    int Id { get; }

    /// <summary>
    /// Sees one event of one symbol, after the symbol's book and features took it in; timers come once for each symbol.
    /// An answer left as it was given wants nothing.
    /// </summary>
    void OnEvent(in StrategyInput input, ref StrategyAnswer answer);
}
