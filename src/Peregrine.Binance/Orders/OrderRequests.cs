using System.Text;

using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Binance.Orders;

/// <summary>
/// Writes every request that concerns orders. The shapes that are sent most are prepared for each symbol; all others are written parameter by parameter.
/// Nothing is allocated after the first use of a shape. One thread.
/// </summary>
internal sealed class OrderRequests
{
    /// <summary>The exchange checks it again just before matching, so an order cannot become live more than a second late.</summary>
    public const int RecvWindowMillis = 1_000;

    private const int Shapes = 32;

    private readonly byte[] _key;
    private readonly byte[][] _symbols;
    private readonly RequestSigner _signer;
    private readonly SignedRequest _request;
    private readonly OrderTemplate?[] _templates;
    private bool _prepared;

    public OrderRequests(ApiKey key, InstrumentTable instruments, RequestSigner signer)
    {
        _key = key.Key.ToArray();
        _symbols = [[], .. instruments.All.Select(instrument => Encoding.UTF8.GetBytes(instrument.Symbol))];
        _signer = signer;
        _request = new SignedRequest(signer);
        _templates = new OrderTemplate?[_symbols.Length * Shapes];
    }

    /// <summary>Whether requests carry key and signature; a session that is logged on needs neither.</summary>
    public Proof Proof { get; private set; } = Proof.Signature;

    /// <summary>Prepares the texts of the usual orders of every symbol. Allocates.</summary>
    public void Prepare(Proof proof)
    {
        if (_prepared && proof == Proof) return;
        _prepared = true;
        Proof = proof;
        Array.Clear(_templates);
        for (ushort symbol = 1; symbol < _symbols.Length; symbol++)
        {
            foreach (Side side in (Side[])[Side.Buy, Side.Sell])
            {
                foreach (TimeInForce time in (TimeInForce[])[TimeInForce.GoodTillCancel, TimeInForce.ImmediateOrCancel, TimeInForce.FillOrKill])
                    _ = Template(new SymbolId(symbol), side, OrderType.Limit, time);
                _ = Template(new SymbolId(symbol), side, OrderType.LimitMaker, TimeInForce.None);
                _ = Template(new SymbolId(symbol), side, OrderType.Market, TimeInForce.None);
            }
        }
    }

    public ReadOnlySpan<byte> Place(long id, in OrderIntent intent, in OrderTerms terms, SymbolId symbol, long unixMillis)
    {
        if (!terms.ArePlain || intent.Type is not (OrderType.Limit or OrderType.LimitMaker or OrderType.Market))
        {
            return Written(id, "order.place"u8, in intent, in terms, symbol, unixMillis);
        }
        OrderTemplate template = Template(symbol, intent.Side, intent.Type, intent.TimeInForce);
        OrderSlots slots = new() { RequestId = id, ClientId = intent.ClientId.Utf8, Price = intent.Price.Raw, Quantity = intent.Quantity.Raw, UnixMillis = unixMillis };
        return template.Render(in slots, _signer);
    }

    /// <summary>The same placement, written parameter by parameter: what the prepared texts are made from and compared with.</summary>
    public ReadOnlySpan<byte> Written(long id, ReadOnlySpan<byte> method, in OrderIntent intent, in OrderTerms terms, SymbolId symbol, long unixMillis)
    {
        _request.Begin(id, method, Proof);
        _request.Key(_key);
        Order(in intent, in terms, symbol, unixMillis);
        return _request.End();
    }

    public ReadOnlySpan<byte> CancelReplace(
        long id, ClientOrderId cancelled, ReplaceMode mode, in OrderIntent intent, in OrderTerms terms, SymbolId symbol, long unixMillis)
    {
        _request.Begin(id, "order.cancelReplace"u8, Proof);
        _request.Key(_key);
        _request.Text("cancelOrigClientOrderId"u8, cancelled.Utf8);
        _request.Text("cancelReplaceMode"u8, mode == ReplaceMode.AllowFailure ? "ALLOW_FAILURE"u8 : "STOP_ON_FAILURE"u8);
        Order(in intent, in terms, symbol, unixMillis);
        return _request.End();
    }

    public ReadOnlySpan<byte> Amend(long id, ClientOrderId order, Quantity quantity, SymbolId symbol, long unixMillis)
    {
        _request.Begin(id, "order.amend.keepPriority"u8, Proof);
        _request.Key(_key);
        _request.Text("newClientOrderId"u8, order.Utf8); // It keeps its name: otherwise the exchange would invent one.
        _request.Amount("newQty"u8, quantity.Raw);
        _request.Text("origClientOrderId"u8, order.Utf8);
        return About(symbol, unixMillis);
    }

