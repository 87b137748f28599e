using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

using Peregrine.Benchmarks.Feed.Decoding;
using Peregrine.Binance.Orders;
using Peregrine.Common;

namespace Peregrine.Benchmarks.OrderPath;

/// <summary>
/// The same work in the usual C# shape: System.Text.Json into classes with decimals, a book of two sorted dictionaries, the same features and model written
/// plainly, limits in decimals, the request as an interpolated string, <see cref="HMACSHA256"/>'s one-shot hash, and its hexadecimal text.
/// </summary>
internal sealed class PlainOrderPath
{
    private const decimal MaxOrderValue = 1_000;
    private const decimal MaxPositionValue = 5_000;
    private const decimal Collar = 0.005m;
    private const decimal Tick = 0.01m;
    private const decimal Step = 0.00001m;
    private const decimal MinValue = 5;
    private const long MaxDataAgeNanos = 3_000_000_000;

    private static readonly SerializerMessages Json = SerializerMessages.Default;

    private readonly MessageSession _session;
    private readonly PlainModel _model;
    private readonly byte[] _secret = Encoding.ASCII.GetBytes(OrderPathTerms.Secret);
    private readonly decimal _quantity = decimal.Parse(OrderPathTerms.OrderQuantity, CultureInfo.InvariantCulture);
    private readonly decimal _position = decimal.Parse(OrderPathTerms.HeldQuantity, CultureInfo.InvariantCulture);
    private readonly decimal _freeQuote = decimal.Parse(OrderPathTerms.FreeQuote, CultureInfo.InvariantCulture);
    private SortedDictionary<decimal, decimal> _bids = [];
    private SortedDictionary<decimal, decimal> _asks = [];
    private List<DiffMessage> _waiting = [];
    private PlainFeatures _features = new();
    private bool _isLive;
    private long _lastUpdateId;
    private long _bookNanos;

    public PlainOrderPath(MessageSession session, string modelPath)
    {
        _session = session;
        _model = new PlainModel(modelPath);
    }

    /// <inheritdoc cref="OwnOrderPath.Orders"/>
    public int Orders { get; private set; }

    /// <inheritdoc cref="OwnOrderPath.Sum"/>
    public ulong Sum { get; private set; }

    /// <inheritdoc cref="OwnOrderPath.Log"/>
    public List<PlacedOrder>? Log { get; set; }

    /// <summary>Begins anew.</summary>
    public void Prepare()
    {
        _bids = new SortedDictionary<decimal, decimal>(Comparer<decimal>.Create(static (left, right) => right.CompareTo(left)));
        _asks = [];
        _waiting = [];
        _features = new PlainFeatures();
        _isLive = false;
        _lastUpdateId = 0;
        Orders = 0;
        Sum = 0;
    }

    /// <summary>An order for every message of the session.</summary>
    public void Play()
    {
        for (int i = 0; i < _session.Count; i++)
        {
            if (i == _session.SnapshotAt) OnSnapshot(JsonSerializer.Deserialize(_session.Snapshot, Json.PartialBookMessage)!);
            OnMessage(_session[i], _session.Nanos[i]);
            Decide(i, _session.Nanos[i]);
        }
    }

    private void OnMessage(ReadOnlySpan<byte> message, long nanos)
    {
        _features.PassTime(nanos);
        ReadOnlySpan<byte> head = message[..60];
        if (head.IndexOf("@bookTicker\""u8) >= 0)
        {
            _ = JsonSerializer.Deserialize(message, Json.CombinedTickerMessage)!.Data;
            _bookNanos = nanos;
        }
        else if (head.IndexOf("@trade\""u8) >= 0)
        {
            TradeMessage trade = JsonSerializer.Deserialize(message, Json.CombinedTradeMessage)!.Data;
            _features.OnTrade(trade.Price, trade.Quantity, !trade.BuyerIsMaker);
        }
        else
        {
            _bookNanos = nanos;
            OnDiff(JsonSerializer.Deserialize(message, Json.CombinedDiffMessage)!.Data);
        }
    }

