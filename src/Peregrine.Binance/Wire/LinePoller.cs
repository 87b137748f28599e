namespace Peregrine.Binance.Wire;

/// <summary>
/// Lets the hot thread sleep until one of its lines has something to say, or until somebody wakes it. Built while starting; one thread waits, any thread
/// wakes. Allocates nothing.
/// </summary>
public sealed unsafe class LinePoller : IDisposable
{
    private readonly List<WireLine> _lines = [];
    private readonly int _wake = Libc.EventFd(0, Libc.EventFdNonBlocking);
    private Libc.PollEntry[] _entries = new Libc.PollEntry[1];
    private bool _disposed;

    public LinePoller()
    {
        if (_wake < 0) throw new IOException("The system gave no event descriptor.");
        _entries[0] = new Libc.PollEntry { Descriptor = _wake, Events = Libc.PollIn };
    }

    /// <summary>Adds a line; its connection may come and go later. From the thread that waits.</summary>
    public void Add(WireLine line)
    {
        _lines.Add(line);
        MakeEntries();
        line.Poller = this;
    }

    /// <summary>Forgets a line. From the thread that waits.</summary>
    public void Remove(WireLine line)
    {
        if (!_lines.Remove(line)) return;
        line.Poller = null;
        MakeEntries();
    }

    private void MakeEntries()
    {
        _entries = GC.AllocateArray<Libc.PollEntry>(_lines.Count + 1, pinned: true);
        _entries[0] = new Libc.PollEntry { Descriptor = _wake, Events = Libc.PollIn };
    }

    /// <summary>Waits until a line can be read (true), or until the time is over (false). Whole milliseconds, rounded up.</summary>
    public bool Wait(TimeSpan atMost)
    {
        for (int i = 0; i < _lines.Count; i++)
        {
            WireLine line = _lines[i];
            if (line.HasFresh) return true;
            short events = line.WantsToWrite ? (short)(Libc.PollIn | Libc.PollOut) : Libc.PollIn;
            _entries[i + 1] = new Libc.PollEntry { Descriptor = line.Descriptor, Events = events };
        }
        int ready;
        fixed (Libc.PollEntry* entries = _entries) ready = Libc.Poll(entries, (nuint)(_lines.Count + 1), (int)Math.Ceiling(atMost.TotalMilliseconds));
        if (ready > 0 && _entries[0].Returned != 0)
        {
            ulong count;
            _ = Libc.Read(_wake, &count, sizeof(ulong));
        }
        return ready > 0;
    }

    /// <summary>Ends a wait that is going on, or the next one. From any thread.</summary>
    public void Wake()
    {
        ulong one = 1;
        if (!_disposed) _ = Libc.Write(_wake, &one, sizeof(ulong));
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _ = Libc.Close(_wake);
    }
}
