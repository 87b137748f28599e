using System.Numerics;

namespace Peregrine.Kernel;

/// <summary>
/// A bounded queue of messages for one actor, which belongs to the actor and not to its incarnation: what waits survives a restart.
/// Any number of threads may post and take; neither side locks, waits or allocates.
/// </summary>
/// <remarks>
/// A ring of slots, each with a turnstile: it shows the position that may write it next, or that position plus one once it can be read
/// (Dmitry Vyukov's bounded queue).
/// </remarks>
public sealed class Mailbox<T> : IMailbox
{
    private struct Slot
    {
        public long Turnstile;
        public long PostedAt;
        public T Message;
    }

    private readonly Slot[] _slots;
    private readonly long _mask;
    private readonly TimeProvider _time;
    private LonelyLong _postNext;
    private LonelyLong _takeNext;
    private long _dropped;
    private volatile bool _closed;

    /// <param name="capacity">A power of two from 2 on.</param>
    public Mailbox(int capacity, TimeProvider time)
    {
        if (capacity < 2 || !BitOperations.IsPow2(capacity)) throw new ArgumentException($"{capacity} is not a power of two from 2 on.", nameof(capacity));
        _slots = new Slot[capacity];
        for (int i = 0; i < capacity; i++) _slots[i].Turnstile = i;
        _mask = capacity - 1;
        _time = time;
    }

    public int Capacity => _slots.Length;

    public int Depth => (int)Math.Clamp(Volatile.Read(ref _postNext.Value) - Volatile.Read(ref _takeNext.Value), 0, _slots.Length);

    public long Dropped => Volatile.Read(ref _dropped);

    public bool IsClosed => _closed;

    public TimeSpan? OldestAge
    {
        get
        {
            long position = Volatile.Read(ref _takeNext.Value);
            ref Slot slot = ref _slots[position & _mask];
            if (Volatile.Read(ref slot.Turnstile) != position + 1) return null;
            long postedAt = Volatile.Read(ref slot.PostedAt);
            // Taken and written again meanwhile: whatever waits now has just come.
            return Volatile.Read(ref slot.Turnstile) != position + 1 ? TimeSpan.Zero : _time.GetElapsedTime(postedAt);
        }
    }

    public void Close() => _closed = true;

    /// <summary>Leaves a message, or answers false (and counts it as dropped) when the box is full or closed.</summary>
    public bool TryPost(T message)
    {
        if (!_closed)
        {
            long position = Volatile.Read(ref _postNext.Value);
            while (true)
            {
                ref Slot slot = ref _slots[position & _mask];
                long lead = Volatile.Read(ref slot.Turnstile) - position;
                if (lead < 0) break; // The slot still holds the message of a lap ago: full.
                long seen = lead > 0 ? Volatile.Read(ref _postNext.Value) : Interlocked.CompareExchange(ref _postNext.Value, position + 1, position);
                if (lead == 0 && seen == position)
                {
                    slot.Message = message;
                    slot.PostedAt = _time.GetTimestamp();
                    Volatile.Write(ref slot.Turnstile, position + 1);
                    return true;
                }
                position = seen;
            }
        }
        Interlocked.Increment(ref _dropped);
        return false;
    }

    /// <summary>Takes the oldest message, or answers false when none waits.</summary>
    public bool TryTake(out T message)
    {
        long position = Volatile.Read(ref _takeNext.Value);
        while (true)
        {
            ref Slot slot = ref _slots[position & _mask];
            long lead = Volatile.Read(ref slot.Turnstile) - (position + 1);
            if (lead < 0)
            {
                message = default!;
                return false;
            }
            long seen = lead > 0 ? Volatile.Read(ref _takeNext.Value) : Interlocked.CompareExchange(ref _takeNext.Value, position + 1, position);
            if (lead == 0 && seen == position)
            {
                message = slot.Message;
                slot.Message = default!;
                Volatile.Write(ref slot.Turnstile, position + _slots.Length);
                return true;
            }
            position = seen;
        }
    }
}
