using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

using Peregrine.Common.Events;

namespace Peregrine.MarketData;

/// <summary>
/// A broadcast ring of preallocated 64-byte slots with a second ring of payload words beside it. One producer, any number of readers, each with
/// a cursor of its own. The producer is never blocked and wakes nobody; a reader that falls a whole ring behind is told how much it lost.
/// </summary>
/// <remarks>
/// The producer announces what it is about to overwrite before it does so (in blocks, so that the announcement costs nothing per event), and
/// readers look at the announcement after they have read: what was read is whole if it had not been announced yet.
/// </remarks>
public sealed class EventRing : IEventWriter
{
    /// <summary>Slots and words that are announced at a time; a reader's usable ring is shorter by as much.</summary>
    private const int SlotBlock = 256;
    private const int CacheLineBytes = 64;
    private const int WordBlock = 32_768;

    // Slots begin at a cache line: an event that lay on two would cost two hand-overs. The memory is pinned, so that it stays that way.
    private readonly byte[] _memory;
    private readonly nint _first;
    private readonly long[] _words;
    private readonly int _slotCount;
    private readonly long _slotMask;
    private readonly long _wordMask;
    private readonly IEventHandler? _inline;

    // Positions only ever grow. The producer's own copies, and what readers may see, each on lines that nobody else's writes touch.
    private Line _next;
    private Line _wordNext;
    private Line _published;
    private Line _slotsAnnounced;
    private Line _wordsAnnounced;

    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Line
    {
        [FieldOffset(64)] public long Value;
    }

