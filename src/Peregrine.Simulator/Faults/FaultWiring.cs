using System.Text;
using Peregrine.Simulator.Limits;
using Peregrine.Simulator.Markets;
using Peregrine.Simulator.Sockets;
using Peregrine.Simulator.Streams;
using Peregrine.Simulator.Synthetic;

namespace Peregrine.Simulator.Faults;

/// <summary>Where each fault takes hold of the exchange. Used under its gate.</summary>
internal sealed class FaultWiring(StreamHub hub, HttpFaults http, IMarketSource market, ExchangeClock clock, LimitKeeper limits, TradingFaultWiring trading)
{
    public StreamHub Hub => hub;

    /// <exception cref="FaultException">There is nothing that the fault could be for.</exception>
    public FaultEffect Start(ExchangeFault fault) => fault switch
    {
        MuteStream f => Filter(f, true, _ => new MuteFilter()),
        NeverFirst f => Filter(f, true, _ => new MuteFilter(), open: false),
        ReplayFrames { Mode: ReplayMode.OnConnect } f => WithHistory(f),
        ReplayFrames f => Filter(f, f.Mode == ReplayMode.Forever, _ => new ReplayFilter(f.Frames, f.Mode == ReplayMode.Forever)),
        ReorderFrames f => Filter(f, false, _ => new ReorderFilter(f.Pairs)),
        DuplicateFrames f => Filter(f, false, _ => new DuplicateFilter(f.Frames)),
        DropFrames f => Filter(f, false, _ => new DropFilter(f.Frames)),
        FreezeStream f => Filter(f, true, _ => new FreezeFilter(f.Mode)),
        MixUnits f => Filter(f, true, _ => new UnitsFilter()),
        CorruptFrames f => Filter(f, false, _ => new CorruptFilter(f.Frames, f.Mode)),
        IgnoreSubscribe f => new IgnoreEffect(StreamPattern.Parse(f.Streams), Scope(f, true, true), f.Each),
        DepthGap f => new StreamEffect(DiffsOf(f.Symbol), Scope(f, true, false), _ => new DropFilter(f.Frames)),
        BurstFlow f => Burst(f),
        DepthStraddle f => OnSymbols(f, s => s.StraddlingSnapshots = f.Snapshots, s => s.StraddlingSnapshots = 0),
        OldSnapshot f => OnSymbols(f, s => s.OldSnapshots = f.Snapshots, s => s.OldSnapshots = 0),
        DepthCross f => OnSymbols(f, s => (s.CrossingFrames, s.CrossMode, s.CrossGeneration) = (f.Frames, f.Mode, s.CrossGeneration + 1), s => s.CrossingFrames = 0),
        DelaySnapshot f => Http(f, f.Symbol, f.Snapshots),
        HttpFault f => Http(f, f.Path, f.Count),
        RefuseSocket f => Http(f, "*", null),
        Blackhole f => new ConnectionEffect(
            Scope(f, true, true), s => SetHole(s, f.Direction != Direction.Down, f.Direction != Direction.Up), s => SetHole(s, false, false)),
        SliceWrites f => new ConnectionEffect(Scope(f, true, true), s => s.SetSlice(f.Bytes), s => s.SetSlice(0)),
        ResetSocket f => AtOnce(f, s => s.Reset()),
        CloseSocket f => AtOnce(f, s => s.Connection.SendClose(f.Code, f.Reason)),
        ShutdownEvent f => AtOnce(f, s => Shutdown(s, f.CloseAfterMilliseconds)),
        SessionLifetime f => new ConnectionEffect(Scope(f, true, true), s => s.SetLifetime(TimeSpan.FromSeconds(f.LifetimeSeconds)), s => s.SetLifetime(limits.Usual.SessionLifetime)),
        LimitWeight f => Limit(l => l with
        {
            WeightPerMinute = f.PerMinute ?? l.WeightPerMinute, Ban = f.BanSeconds is { } ban ? TimeSpan.FromSeconds(ban) : l.Ban,
        }),
        LimitMessages f => Limit(l => l with { MessagesPerSecond = f.PerSecond }),
        LimitConnections f => Limit(l => l with { ConnectionsPerFiveMinutes = f.PerFiveMinutes }),
        LimitStreams f => Limit(l => l with { StreamsPerConnection = f.PerConnection }),
        SbeSchema f => Schema(f),
        SkewClock f => Shift(f.Milliseconds * 1_000),
        StepClock f => Shift(clock.OffsetMicros + (f.Milliseconds * 1_000)),
        _ when trading.Start(fault) is { } effect => effect,
        _ => throw new FaultException($"{FaultNames.NameOf(fault)} is not for this exchange."),
    };