    /// <summary>order.cancel, order.status.</summary>
    public ReadOnlySpan<byte> AboutOrder(long id, ReadOnlySpan<byte> method, ClientOrderId order, SymbolId symbol, long unixMillis)
    {
        _request.Begin(id, method, Proof);
        _request.Key(_key);
        _request.Text("origClientOrderId"u8, order.Utf8);
        return About(symbol, unixMillis);
    }

    public ReadOnlySpan<byte> CancelList(long id, ClientOrderId list, SymbolId symbol, long unixMillis)
    {
        _request.Begin(id, "orderList.cancel"u8, Proof);
        _request.Key(_key);
        _request.Text("listClientOrderId"u8, list.Utf8);
        return About(symbol, unixMillis);
    }

    /// <summary>openOrders.status (of all symbols where none is given), account.commission.</summary>
    public ReadOnlySpan<byte> AboutSymbol(long id, ReadOnlySpan<byte> method, SymbolId symbol, long unixMillis)
    {
        _request.Begin(id, method, Proof);
        _request.Key(_key);
        return About(symbol, unixMillis);
    }

    public ReadOnlySpan<byte> Account(long id, long unixMillis)
    {
        _request.Begin(id, "account.status"u8, Proof);
        _request.Key(_key);
        return About(SymbolId.None, unixMillis);
    }

    /// <summary>myTrades: of one order, from an id on, or (both negative) the newest.</summary>
    public ReadOnlySpan<byte> Trades(long id, SymbolId symbol, long orderId, long fromId, int limit, long unixMillis)
    {
        _request.Begin(id, "myTrades"u8, Proof);
        _request.Key(_key);
        if (orderId < 0 && fromId >= 0) _request.Number("fromId"u8, fromId);
        _request.Number("limit"u8, limit);
        if (orderId >= 0) _request.Number("orderId"u8, orderId);
        return About(symbol, unixMillis);
    }

    /// <summary>allOrders from an order id on.</summary>
    public ReadOnlySpan<byte> AllOrders(long id, SymbolId symbol, long fromOrderId, int limit, long unixMillis)
    {
        _request.Begin(id, "allOrders"u8, Proof);
        _request.Key(_key);
        _request.Number("limit"u8, limit);
        if (fromOrderId >= 0) _request.Number("orderId"u8, fromOrderId);
        return About(symbol, unixMillis);
    }

    /// <summary>session.logon and userDataStream.subscribe.signature: always with key and signature.</summary>
    public ReadOnlySpan<byte> Authenticate(long id, ReadOnlySpan<byte> method, long unixMillis)
    {
        _request.Begin(id, method);
        _request.Key(_key);
        return About(SymbolId.None, unixMillis);
    }

    /// <summary>userDataStream.subscribe, session.status: of a session that is logged on.</summary>
    public ReadOnlySpan<byte> Bare(long id, ReadOnlySpan<byte> method)
    {
        _request.Begin(id, method, Proof.None);
        return _request.End();
    }

    public ReadOnlySpan<byte> PlaceList(long id, in OrderListIntent list, SelfTradePrevention selfTrade, SymbolId symbol, long unixMillis)
    {
        bool hasWorking = !list.Working.ClientId.IsEmpty, hasBelow = !list.Below.ClientId.IsEmpty;
        _request.Begin(id, !hasWorking ? "orderList.place.oco"u8 : hasBelow ? "orderList.place.otoco"u8 : "orderList.place.oto"u8, Proof);
        if (!hasWorking) Leg("above"u8, in list.Above, list.AboveStop);
        _request.Key(_key);
        if (!hasWorking) Leg("below"u8, in list.Below, list.BelowStop);
        _request.Text("listClientOrderId"u8, list.ListId.Utf8);
        _request.Text("newOrderRespType"u8, "RESULT"u8);
        if (!hasWorking)
        {
            _request.Amount("quantity"u8, list.Above.Quantity.Raw);
        }
        else if (hasBelow)
        {
            Leg("pendingAbove"u8, in list.Above, list.AboveStop);
            Leg("pendingBelow"u8, in list.Below, list.BelowStop);
            _request.Amount("pendingQuantity"u8, list.Above.Quantity.Raw);
            _request.Text("pendingSide"u8, OrderText.Of(list.Above.Side));
        }
        else
        {
            Whole("pending"u8, in list.Above, list.AboveStop);
        }
        _request.Number("recvWindow"u8, RecvWindowMillis);
        _request.Text("selfTradePreventionMode"u8, OrderText.Of(selfTrade));
        if (!hasWorking) _request.Text("side"u8, OrderText.Of(list.Above.Side));
        _request.Text("symbol"u8, _symbols[symbol.Value]);
        _request.Number("timestamp"u8, unixMillis);
        if (hasWorking) Whole("working"u8, in list.Working, default);
        return _request.End();
    }

