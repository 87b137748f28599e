using System.Buffers;
using System.Text.Json;

using Peregrine.App.Configuration;
using Peregrine.App.Safety;
using Peregrine.Common;
using Peregrine.Common.Events;
using Peregrine.Common.Orders;
using Peregrine.Execution;
using Peregrine.Execution.Orders;
using Peregrine.Execution.Risk;
using Peregrine.Kernel;
using Peregrine.MarketData;
using Peregrine.Storage;

namespace Peregrine.App.Appliance;

/// <summary>Publishes the appliance's state a few times a second for other processes to look at. Listens from the side; in steady state it allocates next to nothing.</summary>
internal sealed class Monitor : IActor, IDisposable
{
    private const int OneShotsMax = 50;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    private readonly MonitorParts _parts;
    private readonly ArrayBufferWriter<byte> _text = new(64 * 1024);
    private readonly Utf8JsonWriter _json;
    private readonly StatusBoardWriter _board;
    private readonly ActorStatus[] _actors = new ActorStatus[16];
    private readonly Action _write;
    private readonly Action _copySafety;
    private KillLevel _level;
    private HaltReason _reason;
    private RiskMemory _risk;
    private long _copies;
    private long _lastCopies;
    private readonly long _started;
    private long _next;
    private long _lastEvents;
    private long _lastStamp;
    private long _nextSnapshot;
    private SupervisorSnapshot? _snapshot;
    private double _eventsPerSecond;

    public Monitor(MonitorParts parts)
    {
        _parts = parts;
        _json = new Utf8JsonWriter(_text);
        _board = new StatusBoardWriter(parts.BoardPath, 256 * 1024);
        _write = Write;
        _copySafety = CopySafety;
        _started = parts.Started;
        _lastStamp = parts.Time.GetTimestamp();
    }

    /// <inheritdoc/>
    public bool Turn()
    {
        long now = _parts.Time.GetTimestamp();
        if (now < _next) return false;
        _next = now + (long)(Every.TotalSeconds * _parts.Time.TimestampFrequency);
        Publish();
        return true;
    }

    public void Dispose()
    {
        Publish();
        _board.Dispose();
        _json.Dispose();
    }

    private void Publish()
    {
        _parts.Status.Read(_write);
        _board.Publish(_text.WrittenSpan);
        if (_parts.Options.Mode != RunMode.Record) KeepSafe();
    }

    /// <summary>Latches what the core decided, passes on what a person left in the folder, keeps the day's result, and beats for the guard while the trader moves.</summary>
    private void KeepSafe()
    {
        ShardStatus status = _parts.Status;
        status.Read(_copySafety);
        _parts.Safety.Synchronise(_level, _reason);
        if (_parts.Options.Mode != RunMode.Live) return;
        _parts.Home.Risk.Write(in _risk);
        if (_copies == _lastCopies) return;
        _lastCopies = _copies;
        _parts.Home.Heartbeat.Beat(_parts.Time.GetUtcNow());
    }

    private void CopySafety()
    {
        ShardStatus status = _parts.Status;
        (_level, _reason, _risk, _copies) = (status.Level, status.Reason, status.Risk, status.Copies);
    }