    /// <summary>Sends off what the end of a fault let go.</summary>
    public void Flush()
    {
        foreach (StreamSession session in hub.Sessions) session.Connection.Flush();
    }

    private ConnectionScope Scope(ConnectionFault fault, bool open, bool coming) => new(fault, hub.Sessions, open, coming);

    private StreamEffect Filter(StreamFault fault, bool coming, Func<bool, FrameFilter> filter, bool open = true) =>
        new(StreamPattern.Parse(fault.Streams), Scope(fault, open, coming), filter);

    private StreamEffect WithHistory(ReplayFrames fault)
    {
        Dictionary<StreamChannel, Queue<byte[]>> history = [];
        return Filter(fault, true, isNew => new HistoryFilter(fault.Frames, history, isNew));
    }

    private static string[] DiffsOf(string symbol) => [$"{symbol}@depth", $"{symbol}@depth@*"];

    private SimpleEffect OnSymbols(DepthFault fault, Action<SymbolFaults> begin, Action<SymbolFaults> end) =>
        OnSymbols(FaultNames.NameOf(fault), name => StreamPattern.Matches(fault.Symbol, name), begin, end);

    private SimpleEffect Burst(BurstFlow fault)
    {
        string[] patterns = [.. StreamPattern.Parse(fault.Streams).Select(p => p.Split('@')[0])];
        return OnSymbols("stream.burst", name => StreamPattern.MatchesAny(patterns, name), s => s.FlowFactor = fault.Factor, s => s.FlowFactor = 1);
    }

    private SimpleEffect OnSymbols(string fault, Predicate<string> isMeant, Action<SymbolFaults> begin, Action<SymbolFaults> end)
    {
        if (market is not SyntheticMarket synthetic) throw new FaultException($"{fault} needs the synthetic market; this exchange plays a recording.");
        SymbolFaults[] symbols = [.. synthetic.Books.Where(b => isMeant(b.Name)).Select(b => b.Faults)];
        if (symbols.Length == 0) throw new FaultException($"{fault}: no symbol of this exchange fits.");
        foreach (SymbolFaults symbol in symbols) begin(symbol);
        return new SimpleEffect(symbols.Length, () =>
        {
            foreach (SymbolFaults symbol in symbols) end(symbol);
        });
    }

    private SimpleEffect Http(ExchangeFault fault, string path, int? count)
    {
        http.Add(fault, path, count);
        return new SimpleEffect(1, () => http.Remove(fault));
    }

    private SimpleEffect AtOnce(ConnectionFault fault, Action<StreamSession> act)
    {
        StreamSession[] sessions = [.. Scope(fault, true, false).Sessions];
        foreach (StreamSession session in sessions) act(session);
        return new SimpleEffect(sessions.Length);
    }

    private void Shutdown(StreamSession session, int closeAfterMilliseconds)
    {
        byte[] payload = Encoding.ASCII.GetBytes($"{{\"e\":\"serverShutdown\",\"E\":{clock.NowMicros / (session.IsMicros ? 1 : 1_000)}}}");
        if (session.Combined) session.Connection.AppendText("{\"stream\":\"!serverShutdown\",\"data\":"u8, payload, "}"u8);
        else session.Connection.AppendText(payload);
        session.Connection.Flush();
        session.CloseAfter(TimeSpan.FromMilliseconds(closeAfterMilliseconds));
    }

    private static void SetHole(StreamSession session, bool up, bool down) => (session.Connection.IsDeaf, session.Connection.IsDumb) = (up, down);

    private SimpleEffect Limit(Func<ExchangeLimits, ExchangeLimits> change)
    {
        limits.Present = change(limits.Present);
        return new SimpleEffect(1, () => limits.Present = limits.Usual);
    }

    private SimpleEffect Schema(SbeSchema fault)
    {
        if (market is not SyntheticMarket synthetic) throw new FaultException("sbe.schema needs the synthetic market; this exchange plays a recording.");
        Wire.SbeVersion version = synthetic.SbeVersion;
        (version.Version, version.RootBytes, version.GroupBytes) = (fault.Version, fault.RootBytes, fault.GroupBytes);
        return new SimpleEffect(1, () => (version.Version, version.RootBytes, version.GroupBytes) = (0, 0, 0));
    }

    private SimpleEffect Shift(long micros)
    {
        long change = micros - clock.OffsetMicros;
        clock.OffsetMicros = micros;
        return new SimpleEffect(1, () => clock.OffsetMicros -= change);
    }
}
