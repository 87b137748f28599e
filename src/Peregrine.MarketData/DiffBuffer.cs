using Peregrine.Common.Events;

namespace Peregrine.MarketData;

/// <summary>The diffs that arrived while there was no snapshot yet. Grows by doubling up to a bound.</summary>
internal sealed class DiffBuffer
{
    /// <summary>Diffs kept at most: at ten a second a snapshot has nearly seven minutes to arrive.</summary>
    public const int DiffsMax = 4_096;

    /// <summary>Payload words kept at most: 16 MB, 256 levels for each diff.</summary>
    public const int WordsMax = 2 << 20;

    private Entry[] _entries = new Entry[256];
    private long[] _words = new long[32_768];
    private int _wordCount;

    private struct Entry
    {
        public DepthFields Depth;
        public int Start;
        public int Words;
    }

    public int Count { get; private set; }

    public void Clear()
    {
        Count = 0;
        _wordCount = 0;
    }

    /// <summary>Keeps a copy; false when there is no room within the bounds.</summary>
    public bool TryAdd(in DepthFields depth, ReadOnlySpan<long> payload)
    {
        if (Count == DiffsMax || _wordCount + payload.Length > WordsMax) return false;
        if (Count == _entries.Length) Array.Resize(ref _entries, Count * 2);
        while (_wordCount + payload.Length > _words.Length) Array.Resize(ref _words, _words.Length * 2);
        _entries[Count++] = new Entry { Depth = depth, Start = _wordCount, Words = payload.Length };
        payload.CopyTo(_words.AsSpan(_wordCount));
        _wordCount += payload.Length;
        return true;
    }

    public ref readonly DepthFields this[int index] => ref _entries[index].Depth;

    public ReadOnlySpan<Level> BidsOf(int index) => LevelsOf(index)[.._entries[index].Depth.BidCount];

    public ReadOnlySpan<Level> AsksOf(int index) => LevelsOf(index)[_entries[index].Depth.BidCount..];

    private ReadOnlySpan<Level> LevelsOf(int index) =>
        Payload.Levels(_words.AsSpan(_entries[index].Start, _entries[index].Words));
}
