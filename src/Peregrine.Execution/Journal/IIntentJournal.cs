using Peregrine.Common.Orders;

namespace Peregrine.Execution.Journal;

/// <summary>Where intents are written down before their bytes leave.</summary>
public interface IIntentJournal
{
    /// <summary>Records that still fit before <see cref="Compact"/>.</summary>
    int Free { get; }

    /// <summary>Writes an intent down; false when there is no room, and then nothing may be sent.</summary>
    bool Append(ReadOnlySpan<byte> symbol, in OrderIntent intent, long nowNanos);

    /// <summary>The order reached its end, and its last report is recorded.</summary>
    void End(ClientOrderId clientId, long nowNanos);

    /// <summary>Makes room by moving what is open together.</summary>
    void Compact();

    /// <summary>Intents without an end, oldest first.</summary>
    IReadOnlyList<OpenIntent> ReadOpen();
}
