using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Binance.Orders;

internal enum RequestKind : byte
{
    None = 0,
    Place = 1,
    Cancel = 2,
    Query = 3,
    Subscribe = 4,

    /// <summary>The fills of an order that a query told of: only they say what was paid for them.</summary>
    Trades = 5,
    Logon = 6,
    Replace = 7,
    Amend = 8,

    /// <summary>Checked by the exchange, and placed nowhere.</summary>
    Test = 9,
    PlaceList = 10,
    CancelList = 11,

    /// <summary>A question of a round about the account.</summary>
    RoundOrders = 12,
    RoundAccount = 13,
    RoundTrades = 14,

    /// <summary>Asked for by a person; the answer is handed out as it is.</summary>
    Raw = 15,
}

/// <summary>A request that left and what its answer will be about.</summary>
internal struct InFlightRequest
{
    public long Id;
    public long SentAt;
    public ClientOrderId ClientId;

    /// <summary>The order that a replacement cancels, or the list.</summary>
    public ClientOrderId OtherId;
    public long ExchangeOrderId;
    public Price Price;
    public Quantity Quantity;
    public SymbolId Symbol;
    public RequestKind Kind;
    public Side Side;
    public OrderType Type;
    public TimeInForce TimeInForce;

    /// <summary>It was reported as unknown already; its answer is still welcome.</summary>
    public bool IsOverdue;

    public void Describe(in OrderIntent intent, SymbolId symbol)
    {
        ClientId = intent.ClientId;
        Symbol = symbol;
        Price = intent.Price;
        Quantity = intent.Quantity;
        Side = intent.Side;
        Type = intent.Type;
        TimeInForce = intent.TimeInForce;
    }
}

/// <summary>The requests in flight, found by their id: a fixed table that the ids run around.</summary>
internal sealed class InFlightTable
{
    private const int Capacity = 256;

    private readonly InFlightRequest[] _requests = new InFlightRequest[Capacity];
    private readonly OrderListIntent[] _lists = new OrderListIntent[Capacity];
    private long _lastId;

    public Span<InFlightRequest> All => _requests;

    /// <summary>The order list that the request placed.</summary>
    public ref OrderListIntent List(long id) => ref _lists[id % Capacity];

    /// <summary>A place for the next request, with its id set. False: too many are unanswered.</summary>
    public bool TryAdd(RequestKind kind, long now, out long id)
    {
        id = _lastId + 1;
        ref InFlightRequest place = ref _requests[id % Capacity];
        // An overdue one has been reported; it makes room rather than stop us.
        if (place.Kind != RequestKind.None && !place.IsOverdue) return false;
        _lastId = id;
        place = default;
        place.Id = id;
        place.Kind = kind;
        place.SentAt = now;
        return true;
    }

    public ref InFlightRequest this[long id] => ref _requests[id % Capacity];

    /// <summary>Takes the request out. False: nobody asked that, or it was answered already.</summary>
    public bool TryTake(long id, out InFlightRequest request)
    {
        request = default;
        if (id <= 0) return false;
        ref InFlightRequest place = ref _requests[id % Capacity];
        if (place.Kind == RequestKind.None || place.Id != id) return false;
        request = place;
        place = default;
        return true;
    }
}