    /// <summary>A placement without its end: what a template is cut from.</summary>
    internal (byte[] Json, byte[] Payload) Sketch(in OrderIntent intent, SymbolId symbol, long unixMillis, Proof proof)
    {
        _request.Begin(0, "order.place"u8, proof);
        _request.Key(_key);
        Order(in intent, default, symbol, unixMillis);
        return _request.Snapshot();
    }

    private OrderTemplate Template(SymbolId symbol, Side side, OrderType type, TimeInForce timeInForce)
    {
        int shape = ((int)type << 3) | (type == OrderType.Limit ? (int)timeInForce << 1 : 0) | (side == Side.Buy ? 1 : 0);
        return _templates[(symbol.Value * Shapes) + shape] ??= OrderTemplate.Make(this, symbol, side, type, timeInForce, Proof);
    }

    private ReadOnlySpan<byte> About(SymbolId symbol, long unixMillis)
    {
        _request.Number("recvWindow"u8, RecvWindowMillis);
        if (!symbol.IsNone) _request.Text("symbol"u8, _symbols[symbol.Value]);
        _request.Number("timestamp"u8, unixMillis);
        return _request.End();
    }

    private void Order(in OrderIntent intent, in OrderTerms terms, SymbolId symbol, long unixMillis)
    {
        bool isLimit = IsLimit(intent.Type);
        if (!terms.IcebergQuantity.IsZero) _request.Amount("icebergQty"u8, terms.IcebergQuantity.Raw);
        _request.Text("newClientOrderId"u8, intent.ClientId.Utf8);
        _request.Text("newOrderRespType"u8, OrderText.Of(terms.Detail));
        if (isLimit) _request.Amount("price"u8, intent.Price.Raw);
        _request.Amount("quantity"u8, intent.Quantity.Raw);
        _request.Number("recvWindow"u8, RecvWindowMillis);
        _request.Text("selfTradePreventionMode"u8, OrderText.Of(terms.SelfTrade));
        _request.Text("side"u8, OrderText.Of(intent.Side));
        if (!terms.StopPrice.IsZero) _request.Amount("stopPrice"u8, terms.StopPrice.Raw);
        _request.Text("symbol"u8, _symbols[symbol.Value]);
        if (HasTime(intent.Type)) _request.Text("timeInForce"u8, OrderText.Of(intent.TimeInForce));
        _request.Number("timestamp"u8, unixMillis);
        if (terms.TrailingDelta > 0) _request.Number("trailingDelta"u8, terms.TrailingDelta);
        _request.Text("type"u8, OrderText.Of(intent.Type));
    }

    /// <summary>One of two legs that share side and quantity.</summary>
    private void Leg(ReadOnlySpan<byte> prefix, in OrderIntent leg, Price stop)
    {
        _request.Text(prefix, "ClientOrderId"u8, leg.ClientId.Utf8);
        if (IsLimit(leg.Type)) _request.Amount(prefix, "Price"u8, leg.Price.Raw);
        if (!stop.IsZero) _request.Amount(prefix, "StopPrice"u8, stop.Raw);
        if (HasTime(leg.Type)) _request.Text(prefix, "TimeInForce"u8, OrderText.Of(leg.TimeInForce));
        _request.Text(prefix, "Type"u8, OrderText.Of(leg.Type));
    }

    private void Whole(ReadOnlySpan<byte> prefix, in OrderIntent leg, Price stop)
    {
        _request.Text(prefix, "ClientOrderId"u8, leg.ClientId.Utf8);
        if (IsLimit(leg.Type)) _request.Amount(prefix, "Price"u8, leg.Price.Raw);
        _request.Amount(prefix, "Quantity"u8, leg.Quantity.Raw);
        _request.Text(prefix, "Side"u8, OrderText.Of(leg.Side));
        if (!stop.IsZero) _request.Amount(prefix, "StopPrice"u8, stop.Raw);
        if (HasTime(leg.Type)) _request.Text(prefix, "TimeInForce"u8, OrderText.Of(leg.TimeInForce));
        _request.Text(prefix, "Type"u8, OrderText.Of(leg.Type));
    }

    private static bool IsLimit(OrderType type) => type is OrderType.Limit or OrderType.LimitMaker or OrderType.StopLossLimit or OrderType.TakeProfitLimit;

    private static bool HasTime(OrderType type) => type is OrderType.Limit or OrderType.StopLossLimit or OrderType.TakeProfitLimit;
}
