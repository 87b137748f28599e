using System.Runtime.InteropServices;

using Peregrine.Binance.Orders;
using Peregrine.Binance.Rest;
using Peregrine.Binance.Streams;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Trading;
using Peregrine.MarketData;
using Peregrine.Strategy;
using Peregrine.Strategy.Features;

namespace Peregrine.Benchmarks.OrderPath;

/// <summary>How far a message is taken.</summary>
internal enum PathStage : byte
{
    /// <summary>Into the ring's slot.</summary>
    Decode = 0,

    /// <summary>The core takes the event in: book, trust, windows of the features.</summary>
    Book = 1,

    /// <summary>The features are read.</summary>
    Features = 2,
    Model = 3,
    Risk = 4,

    /// <summary>The request of a session that is logged on, which carries no signature.</summary>
    Text = 5,

    /// <summary>The request with key and HMAC signature: the whole way.</summary>
    Signature = 6,
}

/// <summary>
/// This program's order path without its sockets, through the classes that the appliance runs: decoder, ring, core (book, trust, features), model, the core's
/// risk gate, prepared order text, signature. Only the wish is simpler than any strategy's: an order for every message, on the side that the model thinks likelier.
/// </summary>
internal sealed class OwnOrderPath : IEventHandler, IDisposable
{
    private const int RingSlots = 65_536;
    private const int RingWords = 1 << 20;
    private const long TimerNanos = 1_000_000_000;

    private readonly MessageSession _session;
    private readonly InstrumentTable _instruments = new();
    private readonly Instrument _instrument;
    private readonly EventRing _ring;
    private readonly StreamDecoder _decoder;
    private readonly OnnxProbabilityModel _model;
    private readonly RequestSigner _signer;
    private readonly OrderRequests _requests;
    private readonly ClientOrderIds _ids = new(OrderPathTerms.BootNonce);
    private readonly DepthSnapshot _snapshot;
    private readonly float[] _probabilities = new float[3];
    private readonly Quantity _quantity = Quantity.Parse(OrderPathTerms.OrderQuantity);
    private TradingCore _core = null!;
    private SymbolTrading _symbol = null!;
    private PathStage _stage;
    private int _message;
    private int _orders;
    private ulong _sum;

    /// <param name="modelPath">A model with the features that the appliance has unless it is told otherwise.</param>
    public OwnOrderPath(MessageSession session, string modelPath)
    {
        _session = session;
        _instrument = _instruments.Add(new Instrument
        {
            Id = SymbolId.None, Symbol = session.Symbol, Market = Market.Spot, BaseAsset = "BTC", QuoteAsset = "USDT", IsTrading = true,
            Rules = new TradingRules { TickSize = Price.Parse("0.01"), StepSize = Quantity.Parse("0.00001"), MinQuantity = Quantity.Parse("0.00001"), MaxQuantity = Quantity.Parse("9000"), MinNotional = Notional.Parse("5") },
        });
        _ring = new EventRing(RingSlots, RingWords, 1, this);
        _decoder = new StreamDecoder(Market.Spot, new StreamTable(_instruments, ["depth@100ms", "bookTicker", "trade"]));
        _model = new OnnxProbabilityModel(modelPath, new FeatureSet(_instrument, new FeatureOptions()));
        ApiKey key = new(OrderPathTerms.ApiKey, OrderPathTerms.Secret);
        _signer = new RequestSigner(key);
        _requests = new OrderRequests(key, _instruments, _signer);
        if (!DepthSnapshot.TryRead(session.Snapshot, _instrument.Id, out DepthSnapshot? snapshot, out Refusal refusal)) throw new InvalidDataException($"The snapshot cannot be read: {refusal}.");
        _snapshot = snapshot!;
    }

    /// <summary>Orders that the gate let pass in the last run.</summary>
    public int Orders => _orders;

    /// <summary>What the last run made, in one number; depends on every order and signature.</summary>
    public ulong Sum => _sum;

    /// <summary>Where set, takes every order down (which allocates).</summary>
    public List<PlacedOrder>? Log { get; set; }

    /// <summary>A new core with an account that may trade; to be called before each <see cref="Play"/>. Allocates.</summary>
    public void Prepare(PathStage stage)
    {
        _stage = stage;
        _message = -1;
        _orders = 0;
        _sum = 0;
        _requests.Prepare(stage == PathStage.Text ? Proof.None : Proof.Signature);
        CoreSetup setup = new() { Trades = true, Streams = [EventKind.DepthDiff.Text(), EventKind.BookTicker.Text(), EventKind.Trade.Text()] };
        _core = setup.CreateCore(_instruments, model: null, _ring);
        _symbol = _core[_instrument.Id];
        long nanos = _session.Nanos[0];
        Append(new MarketEvent { Kind = EventKind.Session, Plain = new PlainFields { A = 1, C = 1 } }, nanos);
        Append(LineEvent.Of(1, isUp: true, nanos), nanos);
        Append(new MarketEvent { Kind = EventKind.Line, Plain = new PlainFields { A = TradingCore.OrderLine, B = 1 } }, nanos);
        PositionRecord position = new() { Quantity = Quantity.Parse(OrderPathTerms.HeldQuantity) };
        Append(new MarketEvent { Kind = EventKind.Position, Symbol = _instrument.Id }, nanos, Payload.Of(ref position));
        BalanceUpdate balance = new() { Asset = AssetCode.Create("USDT"), FreeUnits = Notional.Parse(OrderPathTerms.FreeQuote).ToUnits() };
        Append(new MarketEvent { Kind = EventKind.Balance }, nanos, Payload.Of(ref balance));
    }