    private void Write()
    {
        ShardStatus status = _parts.Status;
        _text.ResetWrittenCount();
        _json.Reset(_text);
        _json.WriteStartObject();
        _json.WriteString("time"u8, _parts.Time.GetUtcNow());
        _json.WriteString("mode"u8, _parts.Options.Mode switch { RunMode.Live => "live"u8, RunMode.Paper => "paper"u8, _ => "record"u8 });
        if (_parts.Options.ObserveOnly) _json.WriteString("state"u8, "OBSERVE_ONLY"u8);
        else _json.WriteString("state"u8, status.State switch { Execution.Risk.TradingState.Active => "ACTIVE"u8, Execution.Risk.TradingState.ReduceOnly => "REDUCE_ONLY"u8, _ => "HALTED"u8 });
        _json.WriteNumber("uptimeSeconds"u8, Math.Round(_parts.Time.GetElapsedTime(_started).TotalSeconds, 1));
        WriteRate(status);
        WriteKinds("events"u8, status.Events);
        WriteKinds("recorded"u8, _parts.Recorder.RecordedByKind);
        _json.WriteNumber("lagged"u8, _parts.Recorder.LaggedEvents);
        _json.WriteNumber("gaps"u8, status.Gaps);
        FeedStatus feed = _parts.Shard.Lines?.Feed.Status ?? default;
        _json.WriteNumber("refused"u8, feed.Refused);
        _json.WriteStartObject("latency"u8);
        LatencyHistogram latency = _parts.Shard.OrderLatency.Count > 0 ? _parts.Shard.OrderLatency : _parts.Shard.EventLatency;
        _json.WriteNumber("p50"u8, Micros(latency, 0.5));
        _json.WriteNumber("p99"u8, Micros(latency, 0.99));
        _json.WriteNumber("p999"u8, Micros(latency, 0.999));
        _json.WriteEndObject();
        _json.WriteNumber("allocatedPerEvent"u8, Math.Round(status.AllocatedPerEvent, 3));
        _json.WriteNumber("rss"u8, Environment.WorkingSet);
        WriteAccount(status);
        WriteSafety(status);
        WriteModel();
        WriteSymbols(status);
        WriteOrders(status);
        WriteActors();
        WriteOneShots();
        WriteLines(feed);
        WriteMessages();
        _json.WriteEndObject();
        _json.Flush();
    }

    private void WriteRate(ShardStatus status)
    {
        long events = 0;
        foreach (long kind in status.Events) events += kind;
        long now = _parts.Time.GetTimestamp();
        double seconds = (now - _lastStamp) / (double)_parts.Time.TimestampFrequency;
        if (seconds >= 0.9)
        {
            _eventsPerSecond = (events - _lastEvents) / seconds;
            _lastEvents = events;
            _lastStamp = now;
        }
        _json.WriteNumber("eventsPerSecond"u8, Math.Round(_eventsPerSecond));
    }

    private void WriteKinds(ReadOnlySpan<byte> name, ReadOnlySpan<long> counts)
    {
        _json.WriteStartObject(name);
        foreach (EventKind kind in EventKinds.All)
            if (counts[(int)kind] > 0) _json.WriteNumber(kind.Text(), counts[(int)kind]);
        _json.WriteEndObject();
    }

    private void WriteAccount(ShardStatus status)
    {
        Notional realised = Notional.Zero, unrealised = Notional.Zero, fees = Notional.Zero;
        foreach (ShardStatus.SymbolNumbers symbol in status.Symbols)
        {
            realised += symbol.Realised;
            unrealised += symbol.Unrealised;
            fees += symbol.Fees;
        }
        _json.WriteStartObject("account"u8);
        Money("pnl"u8, realised + unrealised);
        Money("realised"u8, realised);
        Money("unrealised"u8, unrealised);
        Money("fees"u8, fees);
        _json.WriteEndObject();
    }

    private void WriteSafety(ShardStatus status)
    {
        _json.WriteStartObject("safety"u8);
        _json.WriteString("level"u8, KillSwitchFile.Text(status.Level));
        _json.WriteString("reason"u8, status.Reason == HaltReason.None ? "" : status.Reason.ToString());
        _json.WriteBoolean("reconciled"u8, status.IsReconciled);
        _json.WriteNumber("rounds"u8, status.Rounds);
        _json.WriteNumber("foreignOpen"u8, status.ForeignOpen);
        _json.WriteNumber("lateFills"u8, status.LateFills);
        if (status.Difference.Units != 0)
        {
            _json.WriteStartObject("difference"u8);
            _json.WriteString("asset"u8, status.Difference.Asset.Utf8);
            Units("units"u8, status.Difference.Units);
            _json.WriteEndObject();
        }
        Money("today"u8, status.Today);
        Money("drawdown"u8, status.Drawdown);
        _json.WriteNumber("clockOffsetMicros"u8, status.Clock.OffsetMicros);
        _json.WriteNumber("clockUncertaintyMicros"u8, status.Clock.UncertaintyMicros);
        _json.WriteEndObject();
    }