    private void OnSnapshot(PartialBookMessage snapshot)
    {
        foreach (List<decimal> level in snapshot.Bids) _bids[level[0]] = level[1];
        foreach (List<decimal> level in snapshot.Asks) _asks[level[0]] = level[1];
        _lastUpdateId = snapshot.LastUpdateId;
        _isLive = true;
        foreach (DiffMessage diff in _waiting) Apply(diff);
        _features.OnBook(_bids.First().Key, _asks.First().Key);
    }

    private void OnDiff(DiffMessage diff)
    {
        if (!_isLive) _waiting.Add(diff);
        else Apply(diff);
        if (_isLive) _features.OnBook(_bids.First().Key, _asks.First().Key);
    }

    private void Apply(DiffMessage diff)
    {
        if (diff.FinalUpdateId <= _lastUpdateId) return;
        Apply(_bids, diff.Bids);
        Apply(_asks, diff.Asks);
        _lastUpdateId = diff.FinalUpdateId;
    }

    private static void Apply(SortedDictionary<decimal, decimal> side, List<List<decimal>> levels)
    {
        foreach (List<decimal> level in levels)
        {
            if (level[1] == 0) side.Remove(level[0]);
            else side[level[0]] = level[1];
        }
    }

    private void Decide(int message, long nanos)
    {
        if (!_isLive || _bids.Count == 0 || _asks.Count == 0) return;
        float[] probabilities = _model.Predict(_features.Values(_bids, _asks));
        bool buys = probabilities[2] >= probabilities[0];
        decimal bid = _bids.First().Key, ask = _asks.First().Key;
        decimal price = buys ? ask : bid;
        if (!MayPlace(buys, price, bid, ask, nanos)) return;
        Orders++;
        Place(message, buys, price, nanos, probabilities[2]);
    }

    private bool MayPlace(bool buys, decimal price, decimal bid, decimal ask, long nanos)
    {
        decimal value = price * _quantity;
        bool reduces = !buys && _quantity <= _position;
        if (bid <= 0 || ask <= bid || nanos - _bookNanos > MaxDataAgeNanos) return false;
        if (price % Tick != 0 || _quantity % Step != 0 || value < MinValue) return false;
        decimal mid = (bid + ask) / 2;
        if (Math.Abs(price - mid) > mid * Collar) return false;
        if (!reduces && (value > MaxOrderValue || price * (_position + _quantity) > MaxPositionValue)) return false;
        return buys ? value <= _freeQuote : reduces;
    }

    private void Place(int message, bool buys, decimal price, long nanos, float up)
    {
        string side = buys ? "BUY" : "SELL";
        string query = string.Create(CultureInfo.InvariantCulture,
            $"apiKey={OrderPathTerms.ApiKey}&newClientOrderId=pg-{OrderPathTerms.BootNonce:x16}-{Orders}&newOrderRespType=RESULT&price={price:0.########}&quantity={_quantity:0.########}&recvWindow=1000&selfTradePreventionMode=EXPIRE_TAKER&side={side}&symbol={_session.Symbol}&timeInForce=IOC&timestamp={nanos / 1_000_000}&type=LIMIT");
        string signature = Convert.ToHexStringLower(HMACSHA256.HashData(_secret, Encoding.ASCII.GetBytes(query)));
        string request = query + "&signature=" + signature;
        ulong signed = MemoryMarshal.Read<ulong>(Encoding.ASCII.GetBytes(request).AsSpan()[^RequestSigner.SignatureLength..]);
        (long priceUnits, long quantityUnits) = ((long)(price * FixedPoint.One), (long)(_quantity * FixedPoint.One));
        Side which = buys ? Side.Buy : Side.Sell;
        Sum = OwnOrderPath.Mix(Sum, which, priceUnits, quantityUnits, signed);
        Log?.Add(new PlacedOrder(message, which, priceUnits, quantityUnits, signed, up));
    }
}