    /// <summary>Takes every message of the session as far as the stage says. Allocates nothing.</summary>
    public void Play()
    {
        long nextTimer = _session.Nanos[0] + TimerNanos;
        for (int i = 0; i < _session.Count; i++)
        {
            long nanos = _session.Nanos[i];
            if (nanos >= nextTimer) nextTimer = PassTime(nextTimer, nanos);
            if (i == _session.SnapshotAt) Synchronise(nanos);
            _message = i;
            if (!_decoder.DecodeInPlace(_session[i], _ring, nanos).IsEvent) throw new InvalidOperationException($"Message {i} of the session is no event.");
            _ring.Publish();
        }
    }

    /// <inheritdoc/>
    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        if (_stage == PathStage.Decode || entry.Kind.IsOutput()) return;
        _core.OnEvent(sequence, in entry, payload);
        if (_stage == PathStage.Book || _message < 0) return;
        Decide(in entry);
    }

    public void Dispose() => _signer.Dispose();

    private void Decide(in MarketEvent entry)
    {
        ReadOnlySpan<float> features = _symbol.State.Features.Values;
        if (_stage == PathStage.Features)
        {
            _sum += MemoryMarshal.Cast<float, uint>(features)[0];
            return;
        }
        if (!_model.Predict(features, _probabilities)) return;
        _symbol.State.Model = new ModelOutput(entry.ReceiveTimeNanos, _probabilities[0], _probabilities[1], _probabilities[2], 0);
        Side side = _probabilities[2] >= _probabilities[0] ? Side.Buy : Side.Sell;
        if (_stage == PathStage.Model)
        {
            _sum += (ulong)side;
            return;
        }
        SymbolBook book = _symbol.State.Book;
        Price price = side == Side.Buy ? book.BestAsk.Price : book.BestBid.Price;
        NewOrder order = new(_instrument.Id, side, OrderType.Limit, TimeInForce.ImmediateOrCancel, price, _quantity, 1);
        if (_core.Check(in order) != RiskVerdict.Approved) return;
        _orders++;
        if (_stage >= PathStage.Text) Place(in order, entry.ReceiveTimeNanos);
    }

    private void Place(in NewOrder order, long nanos)
    {
        OrderIntent intent = default; // Filled where it lies: a copy would have to wait for its fields.
        _ids.Create(_orders, out intent.ClientId);
        intent.Price = order.Price;
        intent.Quantity = order.Quantity;
        intent.StrategyId = 1;
        (intent.Side, intent.Type, intent.TimeInForce) = (order.Side, order.Type, order.TimeInForce);
        ReadOnlySpan<byte> request = _requests.Place(_orders, in intent, default, _instrument.Id, nanos / 1_000_000);
        if (_stage == PathStage.Text)
        {
            _sum += request[^3];
            return;
        }
        ulong signature = MemoryMarshal.Read<ulong>(request[^(RequestSigner.SignatureLength + 3)..]); // Before "}}.
        _sum = Mix(_sum, order.Side, order.Price.Raw, order.Quantity.Raw, signature);
        Log?.Add(new PlacedOrder(_message, order.Side, order.Price.Raw, order.Quantity.Raw, signature, _probabilities[2]));
    }

    /// <summary>One number out of many orders, the same for whoever made them.</summary>
    public static ulong Mix(ulong sum, Side side, long price, long quantity, ulong signature) =>
        (((sum * 31) + (ulong)price + ((ulong)quantity << 1) + (ulong)side) * 31) + signature;

    private long PassTime(long timer, long nanos)
    {
        int message = _message;
        _message = -1; // A timer is no message: nothing is ordered on it.
        for (; nanos >= timer; timer += TimerNanos) Append(new MarketEvent { Kind = EventKind.Timer, Plain = new PlainFields { A = timer } }, timer);
        _message = message;
        Forget();
        return timer;
    }

    private void Synchronise(long nanos)
    {
        int message = _message;
        _message = -1;
        _snapshot.Publish(_ring, nanos);
        _message = message;
        Forget();
    }

    /// <summary>What the core asks a shell for (a snapshot, a new connection) nobody does here.</summary>
    private void Forget()
    {
        while (_core.Requests.TryDequeue(out _)) { }
    }

    private void Append(MarketEvent entry, long nanos, ReadOnlySpan<long> payload = default)
    {
        entry.ReceiveTimeNanos = nanos;
        _ring.Append(in entry, payload);
    }
}
