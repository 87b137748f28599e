using Peregrine.Common;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Replay;

/// <summary>A replayed symbol: the exchange's own book of it, what the recording says next, and how our orders fill.</summary>
internal sealed class ReplaySymbol : MarketSymbol
{
    private readonly Queue<int> _snapshots = new();
    private readonly List<int> _sentDiffs = [];
    private bool _hasSentDiff;
    private byte[] _markPrice = [];

    public ReplaySymbol(Instrument instrument, StreamChannel diffs)
        : base(instrument)
    {
        Diffs = diffs;
        Fills = new SymbolFills(instrument.Rules.StepSize.Raw, Book);
    }

    public StreamChannel Diffs { get; }
    public LevelBook Book { get; } = new();
    public SymbolFills Fills { get; }

    /// <summary>Whether the book is built: a snapshot was passed.</summary>
    public bool HasBook { get; private set; }

    public long UpdateId { get; private set; }

    /// <summary>Whether anybody asked for a snapshot yet.</summary>
    public bool IsFetched { get; set; }

    /// <summary>Whether the replay stood still once for a fetch; it does not do so again.</summary>
    public bool WasWaitedFor { get; set; }

    public bool HasTicker { get; set; }

    /// <summary>The line of the snapshot that the recording has next; -1 for none.</summary>
    public int NextSnapshot => _snapshots.TryPeek(out int line) ? line : -1;

    public void Expect(int line) => _snapshots.Enqueue(line);

    /// <summary>
    /// Whether the replay should stand still before a line of this kind until somebody fetches a snapshot. Subscribers ask for one when they have their first
    /// diff: so at the recorded snapshot if diffs were sent before it, and otherwise behind the first diff after it.
    /// </summary>
    public bool WaitsForFetch(LineKind kind) =>
        _hasSentDiff && !IsFetched && !WasWaitedFor && Diffs.IsWanted && (kind == LineKind.Snapshot || (kind == LineKind.DepthDiff && HasBook));

    /// <summary>A diff was sent. Until there is a book it is remembered.</summary>
    public void OnDiff(Recording recording, int line)
    {
        _hasSentDiff = true;
        if (!HasBook)
        {
            _sentDiffs.Add(line);
            return;
        }
        Apply(recording.Payload(recording.Lines[line]));
        Fills.OnBook(HasTicker);
    }

    /// <summary>The replay passes a recorded snapshot: the first one is where the book begins.</summary>
    public void OnSnapshot(Recording recording, int line)
    {
        _snapshots.Dequeue();
        if (HasBook) return;
        ReadOnlySpan<byte> payload = recording.Payload(recording.Lines[line]);
        PayloadScanner.TryNumber(payload, "\"lastUpdateId\""u8, out long id);
        UpdateId = id;
        PayloadScanner.ReadLevels(payload, "\"bids\""u8, Book, Side.Buy);
        PayloadScanner.ReadLevels(payload, "\"asks\""u8, Book, Side.Sell);
        HasBook = true;
        foreach (int sent in _sentDiffs) Apply(recording.Payload(recording.Lines[sent]));
        _sentDiffs.Clear();
        Fills.OnBook(HasTicker);
    }

    public void OnTicker(ReadOnlySpan<byte> payload)
    {
        HasTicker = true;
        if (PayloadScanner.TryDecimal(payload, "\"b\""u8, out long bid) && PayloadScanner.TryDecimal(payload, "\"B\""u8, out long bidQuantity)
            && PayloadScanner.TryDecimal(payload, "\"a\""u8, out long ask) && PayloadScanner.TryDecimal(payload, "\"A\""u8, out long askQuantity))
            Fills.OnBest(bid, bidQuantity, ask, askQuantity);
    }

    public void OnMarkPrice(ReadOnlySpan<byte> payload) => _markPrice = payload.ToArray();

    /// <summary>The last recorded mark price as REST shows it; false before the first.</summary>
    public bool TryWritePremium(WireWriter writer)
    {
        if (!PayloadScanner.TryDecimal(_markPrice, "\"p\""u8, out long mark) || !PayloadScanner.TryDecimal(_markPrice, "\"i\""u8, out long index)
            || !PayloadScanner.TryNumber(_markPrice, "\"T\""u8, out long next) || !PayloadScanner.TryNumber(_markPrice, "\"E\""u8, out long time)) return false;
        PayloadScanner.TryDecimal(_markPrice, "\"P\""u8, out long settle);
        PayloadScanner.TryDecimal(_markPrice, "\"r\""u8, out long rate);
        writer.Raw("{\"symbol\":"u8).Text(Name).Raw(",\"markPrice\":"u8).Decimal(mark).Raw(",\"indexPrice\":"u8).Decimal(index)
            .Raw(",\"estimatedSettlePrice\":"u8).Decimal(settle).Raw(",\"lastFundingRate\":"u8).Decimal(rate)
            .Raw(",\"interestRate\":\"0.00010000\",\"nextFundingTime\":"u8).Number(next).Raw(",\"time\":"u8).Number(time).Raw("}"u8);
        return true;
    }

    public void OnTrade(ReadOnlySpan<byte> payload)
    {
        if (!PayloadScanner.TryDecimal(payload, "\"p\""u8, out long price) || !PayloadScanner.TryDecimal(payload, "\"q\""u8, out long quantity) || quantity == 0
            || !PayloadScanner.TryNumber(payload, "\"t\""u8, out long id) || !PayloadScanner.TryNumber(payload, "\"T\""u8, out long millis)) return;
        ReadOnlySpan<byte> origin = PayloadScanner.After(payload, "\"X\""u8);
        if (!origin.IsEmpty && !origin.StartsWith("\"MARKET\""u8)) return; // An insurance fund's trade is off the market.
        bool buyerIsMaker = PayloadScanner.IsTrue(payload, "\"m\""u8);
        AddTrade(new TapeTrade(id, price, quantity, millis * 1_000, buyerIsMaker));
        Fills.OnTrade(price, quantity, buyerIsMaker);
    }

    /// <summary>The book as REST shows it.</summary>
    public void WriteBook(int limit, long nowMillis, WireWriter writer)
    {
        writer.Raw("{\"lastUpdateId\":"u8).Number(UpdateId);
        if (!IsSpot) writer.Raw(",\"E\":"u8).Number(nowMillis).Raw(",\"T\":"u8).Number(nowMillis);
        writer.Raw(",\"bids\":["u8);
        for (int rank = 0; rank < Math.Min(limit, Book.Count(Side.Buy)); rank++) WriteLevel(Side.Buy, rank, writer);
        writer.Raw("],\"asks\":["u8);
        for (int rank = 0; rank < Math.Min(limit, Book.Count(Side.Sell)); rank++) WriteLevel(Side.Sell, rank, writer);
        writer.Raw("]}"u8);
    }

    private void WriteLevel(Side side, int rank, WireWriter writer)
    {
        (long price, long quantity) = Book.At(side, rank);
        MarketWire.Level(writer, this, price, quantity);
    }

    private void Apply(ReadOnlySpan<byte> payload)
    {
        if (!PayloadScanner.TryNumber(payload, "\"u\""u8, out long last) || last <= UpdateId) return;
        PayloadScanner.ReadLevels(payload, "\"b\""u8, Book, Side.Buy);
        PayloadScanner.ReadLevels(payload, "\"a\""u8, Book, Side.Sell);
        UpdateId = last;
    }
}