    private void WriteModel()
    {
        if (_parts.Model is not { } model) return;
        _json.WriteStartObject("model"u8);
        _json.WriteNumber("asked"u8, model.Asked);
        _json.WriteNumber("refused"u8, model.Refused);
        _json.WriteEndObject();
    }

    private void WriteSymbols(ShardStatus status)
    {
        _json.WriteStartArray("symbols"u8);
        for (int i = 0; i < status.Symbols.Length; i++)
        {
            ShardStatus.SymbolNumbers symbol = status.Symbols[i];
            _json.WriteStartObject();
            _json.WriteString("symbol"u8, _parts.Instruments.All[i].Symbol);
            Units("last"u8, symbol.Last.Raw);
            Units("bid"u8, symbol.BidCount > 0 ? symbol.Bids[0].Price.Raw : 0);
            Units("ask"u8, symbol.AskCount > 0 ? symbol.Asks[0].Price.Raw : 0);
            _json.WriteString("bookState"u8, symbol.Book switch
            {
                BookState.Live => "Live"u8, BookState.Buffering => "Buffering"u8, BookState.Gapped => "Gapped"u8, BookState.Crossed => "Crossed"u8, _ => "Empty"u8,
            });
            WriteLevels("bids"u8, symbol.Bids.AsSpan(0, symbol.BidCount));
            WriteLevels("asks"u8, symbol.Asks.AsSpan(0, symbol.AskCount));
            _json.WriteStartObject("features"u8);
            for (int f = 0; f < Math.Min(symbol.FeatureCount, _parts.FeatureNames.Count); f++) _json.WriteNumber(_parts.FeatureNames[f], MathF.Round(symbol.Features[f], 4));
            _json.WriteEndObject();
            _json.WriteStartObject("probabilities"u8);
            _json.WriteNumber("down"u8, MathF.Round(symbol.Down, 3));
            _json.WriteNumber("flat"u8, MathF.Round(symbol.Flat, 3));
            _json.WriteNumber("up"u8, MathF.Round(symbol.Up, 3));
            _json.WriteEndObject();
            _json.WriteString("signal"u8, symbol.Target.Raw switch { > 0 => "LONG"u8, < 0 => "SHORT"u8, _ => "FLAT"u8 });
            Units("position"u8, symbol.Position.Raw);
            Units("averagePrice"u8, symbol.AveragePrice.Raw);
            Money("unrealised"u8, symbol.Unrealised);
            _json.WriteStartArray("sparkline"u8);
            for (int s = 0; s < symbol.SparkCount; s++) _json.WriteNumberValue(symbol.Spark[s]);
            _json.WriteEndArray();
            _json.WriteEndObject();
        }
        _json.WriteEndArray();
    }

    private void WriteLevels(ReadOnlySpan<byte> name, ReadOnlySpan<Level> levels)
    {
        Span<byte> text = stackalloc byte[FixedPoint.TextLengthMax];
        _json.WriteStartArray(name);
        foreach (Level level in levels)
        {
            _json.WriteStartArray();
            _json.WriteStringValue(text[..FixedPoint.Format(level.Price.Raw, text)]);
            _json.WriteStringValue(text[..FixedPoint.Format(level.Quantity.Raw, text)]);
            _json.WriteEndArray();
        }
        _json.WriteEndArray();
    }

