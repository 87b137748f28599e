using Peregrine.Binance.Rest;
using Peregrine.Binance.Streams;
using Peregrine.Binance.Wire;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution.Trading;
using Peregrine.MarketData;
using Peregrine.Research.Replay;
using Peregrine.Simulator;
using Peregrine.Strategy;
using Peregrine.Strategy.Features;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>The core over recorded bytes, decoded by the real decoder, with paper fills: same decisions every time, and not a byte allocated for them.</summary>
public sealed class DeterminismTests(ITestOutputHelper output)
{
    [Fact]
    public void Two_runs_over_the_same_recording_decide_the_same_to_the_last_byte()
    {
        string? path = Repository.Shared("data/raw-ws/spot/btcusdt_20240808.gz");
        Assert.SkipWhen(path is null, "the recordings are not beside the project");
        using RecordedRun first = new(path);
        using RecordedRun second = new(path);
        first.Play(int.MaxValue);
        second.Play(int.MaxValue);
        output.WriteLine($"{first.Log.Count} outputs, {first.Core.Orders.Placed} orders, {first.Core.Fills} fills, log {first.Log.Hash}");
        Assert.True(first.Core.Orders.Placed > 10 && first.Core.Fills > 5, "the run must decide something to prove anything");
        Assert.Equal(first.Log.Hash, second.Log.Hash);
        Assert.True(first.LogBytes.SequenceEqual(second.LogBytes));
    }

    [Fact]
    public void Bytes_become_decisions_without_allocating()
    {
        string? path = Repository.Shared("data/raw-ws/spot/btcusdt_20240808.gz");
        Assert.SkipWhen(path is null, "the recordings are not beside the project");
        using RecordedRun run = new(path, isReady: false); // The gate refuses every order, so the book, the features, the model and the gate are what runs.
        run.Play(15_000); // Loads the code and grows the book to its size.
        long before = GC.GetAllocatedBytesForCurrentThread();
        int events = run.Play(int.MaxValue);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        output.WriteLine($"{allocated} bytes over {events:N0} events");
        Assert.True(events > 20_000);
        Assert.True(run.Core.Refusals > 100, "the model must have wanted something");
        Allocation.AssertNone(allocated);
    }

    /// <summary>Decoder, ring, core and paper fills over one recording, with the recorded receive times for a clock.</summary>
    private sealed class RecordedRun : IEventHandler, IDisposable
    {
        private readonly (long Nanos, byte[] Message)[] _messages;
        private readonly EventRing _ring;
        private readonly StreamDecoder _decoder;
        private readonly RecordedTime _time = new();
        private readonly PaperVenue? _venue;
        private readonly Instrument _instrument;
        private readonly MemoryStream _bytes = new();
        private readonly byte[] _buffer = GC.AllocateArray<byte>((1 << 20) + (2 * WireLine.SlackAfter), pinned: true);
        private long _nextTimer;
        private int _next;

        public RecordedRun(string path, bool isReady = true)
        {
            _messages = [.. RawRecording.Messages(path)];
            InstrumentTable instruments = new();
            _instrument = instruments.Add(new Instrument
            {
                Id = SymbolId.None, Symbol = "BTCUSDT", Market = Market.Spot, BaseAsset = "BTC", QuoteAsset = "USDT", IsTrading = true,
                Rules = new TradingRules { TickSize = Price.Parse("0.01"), StepSize = Quantity.Parse("0.00001"), MinQuantity = Quantity.Parse("0.00001"), MinNotional = Notional.Parse("5") },
            });
            _ring = new EventRing(65_536, 1 << 20, 1, this);
            _decoder = new StreamDecoder(Market.Spot, new StreamTable(instruments, ["depth@100ms", "bookTicker", "trade"]));
            Log = new DecisionLog(isReady ? _bytes : null);
            CoreSetup setup = new() { Trades = true, EnterProbability = 0.55, ExitProbability = 0.45, HoldingMillis = 3_000, PositionValue = "500", Streams = [EventKind.DepthDiff.Text(), EventKind.BookTicker.Text(), EventKind.Trade.Text()] };
            FeatureSet features = new(_instrument, setup.Features());
            float[] weights = new float[3 * features.Names.Count];
            // A plain wish to follow the imbalance: enough to trade often.
            int imbalance = features.Names.ToList().IndexOf("imbalance_5");
            weights[imbalance] = -4;
            weights[(2 * features.Names.Count) + imbalance] = 4;
            Core = setup.CreateCore(instruments, new LogisticModel(features.SchemaHash, weights, new float[3]), Log);
            if (isReady) _venue = new PaperVenue(new PaperVenueOptions(), OnReport, null, _time);
            Append(new MarketEvent { Kind = EventKind.Session, Plain = new PlainFields { A = 42 } });
            _nextTimer = _messages[0].Nanos + 1_000_000_000;
            MarketEvent up = LineEvent.Of(1, isUp: true, 0);
            Append(up);
            Append(new MarketEvent { Kind = EventKind.Line, Plain = new PlainFields { A = TradingCore.OrderLine, B = isReady ? 1 : 0 } });
        }

