using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Simulator.Api;
using Peregrine.Simulator.Trading;

namespace Peregrine.Simulator;

/// <summary>Hears what became of paper orders, on the thread that called the venue.</summary>
public delegate void PaperReportHandler(Instrument instrument, in OrderReport report);

/// <summary>What a paper account is to be.</summary>
public sealed record PaperVenueOptions
{
    public int MakerFeeBasisPoints { get; init; } = 10;
    public int TakerFeeBasisPoints { get; init; } = 10;

    /// <summary>What the account starts with, by asset.</summary>
    public IReadOnlyDictionary<string, Quantity> Balances { get; init; } = new Dictionary<string, Quantity> { ["USDT"] = Quantity.Parse("100000") };
}

/// <summary>
/// Fills orders against live prices without sending them anywhere: the rules are those of orders in a replay (<c>SymbolFills</c>), with the best
/// prices for a book. One thread calls it; reports come inside the calls. Without open orders the market's calls allocate nothing.
/// </summary>
public sealed class PaperVenue
{
    private readonly VenueAdapter _venue = new();
    private readonly ReportWriter _reports;
    private readonly OrderDesk _desk;
    private readonly TimeProvider _time;
    private long _nextOrderId = 1;

    /// <param name="onBalance">Hears of every asset whose balance may have changed.</param>
    public PaperVenue(PaperVenueOptions options, PaperReportHandler onReport, Action<AssetBalance>? onBalance, TimeProvider time)
    {
        _time = time;
        _reports = new ReportWriter(onReport, onBalance);
        _desk = new OrderDesk(
            _venue, new FeeSchedule(options.MakerFeeBasisPoints, options.TakerFeeBasisPoints), () => _nextOrderId++, () => time.GetUnixMicros(), _reports);
        _desk.FollowMarket();
        foreach ((string asset, Quantity quantity) in options.Balances) _desk.Account.Deposit(asset, quantity.Raw);
    }

    /// <summary>What the account holds, by asset.</summary>
    public IEnumerable<AssetBalance> Balances => _desk.Account.Balances;

    /// <summary>How many orders are open.</summary>
    public int OpenOrders => _desk.Open.Count();

    /// <summary>The best prices of a symbol; a zero price is an empty side.</summary>
    public void OnBestPrices(SymbolId symbol, Price bid, Quantity bidQuantity, Price ask, Quantity askQuantity)
    {
        _venue.Of(symbol).OnBest(bid.Raw, bidQuantity.Raw, ask.Raw, askQuantity.Raw);
        _desk.Settle();
    }

    /// <summary>A trade of the market: resting orders may fill, and stop orders are triggered by its price.</summary>
    public void OnTrade(SymbolId symbol, Price price, Quantity quantity, bool buyerIsMaker)
    {
        _venue.Of(symbol).OnTrade(price.Raw, quantity.Raw, buyerIsMaker);
        _venue.TellTrade(symbol, price.Raw);
    }

    /// <summary>Takes an order. What becomes of it, a refusal with Binance's code included, is reported.</summary>
    public void Place(in OrderIntent intent, Instrument instrument)
    {
        _venue.Of(instrument);
        try
        {
            if (intent.Type is not (OrderType.Limit or OrderType.LimitMaker or OrderType.Market)) throw new ApiException(-1116, "Invalid orderType.");
            if (intent.Side == Side.None) throw new ApiException(-1117, "Invalid side.");
            _desk.Place(RequestOf(in intent, instrument, Price.Zero));
        }
        catch (ApiException e)
        {
            Refuse(instrument, in intent, e.Code);
        }
    }

    /// <summary>Takes an OCO, OTO or OTOCO: all of its orders, or none, which each of them is told then.</summary>
    public void PlaceList(in OrderListIntent list, Instrument instrument)
    {
        _venue.Of(instrument);
        try
        {
            List<OrderRequest> legs = [];
            if (!list.Above.ClientId.IsEmpty) legs.Add(RequestOf(in list.Above, instrument, list.AboveStop));
            if (!list.Below.ClientId.IsEmpty) legs.Add(RequestOf(in list.Below, instrument, list.BelowStop));
            _desk.PlaceList(list.Working.ClientId.IsEmpty ? null : RequestOf(in list.Working, instrument, Price.Zero), legs, list.ListId.ToString());
        }
        catch (ApiException e)
        {
            Refuse(instrument, in list.Working, e.Code);
            Refuse(instrument, in list.Above, e.Code);
            Refuse(instrument, in list.Below, e.Code);
        }
    }

    private static OrderRequest RequestOf(in OrderIntent intent, Instrument instrument, Price stop) => intent.Type == OrderType.Market
        ? new OrderRequest(instrument, intent.Side, intent.Type, TimeInForce.None, 0, intent.Quantity.Raw, 0, intent.ClientId.ToString())
        : new OrderRequest(instrument, intent.Side, intent.Type, intent.TimeInForce, intent.Price.Raw, intent.Quantity.Raw, 0, intent.ClientId.ToString(), stop.Raw);

    private void Refuse(Instrument instrument, in OrderIntent intent, int code)
    {
        if (!intent.ClientId.IsEmpty) _reports.Refused(instrument, intent.ClientId, ReportType.Rejected, OrderStatus.Rejected, code, _time.GetUnixMicros(), intent);
    }

