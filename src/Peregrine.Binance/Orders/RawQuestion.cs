namespace Peregrine.Binance.Orders;

/// <summary>Questions whose answers are for people and tools.</summary>
public enum RawQuestion : byte
{
    /// <summary>session.status.</summary>
    Status = 0,

    /// <summary>account.commission of a symbol.</summary>
    Commission = 1,

    /// <summary>allOrders of a symbol, from an exchange order id on.</summary>
    AllOrders = 2,
}

/// <summary>Takes the answer to a <see cref="RawQuestion"/>.</summary>
/// <param name="verdict">What the exchange said; Unknown also where it did not answer.</param>
/// <param name="result">The answer's result as JSON, valid during the call; empty where there is none.</param>
public delegate void RawAnswer(Verdict verdict, ReadOnlySpan<byte> result);
