using System.Text;

using Peregrine.Common.Orders;
using Peregrine.Execution.Journal;

namespace Peregrine.Research.WholeSystem;

/// <summary>An intent journal that outlives simulated processes. It also remembers every intent ever written, for the oracle to compare with.</summary>
internal sealed class MemoryJournal : IIntentJournal
{
    private readonly Dictionary<ClientOrderId, OpenIntent> _open = [];

    /// <summary>Every id that was ever written down.</summary>
    public HashSet<string> Written { get; } = new(StringComparer.Ordinal);

    public int Free => int.MaxValue;

    public bool Append(ReadOnlySpan<byte> symbol, in OrderIntent intent, long nowNanos)
    {
        _open[intent.ClientId] = new OpenIntent(Encoding.UTF8.GetString(symbol), intent, nowNanos);
        Written.Add(intent.ClientId.ToString());
        return true;
    }

    public void End(ClientOrderId clientId, long nowNanos) => _open.Remove(clientId);

    public void Compact()
    {
        // Memory has room.
    }

    public IReadOnlyList<OpenIntent> ReadOpen() => [.. _open.Values.OrderBy(static one => one.WrittenNanos)];
}
