using System.Globalization;

using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Portfolio;
using Peregrine.MarketData;
using Peregrine.Simulator;
using Peregrine.Storage;

namespace Peregrine.EndToEnd;

/// <summary>What our own recording says: intents, trades with their fees, positions and the balances that the account should have. Read as the next process would read it.</summary>
internal sealed class OwnBooks : IEventHandler
{
    private readonly InstrumentTable _instruments;
    private readonly Dictionary<(string Symbol, long TradeId), (string Asset, long Units)> _fees = [];

    private OwnBooks(string state)
    {
        Recording recording = Recording.Open(state);
        _instruments = recording.Instruments;
        recording.Play(this, new RecordingFilter { Kinds = new HashSet<EventKind> { EventKind.OrderIntent, EventKind.OrderReport, EventKind.Gap } });
        History = PositionHistory.Read(state);
    }

    /// <summary>How often each of our ids was intended; more than once is an error.</summary>
    public Dictionary<string, int> Intents { get; } = new(StringComparer.Ordinal);

    /// <summary>Reports of each kind of status, for the telling.</summary>
    public int Trades => _fees.Count;

    public PositionHistory History { get; }

    public static OwnBooks Read(string state) => new(state);

    /// <inheritdoc/>
    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (entry.Kind == EventKind.OrderIntent)
        {
            string id = Payload.Read<OrderIntent>(payload).ClientId.ToString();
            Intents[id] = Intents.GetValueOrDefault(id) + 1;
        }
        if (entry.Kind != EventKind.OrderReport) return;
        ref readonly OrderReport report = ref Payload.Read<OrderReport>(payload);
        // A start tells itself again which trades are booked, without their fees.
        if (report is { Report: ReportType.Trade, TradeId: >= 0, Source: not ReportSource.Local }) _fees[(_instruments[entry.Symbol].Symbol, report.TradeId)] = (report.CommissionAsset.ToString(), report.CommissionUnits);
    }

    /// <summary>Everything in which we and the exchange do not agree to the last unit: balances of every asset, positions, fees, trades. Empty is what is wanted.</summary>
    public IReadOnlyList<string> DifferencesFrom(ExchangeLedger truth)
    {
        List<string> differences = [];
        void Compare(string what, IReadOnlyDictionary<string, long> ours, IReadOnlyDictionary<string, long> theirs)
        {
            foreach (string name in ours.Keys.Union(theirs.Keys).Order(StringComparer.Ordinal))
            {
                long we = ours.GetValueOrDefault(name), they = theirs.GetValueOrDefault(name);
                if (we != they) differences.Add(string.Create(CultureInfo.InvariantCulture, $"{what} {name}: we say {we}, the exchange {they} (1e-8)"));
            }
        }

        Compare("balance of", History.Expected.ToDictionary(static one => one.Asset.ToString(), static one => one.Units), truth.Balances.ToDictionary(static one => one.Asset, static one => Units(one.Free) + Units(one.Locked)));
        Compare("position in", History.Positions.ToDictionary(static one => one.Key, static one => one.Value.Quantity.Raw), PositionsOf(truth));
        Compare("fees in", Sums(_fees.Values), Sums(truth.Trades.Select(static trade => (trade.CommissionAsset, Units(trade.Commission)))));
        Compare("trade", _fees.Keys.ToDictionary(Name, static _ => 1L), truth.Trades.ToDictionary(static trade => Name((trade.Symbol, trade.TradeId)), static _ => 1L));
        return differences;
    }

    public static long Units(string text) => Quantity.Parse(text).Raw;

    private static string Name((string Symbol, long TradeId) trade) => string.Create(CultureInfo.InvariantCulture, $"{trade.Symbol} {trade.TradeId}");

    private static Dictionary<string, long> Sums(IEnumerable<(string Asset, long Units)> amounts) =>
        amounts.GroupBy(static one => one.Asset, StringComparer.Ordinal).Where(static group => group.Any(static one => one.Units != 0)).ToDictionary(static group => group.Key, static group => group.Sum(static one => one.Units), StringComparer.Ordinal);

    /// <summary>What was bought less what was sold, less fees that were taken in the same asset.</summary>
    private Dictionary<string, long> PositionsOf(ExchangeLedger truth) => truth.Trades.GroupBy(static trade => trade.Symbol, StringComparer.Ordinal).ToDictionary(
        static group => group.Key,
        group => group.Sum(trade =>
            (trade.Side == "BUY" ? Units(trade.Quantity) : -Units(trade.Quantity))
            - (_instruments.TryGet(trade.Symbol, out Instrument? instrument) && instrument.BaseAsset == trade.CommissionAsset ? Units(trade.Commission) : 0)),
        StringComparer.Ordinal);
}