    private void WriteOrders(ShardStatus status)
    {
        long now = _parts.Time.GetUnixNanos();
        _json.WriteStartArray("orders"u8);
        foreach (ref readonly TrackedOrder order in status.Orders.AsSpan(0, status.OrderCount))
        {
            _json.WriteStartObject();
            _json.WriteString("symbol"u8, _parts.Instruments[order.Symbol].Symbol);
            _json.WriteString("id"u8, order.ClientId.Utf8);
            _json.WriteNumber("orderId"u8, order.ExchangeOrderId);
            _json.WriteString("side"u8, order.Side.Text());
            _json.WriteString("type"u8, order.Type switch
            {
                OrderType.Limit => "LIMIT"u8, OrderType.LimitMaker => "LIMIT_MAKER"u8, OrderType.StopLossLimit => "STOP_LOSS_LIMIT"u8, _ => "OTHER"u8,
            });
            if (!order.StopPrice.IsZero) Units("stopPrice"u8, order.StopPrice.Raw);
            if (order.ListNumber != 0) _json.WriteNumber("list"u8, order.ListNumber);
            Units("price"u8, order.Price.Raw);
            Units("quantity"u8, order.Quantity.Raw);
            Units("filled"u8, order.Booked.Raw);
            _json.WriteString("status"u8, order.Status switch
            {
                OrderStatus.Sent => "SENT"u8, OrderStatus.New => "NEW"u8, OrderStatus.PartiallyFilled => "PARTIALLY_FILLED"u8, OrderStatus.Unknown => "UNKNOWN"u8, _ => "INTENT"u8,
            });
            _json.WriteNumber("ageMs"u8, Math.Max(0, (now - order.SentNanos) / 1_000_000));
            _json.WriteEndObject();
        }
        _json.WriteEndArray();
    }

    private void WriteActors()
    {
        _json.WriteStartArray("actors"u8);
        int count = _parts.Supervisor().CopyStatus(_actors);
        foreach (ref readonly ActorStatus actor in _actors.AsSpan(0, count))
        {
            _json.WriteStartObject();
            _json.WriteString("name"u8, actor.Path.AsSpan(actor.Group.Length + 1));
            _json.WriteString("group"u8, actor.Group);
            _json.WriteString("state"u8, StateText(actor.State));
            _json.WriteNumber("restarts"u8, actor.Restarts);
            _json.WriteNumber("generation"u8, actor.Generation);
            _json.WriteNumber("mailbox"u8, actor.MailboxDepth ?? 0);
            Millis("oldestMessageMs"u8, actor.OldestMessageAge);
            _json.WriteNumber("dropped"u8, actor.Dropped);
            Millis("lastProgressMs"u8, actor.LastProgressAge);
            Millis("startsInMs"u8, actor.NextStartIn);
            if (actor.LastExit != ExitClass.None) _json.WriteString("lastExit"u8, ExitText(actor.LastExit));
            _json.WriteString("lastError"u8, actor.LastError);
            _json.WriteEndObject();
        }
        _json.WriteEndArray();
    }

    /// <summary>These are few and change seldom: the lists are asked for only as often as a person could notice.</summary>
    private void WriteOneShots()
    {
        if (_parts.Time.GetTimestamp() >= _nextSnapshot)
        {
            _snapshot = _parts.Supervisor().Snapshot();
            _nextSnapshot = _parts.Time.GetTimestamp() + (_parts.Time.TimestampFrequency / 2);
        }
        _json.WriteStartArray("oneShots"u8);
        foreach (OneShotStatus shot in _snapshot!.OneShots.Skip(Math.Max(0, _snapshot.OneShots.Count - OneShotsMax)))
        {
            _json.WriteStartObject();
            _json.WriteString("id"u8, shot.Id);
            _json.WriteString("kind"u8, shot.Kind);
            _json.WriteString("state"u8, shot.State.ToString());
            _json.WriteNumber("progress"u8, Math.Round(shot.Progress, 3));
            _json.WriteString("text"u8, shot.Text);
            _json.WriteString("result"u8, shot.Result);
            _json.WriteString("error"u8, shot.Error);
            _json.WriteString("startedAt"u8, shot.StartedAt);
            _json.WriteEndObject();
        }
        _json.WriteEndArray();
        _json.WriteStartArray("deadLetters"u8);
        foreach (DeadLetter letter in _snapshot.DeadLetters)
        {
            _json.WriteStartObject();
            _json.WriteString("actor"u8, letter.Actor);
            _json.WriteString("time"u8, letter.At);
            _json.WriteString("message"u8, letter.Message);
            _json.WriteString("error"u8, letter.Error);
            _json.WriteEndObject();
        }
        _json.WriteEndArray();
    }

