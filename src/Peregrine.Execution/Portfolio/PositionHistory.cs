using System.Runtime.InteropServices;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Trading;
using Peregrine.Storage;

namespace Peregrine.Execution.Portfolio;

/// <summary>A trade of an order that an earlier session took in, with its fee.</summary>
public readonly record struct BookedTrade(long TradeId, Price Price, Quantity Quantity);

/// <summary>
/// What earlier live sessions left in the books: a restart must not forget what it holds. The reports of the recording go through the same core that booked
/// them, so what comes out is what the last process had.
/// </summary>
public sealed class PositionHistory : IEventHandler
{
    /// <summary>Far more than a round or the question after an order can bring again.</summary>
    private const int TradesTold = 256;

    private readonly TradingCore _core;
    private readonly Dictionary<ClientOrderId, List<BookedTrade>> _trades = [];
    private bool _isLive;

    /// <param name="instruments">Of what is going to be told.</param>
    public PositionHistory(InstrumentTable instruments) =>
        _core = new CoreSetup { Reconciles = true }.CreateCore(instruments, model: null, new Nowhere());

    /// <summary>A past without positions.</summary>
    public static PositionHistory None { get; } = new(new InstrumentTable());

    /// <summary>What has to be told for the past to be known.</summary>
    public static IReadOnlySet<EventKind> Kinds { get; } = new HashSet<EventKind>
    {
        EventKind.Session, EventKind.Timer, EventKind.Line, EventKind.OrderReport, EventKind.Balance, EventKind.Position, EventKind.Reconcile, EventKind.Holding,
        EventKind.OrderIntent,
    };

    /// <summary>Positions by symbol, of live sessions only; those that never had a fill are left out.</summary>
    public IReadOnlyDictionary<string, PositionRecord> Positions =>
        _core.Symbols.Where(static symbol => symbol.Position.Fills > 0).ToDictionary(static symbol => symbol.Instrument.Symbol, static symbol => symbol.Position.ToRecord());

    /// <summary>What the account should hold, 1e-8 units by asset.</summary>
    public IEnumerable<(AssetCode Asset, long Units)> Expected => _core.Ledger.Expected;

    /// <summary>By symbol, the first trade id that no round has asked for yet.</summary>
    public IEnumerable<(string Symbol, long From)> TradesFrom =>
        _core.Symbols.Select(symbol => (symbol.Instrument.Symbol, From: _core.Reconciler.TradesFrom[symbol.Instrument.Id.Value - 1])).Where(static one => one.From >= 0);

    /// <summary>By symbol, the newest trades that were taken in: rounds and questions after orders will tell them again.</summary>
    public IEnumerable<(string Symbol, long TradeId)> KnownTrades =>
        _core.Symbols.SelectMany(static symbol => symbol.TradesSince(0).TakeLast(TradesTold).Select(id => (symbol.Instrument.Symbol, id)));

    /// <summary>What was booked of an order already, so that learning its whole fill later does not book that part again.</summary>
    public (Quantity Quantity, long QuoteUnits) BookedOf(ClientOrderId order) => _core.Orders.BookedOf(order);

    /// <summary>The exchange's number of an order, 0 where it was not told: rows of trades name nothing else.</summary>
    public long ExchangeOrderIdOf(ClientOrderId order) => _core.Orders.ExchangeOrderIdOf(order);

    /// <summary>Trades of an order whose commission was booked already.</summary>
    public IReadOnlyList<BookedTrade> TradesOf(ClientOrderId order) => _trades.TryGetValue(order, out List<BookedTrade>? trades) ? trades : [];

    /// <param name="stateDirectory">Where the recordings lie; there need not be any.</param>
    public static PositionHistory Read(string stateDirectory)
    {
        if (!Directory.EnumerateFiles(stateDirectory, "crypto_*.db").Any()) return None;
        Recording recording = Recording.Open(stateDirectory);
        PositionHistory history = new(recording.Instruments);
        recording.Play(history, new RecordingFilter { Kinds = Kinds });
        return history;
    }

    /// <inheritdoc/>
    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Kind == EventKind.Session) _isLive = CoreSetup.FromJson(MemoryMarshal.AsBytes(payload)[..(int)entry.Plain.B]).Mode == "live";
        if (!_isLive) return;
        if (entry.Kind == EventKind.OrderIntent)
        {
            if (!entry.Symbol.IsNone && entry.Symbol.Value <= _core.Symbols.Count) _core.Orders.Know(entry.Symbol, in Payload.Read<OrderIntent>(payload), entry.ReceiveTimeNanos);
            return;
        }
        _core.OnEvent(sequence, in entry, payload);
        _core.Requests.Clear();
        if (entry.Kind != EventKind.OrderReport) return;
        ref readonly OrderReport report = ref Payload.Read<OrderReport>(payload);
        if (report is { Report: ReportType.Trade, TradeId: >= 0 } && !report.ClientId.IsEmpty)
        {
            if (!_trades.TryGetValue(report.ClientId, out List<BookedTrade>? trades)) _trades[report.ClientId] = trades = [];
            long tradeId = report.TradeId;
            if (trades.TrueForAll(one => one.TradeId != tradeId)) trades.Add(new BookedTrade(report.TradeId, report.LastPrice, report.LastQuantity));
        }
    }

    private sealed class Nowhere : IEventWriter
    {
        public long Append(in MarketEvent entry, ReadOnlySpan<long> payload) => 0;
    }
}
