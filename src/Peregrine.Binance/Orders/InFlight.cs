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
}

/// <summary>A request that left and what its answer will be about.</summary>
internal struct InFlightRequest
{
    public long Id;
    public long SentAt;
    public ClientOrderId ClientId;
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
}

/// <summary>The requests in flight, found by their id: a fixed table that the ids run around.</summary>
internal sealed class InFlightTable
{
    private const int Capacity = 256;

    private readonly InFlightRequest[] _requests = new InFlightRequest[Capacity];
    private long _lastId;

    public Span<InFlightRequest> All => _requests;

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