    private void WriteLines(FeedStatus feed)
    {
        _json.WriteStartArray("lines"u8);
        _json.WriteStartObject();
        _json.WriteString("name"u8, "market"u8);
        _json.WriteBoolean("up"u8, feed.ConnectedLines == feed.Lines && feed.Lines > 0);
        _json.WriteNumber("reconnects"u8, feed.Reconnects);
        _json.WriteNumber("renewed"u8, feed.Renewed);
        _json.WriteNumber("duplicates"u8, feed.Duplicates);
        _json.WriteEndObject();
        if (_parts.Shard.Lines?.Gateway is { } gateway)
        {
            GatewayStatus orders = gateway.Status;
            _json.WriteStartObject();
            _json.WriteString("name"u8, "orders"u8);
            _json.WriteBoolean("up"u8, orders.Ready);
            _json.WriteNumber("reconnects"u8, orders.Reconnects);
            _json.WriteEndObject();
        }
        _json.WriteEndArray();
    }

    private void WriteMessages()
    {
        _json.WriteStartArray("messages"u8);
        foreach (string message in _parts.Log.Recent) _json.WriteStringValue(message);
        _json.WriteEndArray();
    }

    private void Units(ReadOnlySpan<byte> name, long units)
    {
        Span<byte> text = stackalloc byte[FixedPoint.TextLengthMax];
        _json.WriteString(name, text[..FixedPoint.Format(units, text)]);
    }

    private void Money(ReadOnlySpan<byte> name, Notional amount)
    {
        // Screens show cents; the exact sum is in the records.
        Span<byte> text = stackalloc byte[FixedPoint.TextLengthMax];
        long cents = amount.ToUnits() / 1_000_000 * 1_000_000;
        _json.WriteString(name, text[..FixedPoint.Format(cents, text, placesMin: 2)]);
    }

    private static double Micros(LatencyHistogram latency, double share) => Math.Round(latency.Quantile(share) / 1_000, 1);

    private void Millis(ReadOnlySpan<byte> name, TimeSpan? age)
    {
        if (age is { } span) _json.WriteNumber(name, Math.Round(span.TotalMilliseconds));
    }

    private static string ExitText(ExitClass exit) => exit switch
    {
        ExitClass.Completed => "Completed",
        ExitClass.Stopped => "Stopped",
        ExitClass.Crashed => "Crashed",
        ExitClass.Hung => "Hung",
        _ => "StartFailed",
    };

    private static string StateText(ActorState state) => state switch
    {
        ActorState.Stopped => "Stopped",
        ActorState.Starting => "Starting",
        ActorState.Running => "Running",
        ActorState.Stopping => "Stopping",
        ActorState.BackingOff => "BackingOff",
        ActorState.Failed => "Failed",
        _ => "Completed",
    };
}

/// <summary>What the monitor looks at.</summary>
internal sealed record MonitorParts(
    string BoardPath, ApplianceOptions Options, InstrumentTable Instruments, IReadOnlyList<string> FeatureNames, Shard Shard, ShardStatus Status,
    Recorder Recorder, Func<Supervisor> Supervisor, ApplianceLog Log, TimeProvider Time, long Started, StateHome Home, KillSwitch Safety, ModelWatch? Model);
