using Peregrine.Simulator.Streams;

namespace Peregrine.Simulator.Faults;

/// <summary>What a fault does to the frames of one subscription. Filters stand in a row; each hands on what it lets through.</summary>
internal abstract class FrameFilter
{
    public abstract void OnFrame(ReadOnlySpan<byte> payload, Onward onward);

    /// <summary>The fault is cleared: what is still held goes out.</summary>
    public virtual void OnCleared(Onward onward)
    {
    }
}

/// <summary>The rest of a subscription's filters, and the wire behind them.</summary>
internal readonly struct Onward(Subscription subscription, int next)
{
    public void Pass(ReadOnlySpan<byte> payload) => subscription.Deliver(payload, next);
    public bool IsBinary => subscription.Session.IsBinary;
    public StreamChannel Channel => subscription.Channel;
}

internal sealed class MuteFilter : FrameFilter
{
    public override void OnFrame(ReadOnlySpan<byte> payload, Onward onward)
    {
        // That is all.
    }
}

internal sealed class DropFilter(int frames) : FrameFilter
{
    private int _left = frames;

    public override void OnFrame(ReadOnlySpan<byte> payload, Onward onward)
    {
        if (_left > 0) _left--;
        else onward.Pass(payload);
    }
}

internal sealed class DuplicateFilter(int frames) : FrameFilter
{
    private int _left = frames;

    public override void OnFrame(ReadOnlySpan<byte> payload, Onward onward)
    {
        onward.Pass(payload);
        if (_left == 0) return;
        _left--;
        onward.Pass(payload);
    }
}

internal sealed class ReorderFilter(int pairs) : FrameFilter
{
    private int _left = pairs;
    private byte[]? _held;

    public override void OnFrame(ReadOnlySpan<byte> payload, Onward onward)
    {
        if (_held is null && _left > 0)
        {
            _held = payload.ToArray();
            return;
        }
        onward.Pass(payload);
        if (_held is null) return;
        onward.Pass(_held);
        _held = null;
        _left--;
    }

    public override void OnCleared(Onward onward)
    {
        if (_held is not null) onward.Pass(_held);
        _held = null;
    }
}

/// <summary>Passes so many frames, then sends the same again: once, or in place of all that is new.</summary>
internal sealed class ReplayFilter(int frames, bool forever) : FrameFilter
{
    private readonly List<byte[]> _kept = [];
    private int _at;
    private bool _over;

    public override void OnFrame(ReadOnlySpan<byte> payload, Onward onward)
    {
        if (_over || _kept.Count < frames)
        {
            onward.Pass(payload);
            if (_over) return;
            _kept.Add(payload.ToArray());
            if (_kept.Count < frames || forever) return;
            foreach (byte[] kept in _kept) onward.Pass(kept);
            _over = true;
            return;
        }
        onward.Pass(_kept[_at]);
        _at = (_at + 1) % _kept.Count;
    }
}

/// <summary>Gives a new subscription the last frames that its stream had for others, ahead of its own first one.</summary>
internal sealed class HistoryFilter(int frames, Dictionary<StreamChannel, Queue<byte[]>> history, bool isNew) : FrameFilter
{
    private bool _begun = !isNew;

    public override void OnFrame(ReadOnlySpan<byte> payload, Onward onward)
    {
        if (!history.TryGetValue(onward.Channel, out Queue<byte[]>? kept)) history.Add(onward.Channel, kept = new Queue<byte[]>());
        if (!_begun)
        {
            _begun = true;
            foreach (byte[] old in kept) onward.Pass(old);
        }
        if (kept.Count == 0 || !payload.SequenceEqual(kept.Last())) kept.Enqueue(payload.ToArray()); // Several subscribers bring the same frame.
        if (kept.Count > frames) kept.Dequeue();
        onward.Pass(payload);
    }
}

/// <summary>The first frame's times, or its whole payload, in all that follow.</summary>
internal sealed class FreezeFilter(FreezeMode mode) : FrameFilter
{
    private byte[]? _first;
    private byte[] _work = [];
    private readonly Dictionary<byte, byte[]> _times = [];

    public override void OnFrame(ReadOnlySpan<byte> payload, Onward onward)
    {
        if (mode == FreezeMode.Payload)
        {
            _first ??= payload.ToArray();
            onward.Pass(_first);
            return;
        }
        if (_work.Length < payload.Length) _work = new byte[payload.Length * 2];
        Span<byte> copy = _work.AsSpan(0, payload.Length);
        payload.CopyTo(copy);
        if (onward.IsBinary) FreezeAt(0, copy.Slice(8, 8)); // Every template begins with its event time.
        else
        {
            FreezeJson(copy, "\"E\":"u8);
            FreezeJson(copy, "\"T\":"u8);
        }
        onward.Pass(copy);
    }

    private void FreezeJson(Span<byte> json, ReadOnlySpan<byte> key)
    {
        int at = ((ReadOnlySpan<byte>)json).IndexOf(key);
        if (at < 0) return;
        Span<byte> digits = json[(at + key.Length)..];
        int length = 0;
        while (length < digits.Length && char.IsAsciiDigit((char)digits[length])) length++;
        FreezeAt(key[1], digits[..length]);
    }

    private void FreezeAt(byte name, Span<byte> value)
    {
        if (!_times.TryGetValue(name, out byte[]? frozen)) _times.Add(name, value.ToArray());
        else if (frozen.Length == value.Length) frozen.CopyTo(value);
    }
}

/// <summary>Thirteen digits behind a time's key become sixteen.</summary>
internal sealed class UnitsFilter : FrameFilter
{
    private readonly Wire.WireWriter _writer = new();

    public override void OnFrame(ReadOnlySpan<byte> payload, Onward onward)
    {
        if (onward.IsBinary)
        {
            onward.Pass(payload);
            return;
        }
        _writer.Clear();
        int from = 0;
        for (int at = 0; at + 18 < payload.Length; at++)
        {
            if (payload[at] != '"' || payload[at + 2] != '"' || payload[at + 3] != ':' || payload[at + 1] is not ((byte)'E' or (byte)'T' or (byte)'t')) continue;
            int end = at + 4;
            while (end < payload.Length && char.IsAsciiDigit((char)payload[end])) end++;
            if (end - at - 4 != 13) continue;
            _writer.Raw(payload[from..end]).Raw("000"u8);
            from = end;
            at = end;
        }
        _writer.Raw(payload[from..]);
        onward.Pass(_writer.Written);
    }
}