    /// <param name="slots">Events the ring holds, a power of two from 1,024 on.</param>
    /// <param name="words">Payload words the ring holds, a power of two from 131,072 on.</param>
    /// <param name="firstSequence">The sequence of the first event: one more than the last that was ever recorded.</param>
    /// <param name="inline">Sees each event on the producer's thread right after it was published.</param>
    public EventRing(int slots, int words, long firstSequence = 1, IEventHandler? inline = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slots, 4 * SlotBlock);
        ArgumentOutOfRangeException.ThrowIfLessThan(words, 4 * WordBlock);
        if (!System.Numerics.BitOperations.IsPow2(slots)) throw new ArgumentException($"{slots} is not a power of two.", nameof(slots));
        if (!System.Numerics.BitOperations.IsPow2(words)) throw new ArgumentException($"{words} is not a power of two.", nameof(words));
        _memory = GC.AllocateArray<byte>(checked((slots * MarketEvent.SizeBytes) + CacheLineBytes), pinned: true);
        _first = -Marshal.UnsafeAddrOfPinnedArrayElement(_memory, 0) & (CacheLineBytes - 1);
        _slotCount = slots;
        _words = GC.AllocateArray<long>(words, pinned: true);
        _slotMask = slots - 1;
        _wordMask = words - 1;
        _next.Value = firstSequence;
        _inline = inline;
        _published.Value = firstSequence - 1;
        _slotsAnnounced.Value = firstSequence - 1;
    }

    public int Slots => _slotCount;

    /// <summary>The most payload words that one event can have.</summary>
    public int PayloadWordsMax => WordBlock;

    /// <summary>The sequence of the newest event, one below the first where there is none.</summary>
    public long Published => Volatile.Read(ref _published.Value);

    /// <summary>Producer: the next slot, cleared. Nothing happens until <see cref="Publish"/>; a claim that is not published is simply claimed again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref MarketEvent Claim()
    {
        long next = _next.Value;
        if (next > _slotsAnnounced.Value) AnnounceSlots();
        ref MarketEvent slot = ref Slot(next);
        slot = default;
        return ref slot;
    }

    /// <summary>Producer: the slot that was claimed and filled, before it is published.</summary>
    public ref readonly MarketEvent Claimed
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Slot(_next.Value);
    }

    /// <summary>Producer: gives up the claimed slot and its payload words, which the next event takes.</summary>
    public void Discard()
    {
        ref MarketEvent slot = ref Slot(_next.Value);
        if (slot.HasPayload) _wordNext.Value = slot.PayloadPosition;
        slot = default;
    }

    /// <summary>Producer: room for payload words behind each other; <see cref="SetPayload"/> says how many were used.</summary>
    public Span<long> ClaimWords(int wordsMax)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(wordsMax, WordBlock);
        long toEnd = _words.Length - (_wordNext.Value & _wordMask);
        if (toEnd < wordsMax) _wordNext.Value += toEnd; // Never split a payload: skip the rest of this lap.
        if (_wordNext.Value + wordsMax > _wordsAnnounced.Value) AnnounceWords();
        return _words.AsSpan((int)(_wordNext.Value & _wordMask), wordsMax);
    }

    /// <summary>Producer: gives the first <paramref name="words"/> of the claimed words to the event.</summary>
    public void SetPayload(ref MarketEvent slot, int words)
    {
        slot.Flags |= EventFlags.HasPayload;
        slot.PayloadPosition = _wordNext.Value;
        slot.PayloadWords = words;
        _wordNext.Value += words;
    }

    /// <summary>Producer: makes the claimed slot visible, runs the inline handler on it, and returns its sequence.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Publish()
    {
        long sequence = _next.Value;
        _next.Value = sequence + 1;
        Volatile.Write(ref _published.Value, sequence);
        if (_inline is not null)
        {
            ref readonly MarketEvent slot = ref Slot(sequence);
            _inline.OnEvent(sequence, in slot, slot.HasPayload ? WordsOf(in slot) : default);
        }
        return sequence;
    }

    /// <inheritdoc/>
    public long Append(in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        Span<long> words = payload.IsEmpty ? default : ClaimWords(payload.Length);
        payload.CopyTo(words);
        ref MarketEvent slot = ref Claim();
        slot = entry;
        slot.Flags &= ~EventFlags.HasPayload;
        if (!payload.IsEmpty) SetPayload(ref slot, payload.Length);
        return Publish();
    }

    /// <summary>A reader that begins with the next event to be published.</summary>
    public IEventReader Subscribe() => new Reader(this, Published + 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref MarketEvent Slot(long sequence) => ref Unsafe.As<byte, MarketEvent>(
        ref Unsafe.AddByteOffset(ref MemoryMarshal.GetArrayDataReference(_memory), _first + (nint)((sequence & _slotMask) * MarketEvent.SizeBytes)));

    private ReadOnlySpan<long> WordsOf(in MarketEvent entry)
    {
        int start = (int)(entry.PayloadPosition & _wordMask);
        // A reader may be looking at a slot that is being overwritten; whatever it holds must not lead out of the array.
        int length = Math.Clamp(entry.PayloadWords, 0, _words.Length - start);
        return new ReadOnlySpan<long>(_words, start, length);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AnnounceSlots()
    {
        Volatile.Write(ref _slotsAnnounced.Value, _next.Value + SlotBlock - 1);
        Volatile.WriteBarrier(); // The announcement is seen before any of the overwriting is.
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AnnounceWords()
    {
        Volatile.Write(ref _wordsAnnounced.Value, _wordNext.Value + (2 * WordBlock));
        Volatile.WriteBarrier();
    }

    private sealed class Reader(EventRing ring, long first) : IEventReader
    {
        private readonly long _first = first;
        private long _cursor = first;
        private long _batchWordsFrom = long.MaxValue;

        public long Skipped { get; private set; }
        public long Cursor => _cursor;
        public long Backlog => ring.Published - _cursor + 1;

        public RingRead Read(int max, out ReadOnlySpan<MarketEvent> events, out long firstSequence)
        {
            _batchWordsFrom = long.MaxValue;
            events = default;
            firstSequence = _cursor;
            long published = ring.Published;
            if (published < _cursor) return RingRead.Empty;
            bool wordsLost = _wordsLost;
            _wordsLost = false;
            if (SlotsOverwritten(_cursor))
            {
                // Half a ring of room, or the next look would find the reader behind again.
                long resume = Math.Max(_cursor + 1, published - (ring._slotCount / 2));
                Skipped = resume - _cursor;
                _cursor = resume;
                return RingRead.Lagged;
            }
            int start = (int)(_cursor & ring._slotMask);
            long count = Math.Min(Math.Min(published - _cursor + 1, max), ring._slotCount - start);
            if (wordsLost)
            {
                // Payloads go in the order of their events: none before the first that is whole is, but events without one still are.
                int readable = 0;
                while (readable < count && !IsGone(in ring.Slot(_cursor + readable))) readable++;
                if (readable == 0)
                {
                    Skipped = 1;
                    while (Skipped < count && IsGone(in ring.Slot(_cursor + Skipped))) Skipped++;
                    _cursor += Skipped;
                    return RingRead.Lagged;
                }
                count = readable;
            }
            events = MemoryMarshal.CreateReadOnlySpan(ref ring.Slot(_cursor), (int)count);
            return RingRead.Events;
        }

        public ReadOnlySpan<long> PayloadOf(in MarketEvent entry)
        {
            long position = entry.PayloadPosition;
            _batchWordsFrom = Math.Min(_batchWordsFrom, position);
            return WordsOverwritten(position) ? default : ring.WordsOf(in entry);
        }

        public bool Advance(int count)
        {
            Volatile.ReadBarrier(); // All reads of the batch come before the look at the announcements.
            if (SlotsOverwritten(_cursor)) return false;
            if (_batchWordsFrom != long.MaxValue && WordsOverwritten(_batchWordsFrom))
            {
                _wordsLost = true;
                return false;
            }
            _cursor += count;
            return true;
        }

        public long Rewind(long sequence)
        {
            sequence = Math.Max(sequence, _first);
            if (sequence >= _cursor) return _cursor;
            // An eighth of a ring of room where it is gone already, or the producer would be there again before the reader.
            if (SlotsOverwritten(sequence)) sequence = Volatile.Read(ref ring._slotsAnnounced.Value) - (ring._slotCount / 8 * 7);
            _cursor = Math.Min(_cursor, sequence);
            _batchWordsFrom = long.MaxValue;
            _wordsLost = false;
            return _cursor;
        }

        // Set when only the payload was overwritten: the slots alone would look whole at the next read.
        private bool _wordsLost;

        private bool IsGone(in MarketEvent entry) => entry.HasPayload && WordsOverwritten(entry.PayloadPosition);

        private bool SlotsOverwritten(long sequence) => Volatile.Read(ref ring._slotsAnnounced.Value) - ring._slotCount >= sequence;

        private bool WordsOverwritten(long position) => Volatile.Read(ref ring._wordsAnnounced.Value) - ring._words.Length > position;
    }
}