        public TradingCore Core { get; }
        public DecisionLog Log { get; }
        public ReadOnlySpan<byte> LogBytes => _bytes.GetBuffer().AsSpan(0, (int)_bytes.Length);

        public int Play(int messages)
        {
            int published = 0;
            for (; _next < _messages.Length && messages > 0; _next++, messages--)
            {
                (long nanos, byte[] message) = _messages[_next];
                _time.Nanos = nanos;
                if (message.AsSpan().StartsWith("{\"lastUpdateId\""u8))
                {
                    Assert.True(DepthSnapshot.TryRead(message, _instrument.Id, out DepthSnapshot? snapshot, out _));
                    snapshot!.Publish(_ring, nanos);
                    continue;
                }
                for (; nanos >= _nextTimer; _nextTimer += 1_000_000_000) Append(new MarketEvent { Kind = EventKind.Timer, Plain = new PlainFields { A = _nextTimer } }, _nextTimer);
                message.CopyTo(_buffer.AsSpan(WireLine.SlackAfter));
                if (_decoder.DecodeInPlace(_buffer.AsSpan(WireLine.SlackAfter, message.Length), _ring, nanos).Outcome != DecodeOutcome.Event) continue;
                _ring.Publish();
                published++;
            }
            return published;
        }

        public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
        {
            Core.OnEvent(sequence, in entry, payload);
            if (_venue is null) return;
            if (entry.Kind == EventKind.BookTicker) _venue.OnBestPrices(entry.Symbol, entry.Ticker.BidPrice, entry.Ticker.BidQuantity, entry.Ticker.AskPrice, entry.Ticker.AskQuantity);
            if (entry.Kind == EventKind.Trade) _venue.OnTrade(entry.Symbol, entry.Trade.Price, entry.Trade.Quantity, (entry.Flags & EventFlags.BuyerIsMaker) != 0);
            if (entry.Kind == EventKind.OrderReport) return; // Inside the loop below already.
            while (Core.Requests.TryDequeue(out CoreRequest request))
                if (request.Kind == CoreRequestKind.Place) _venue.Place(in request.Intent, _instrument);
        }

        public void Dispose()
        {
            Log.Dispose();
            _bytes.Dispose();
        }

        private void OnReport(Instrument instrument, in OrderReport report)
        {
            OrderReport copy = report;
            MarketEvent entry = new() { Kind = EventKind.OrderReport, Symbol = instrument.Id, ReceiveTimeNanos = _time.Nanos };
            _ring.Append(in entry, Payload.Of(ref copy));
        }

        private void Append(MarketEvent entry, long nanos = 0)
        {
            entry.ReceiveTimeNanos = nanos == 0 ? _messages[0].Nanos : nanos;
            _ring.Append(in entry, default);
        }
    }

    private sealed class RecordedTime : TimeProvider
    {
        public long Nanos { get; set; }
        public override DateTimeOffset GetUtcNow() => EpochClock.FromNanos(Nanos);
    }
}
