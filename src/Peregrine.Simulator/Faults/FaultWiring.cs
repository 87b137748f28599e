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
    private readonly Layered<ExchangeLimits> _limits = new(limits.Usual, present => limits.Present = present);
    private readonly Layered<long> _offset = new(0, micros => clock.OffsetMicros = micros);
    private Layered<SbeSchema>? _schema;

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
        DepthStraddle f => OnSymbols(f, s => s.Straddling.Add(f.Snapshots)),
        OldSnapshot f => OnSymbols(f, s => s.Old.Add(f.Snapshots)),
        DepthCross f => OnSymbols(f, s => Cross(s, f)),
        DelaySnapshot f => Http(f, f.Symbol, f.Snapshots),
        HttpFault f => Http(f, f.Path, f.Count),
        RefuseSocket f => Http(f, "*", null),
        Blackhole f => new ConnectionEffect(
            Scope(f, true, true), s => s.Hole.Lay(h => (h.IsDeaf || f.Direction != Direction.Down, h.IsDumb || f.Direction != Direction.Up))),
        SliceWrites f => new ConnectionEffect(Scope(f, true, true), s => s.SliceBytes.Lay(_ => f.Bytes)),
        ResetSocket f => AtOnce(f, s => s.Reset()),
        CloseSocket f => AtOnce(f, s => s.Connection.SendClose(f.Code, f.Reason)),
        ShutdownEvent f => AtOnce(f, s => Shutdown(s, f.CloseAfterMilliseconds)),
        SessionLifetime f => new ConnectionEffect(Scope(f, true, true), s => s.Lifetime.Lay(_ => TimeSpan.FromSeconds(f.LifetimeSeconds))),
        LimitWeight f => Limit(l => l with
        {
            WeightPerMinute = f.PerMinute ?? l.WeightPerMinute, Ban = f.BanSeconds is { } ban ? TimeSpan.FromSeconds(ban) : l.Ban,
        }),
        LimitMessages f => Limit(l => l with { MessagesPerSecond = f.PerSecond }),
        LimitConnections f => Limit(l => l with { ConnectionsPerFiveMinutes = f.PerFiveMinutes }),
        LimitStreams f => Limit(l => l with { StreamsPerConnection = f.PerConnection }),
        SbeSchema f => Schema(f),
        SkewClock f => Shift(_ => f.Milliseconds * 1_000),
        StepClock f => Shift(offset => offset + (f.Milliseconds * 1_000)),
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

    private SimpleEffect OnSymbols(DepthFault fault, Func<SymbolFaults, Action> begin) =>
        OnSymbols(FaultNames.NameOf(fault), name => StreamPattern.Matches(fault.Symbol, name), begin);

    private static Action Cross(SymbolFaults symbol, DepthCross fault)
    {
        Crossing crossing = new(fault.Frames, fault.Mode);
        symbol.Crossings.Add(crossing);
        return () => symbol.Crossings.Remove(crossing);
    }

    private SimpleEffect Burst(BurstFlow fault)
    {
        string[] patterns = [.. StreamPattern.Parse(fault.Streams).Select(p => p.Split('@')[0])];
        return OnSymbols("stream.burst", name => StreamPattern.MatchesAny(patterns, name), s => s.FlowFactor.Lay(_ => fault.Factor));
    }

    private SimpleEffect OnSymbols(string fault, Predicate<string> isMeant, Func<SymbolFaults, Action> begin)
    {
        if (market is not SyntheticMarket synthetic) throw new FaultException($"{fault} needs the synthetic market; this exchange plays a recording.");
        SymbolFaults[] symbols = [.. synthetic.Books.Where(b => isMeant(b.Name)).Select(b => b.Faults)];
        if (symbols.Length == 0) throw new FaultException($"{fault}: no symbol of this exchange fits.");
        Action[] ends = [.. symbols.Select(begin)];
        return new SimpleEffect(symbols.Length, () => Array.ForEach(ends, static end => end()));
    }

    private SimpleEffect Http(ExchangeFault fault, string path, int? count)
    {
        return new SimpleEffect(1, http.Add(fault, path, count));
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

    private SimpleEffect Limit(Func<ExchangeLimits, ExchangeLimits> change) => new(1, _limits.Lay(change));

    private SimpleEffect Schema(SbeSchema fault)
    {
        if (market is not SyntheticMarket synthetic) throw new FaultException("sbe.schema needs the synthetic market; this exchange plays a recording.");
        _schema ??= new(new SbeSchema { Version = 0, RootBytes = 0, GroupBytes = 0 }, s =>
            (synthetic.SbeVersion.Version, synthetic.SbeVersion.RootBytes, synthetic.SbeVersion.GroupBytes) = (s.Version, s.RootBytes, s.GroupBytes));
        return new SimpleEffect(1, _schema.Lay(_ => fault));
    }

    private SimpleEffect Shift(Func<long, long> change) => new(1, _offset.Lay(change));
}