    /// <summary>Cancels an order of ours; one that is not open is reported as a refused cancel.</summary>
    public void Cancel(in CancelIntent intent, Instrument instrument)
    {
        try
        {
            _desk.Cancel(_desk.Find(instrument.Symbol, intent.ExchangeOrderId > 0 ? intent.ExchangeOrderId : null, intent.ClientId.ToString()), null);
        }
        catch (ApiException e)
        {
            _reports.Refused(instrument, intent.ClientId, ReportType.CancelRejected, OrderStatus.None, e.Code, _time.GetUnixMicros(), default);
        }
    }

    /// <summary>Reports the state of an order, or that there is none.</summary>
    public void Query(ClientOrderId clientId, Instrument instrument)
    {
        if (_desk.Find(instrument.Symbol, null, clientId.ToString()) is { } order) _reports.Report(order, ReportType.Status, null, ReportSource.Query);
        else _reports.Refused(instrument, clientId, ReportType.Status, OrderStatus.Absent, -2013, _time.GetUnixMicros(), default);
    }

    /// <summary>The fill models by symbol number.</summary>
    private sealed class VenueAdapter : IOrderVenue
    {
        private SymbolFills?[] _fills = new SymbolFills?[64];
        private Instrument?[] _instruments = new Instrument?[64]; // Of the symbols that ever had an order.

        public Action<Instrument, long, long>? Traded { get; set; }

        public SymbolFills Of(SymbolId symbol) => Of(symbol, 1);

        public SymbolFills Of(Instrument instrument)
        {
            SymbolFills fills = Of(instrument.Id, instrument.Rules.StepSize.Raw);
            _instruments[instrument.Id.Value] = instrument;
            return fills;
        }

        public void TellTrade(SymbolId symbol, long price)
        {
            if (_instruments[symbol.Value] is { } instrument) Traded?.Invoke(instrument, price, price);
        }

        public long LastPrice(Instrument instrument) => Of(instrument).LastPrice;
        public bool WouldTake(Instrument instrument, Side side, long price) => Of(instrument).WouldTake(side, price);

        public bool TryQuote(Instrument instrument, Side side, long quantity, out long quoteUnits) =>
            Of(instrument).TryQuote(side, quantity, 0, out quoteUnits);

        public bool Execute(VenueOrder order, IFillListener listener) => Of(order.Instrument).Execute(order, listener);
        public void Remove(VenueOrder order) => Of(order.Instrument).Remove(order);

        public void Shrink(VenueOrder order)
        {
            // The fill model looks at what is left of an order whenever it fills one.
        }

        private SymbolFills Of(SymbolId symbol, long step)
        {
            if (symbol.Value >= _fills.Length)
            {
                Array.Resize(ref _fills, symbol.Value * 2);
                Array.Resize(ref _instruments, _fills.Length);
            }
            return _fills[symbol.Value] ??= new SymbolFills(step, book: null);
        }
    }

    /// <summary>Turns what happens to orders into reports.</summary>
    private sealed class ReportWriter(PaperReportHandler onReport, Action<AssetBalance>? onBalance) : IAccountObserver
    {
        public void OnOrder(VenueOrder order, string execution, Fill? fill, string? otherId) => Report(
            order, execution switch { "TRADE" => ReportType.Trade, "CANCELED" => ReportType.Canceled, "EXPIRED" => ReportType.Expired, _ => ReportType.New }, fill, ReportSource.Stream);

        public void OnBalances(Account account, IReadOnlyList<string> assets)
        {
            if (onBalance is null) return;
            foreach (string asset in assets) onBalance(account[asset]);
        }

        public void Report(VenueOrder order, ReportType type, Fill? fill, ReportSource source)
        {
            OrderReport report = new()
            {
                ClientId = ClientOrderId.Create(order.ClientId),
                CommissionAsset = fill is { } paid ? AssetCode.Create(paid.CommissionAsset) : default,
                ExchangeOrderId = order.Id, TradeId = fill?.TradeId ?? -1, Price = new Price(order.Price), Quantity = new Quantity(order.Quantity),
                LastPrice = new Price(fill?.Price ?? 0), LastQuantity = new Quantity(fill?.Quantity ?? 0), CumulativeQuantity = new Quantity(order.Executed),
                CumulativeQuoteUnits = order.ExecutedQuote, CommissionUnits = fill?.Commission ?? 0, TransactionTimeMicros = order.UpdatedMicros,
                Report = type, Status = order.Status, Source = source, Side = order.Side, Type = order.Type, TimeInForce = order.TimeInForce,
                IsMaker = fill is { IsMaker: true } ? (byte)1 : (byte)0,
            };
            onReport(order.Instrument, in report);
        }

        public void Refused(Instrument instrument, ClientOrderId clientId, ReportType type, OrderStatus status, int code, long micros, in OrderIntent intent)
        {
            OrderReport report = new()
            {
                ClientId = clientId, TradeId = -1, Price = intent.Price, Quantity = intent.Quantity, TransactionTimeMicros = micros, ErrorCode = code,
                Report = type, Status = status, Source = ReportSource.Local, Side = intent.Side, Type = intent.Type, TimeInForce = intent.TimeInForce,
            };
            onReport(instrument, in report);
        }
    }
}
