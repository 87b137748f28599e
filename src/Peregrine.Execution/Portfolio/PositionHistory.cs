using System.Runtime.InteropServices;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Trading;
using Peregrine.Storage;

namespace Peregrine.Execution.Portfolio;

/// <summary>
/// What earlier live sessions left in the books: a restart must not forget what it holds. The reports of the recording go through the same core that booked
/// them, so what comes out is what the last process had.
/// </summary>
public sealed class PositionHistory : IEventHandler
{
    private readonly TradingCore _core;
    private readonly Dictionary<ClientOrderId, (Quantity Quantity, long QuoteUnits)> _booked = [];
    private readonly Dictionary<ClientOrderId, List<long>> _trades = [];
    private readonly Dictionary<string, PositionRecord> _positions = [];
    private bool _isLive;

    private PositionHistory(InstrumentTable instruments) =>
        _core = new CoreSetup().CreateCore(instruments, model: null, new Nowhere());

    /// <summary>A past without positions.</summary>
    public static PositionHistory None { get; } = new(new InstrumentTable());

    /// <summary>Positions by symbol, of live sessions only; those that never had a fill are left out.</summary>
    public IReadOnlyDictionary<string, PositionRecord> Positions => _positions;

    /// <summary>What was booked of an order already, so that learning its whole fill later does not book that part again.</summary>
    public (Quantity Quantity, long QuoteUnits) BookedOf(ClientOrderId order) => _booked.GetValueOrDefault(order);

    /// <summary>Trades of an order whose commission was booked already.</summary>
    public IReadOnlyList<long> TradesOf(ClientOrderId order) => _trades.TryGetValue(order, out List<long>? trades) ? trades : [];

    /// <param name="stateDirectory">Where the recordings lie; there need not be any.</param>
    public static PositionHistory Read(string stateDirectory)
    {
        if (!Directory.EnumerateFiles(stateDirectory, "crypto_*.db").Any()) return None;
        Recording recording = Recording.Open(stateDirectory);
        PositionHistory history = new(recording.Instruments);
        recording.Play(history, new RecordingFilter { Kinds = new HashSet<EventKind> { EventKind.Session, EventKind.Position, EventKind.OrderReport } });
        foreach (SymbolTrading symbol in history._core.Symbols)
            if (symbol.Position.Fills > 0) history._positions[symbol.Instrument.Symbol] = symbol.Position.ToRecord();
        return history;
    }

    /// <inheritdoc/>
    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Kind == EventKind.Session) _isLive = CoreSetup.FromJson(MemoryMarshal.AsBytes(payload)[..(int)entry.Plain.B]).Mode == "live";
        if (!_isLive) return;
        _core.OnEvent(sequence, in entry, payload);
        _core.Requests.Clear();
        if (entry.Kind != EventKind.OrderReport) return;
        ref readonly OrderReport report = ref Payload.Read<OrderReport>(payload);
        if (report is { Report: ReportType.Trade, TradeId: >= 0 })
        {
            if (!_trades.TryGetValue(report.ClientId, out List<long>? trades)) _trades[report.ClientId] = trades = [];
            trades.Add(report.TradeId);
        }
        if (report.CumulativeQuantity > BookedOf(report.ClientId).Quantity) _booked[report.ClientId] = (report.CumulativeQuantity, report.CumulativeQuoteUnits);
    }

    private sealed class Nowhere : IEventWriter
    {
        public long Append(in MarketEvent entry, ReadOnlySpan<long> payload) => 0;
    }
}
