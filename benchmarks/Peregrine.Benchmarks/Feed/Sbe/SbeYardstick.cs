using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

using Peregrine.Common.Events;

namespace Peregrine.Benchmarks.Feed.Sbe;

/// <summary>The SBE decoder in C, compiled for this very processor and called in this process.</summary>
internal sealed unsafe class SbeYardstick
{
    private const string Source = "feed_sbe.c";

    private readonly delegate* unmanaged<byte*, int, int, int> _addSymbol;
    private readonly delegate* unmanaged<byte*, int*, int, MarketEvent*, long, long*, long, long, long> _decode;
    private readonly MarketEvent[] _slots;
    private readonly long[] _words;

    private SbeYardstick(nint library, int slots, int words)
    {
        _addSymbol = (delegate* unmanaged<byte*, int, int, int>)NativeLibrary.GetExport(library, "sbe_add_symbol");
        _decode = (delegate* unmanaged<byte*, int*, int, MarketEvent*, long, long*, long, long, long>)NativeLibrary.GetExport(library, "sbe_decode");
        _slots = GC.AllocateArray<MarketEvent>(slots, pinned: true);
        _words = GC.AllocateArray<long>(words, pinned: true);
    }

    /// <summary>Null where there is no C compiler.</summary>
    internal static SbeYardstick? Build(BenchContext context, int slots, int words)
    {
        string folder = context.NewFolder("sbe-yardstick");
        string source = Path.Combine(folder, Source), library = Path.Combine(folder, "feed_sbe.so");
        using (Stream text = Assembly.GetExecutingAssembly().GetManifestResourceStream(Source)!)
        using (FileStream file = File.Create(source)) text.CopyTo(file);
        try
        {
            YardstickProgram.Run("cc", ["-O3", "-march=native", "-shared", "-fPIC", "-o", library, source]);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
        return new SbeYardstick(NativeLibrary.Load(library), slots, words);
    }

    internal void AddSymbol(string symbol, int number)
    {
        byte[] name = [.. new byte[8], .. Encoding.UTF8.GetBytes(symbol)];
        fixed (byte* bytes = name)
            if (_addSymbol(bytes + 8, name.Length - 8, number) == 0) throw new InvalidOperationException($"{symbol} falls on the place of another symbol.");
    }

    /// <summary>Decodes all messages once and returns the nanoseconds that took.</summary>
    internal double Run(SbeMix mix, long receiveNanos)
    {
        long began = Processor.ThreadNanos;
        long events;
        fixed (byte* bytes = mix.Bytes)
        fixed (int* offsets = mix.Offsets)
        fixed (MarketEvent* slots = _slots)
        fixed (long* words = _words)
            events = _decode(bytes, offsets, mix.Count, slots, _slots.Length - 1, words, _words.Length - 1, receiveNanos);
        double nanos = Processor.ThreadNanos - began;
        return events == mix.Events ? nanos : throw new InvalidOperationException($"The yardstick read {events} events instead of {mix.Events}.");
    }

    /// <summary>A sum over all fields and levels of the newest events, to hold against ours.</summary>
    internal ulong Checksum(int events)
    {
        ulong sum = 0;
        for (int i = events - Math.Min(events, _slots.Length); i < events; i++)
        {
            ref readonly MarketEvent entry = ref _slots[i & (_slots.Length - 1)];
            int start = (int)(entry.PayloadPosition & (_words.Length - 1));
            sum = SbeMix.Add(sum, in entry, entry.HasPayload ? _words.AsSpan(start, entry.PayloadWords) : default);
        }
        return sum;
    }
}
