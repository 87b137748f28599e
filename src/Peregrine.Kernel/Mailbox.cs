using System.Numerics;
using System.Runtime.CompilerServices;

namespace Peregrine.Kernel;

/// <summary>
/// A bounded queue of messages for one actor, which belongs to the actor and not to its incarnation. Any number of threads may post; neither
/// side locks or allocates, and only <see cref="Post"/> waits.
/// </summary>
/// <remarks>
/// <para>A message counts as handled when the turn that took it ends well, or when the next one is taken. An incarnation that fails on a message
/// leaves it to the next one, first in line; what two incarnations failed on is set aside (<see cref="DeadLetter"/>). So a message may be
/// delivered twice, never lost, and each sender's messages arrive in its order. A perishable one is handled when it is taken.</para>
/// <para>Only the thread of the actor's current incarnation can take: one that was given up finds the box empty. Before a supervisor has the
/// box, and after it has stopped, any thread may take, and what it takes is its own.</para>
/// <para>A ring of slots, each with a turnstile: it shows the position that may write it next, or that position plus one once it can be read
/// (Dmitry Vyukov's bounded queue). A message in hand stays in its slot. The place of the next take carries the lease's mark, so that a thread
/// whose lease was revoked cannot move it, however late it wakes.</para>
/// </remarks>
public sealed class Mailbox<T> : ISupervisedMailbox
{
    private struct Slot
    {
        public long Turnstile;
        public long PostedAt;
        public T Message;
    }

    /// <summary>One incarnation's right to take, and what it has in hand.</summary>
    private sealed class Holder(Thread? thread, long mark)
    {
        public const long Nothing = -1;
        public readonly Thread? Thread = thread;
        public readonly long Mark = mark;
        public long InHand = Nothing; // A position; written by the thread, read by the control thread.
        public bool IsFrozen; // The thread's own.
    }

    /// <summary>Enough positions for eight years of a million messages a second; the upper 16 bits are the mark.</summary>
    private const int PositionBits = 48;
    private const long PositionMask = (1L << PositionBits) - 1;
    private const int DeliveriesMax = 2;
    private const long AnyMark = -1;

    private static readonly bool MayHoldAsks = !typeof(T).IsValueType;

    private readonly Slot[] _slots;
    private readonly long _mask;
    private readonly TimeProvider _time;
    private readonly Func<T, string>? _describe;
    private LonelyLong _postNext;
    private LonelyLong _takeNext;
    private long _dropped;
    private Holder? _holder; // Null: nobody's, and anybody may take.
    private volatile bool _closed;
    private volatile bool _retired;

    // The control thread's own: the last message that an incarnation failed on, and how many did.
    private long _failedOn = Holder.Nothing;
    private int _failures;

    /// <param name="capacity">A power of two from 2 on; the message in hand takes up a place.</param>
    /// <param name="describe">A message as text, for the dead letter that it may become; <see cref="object.ToString"/> without it.</param>
    public Mailbox(int capacity, TimeProvider time, MailClass mailClass = MailClass.Durable, Func<T, string>? describe = null)
    {
        if (capacity < 2 || !BitOperations.IsPow2(capacity)) throw new ArgumentException($"{capacity} is not a power of two from 2 on.", nameof(capacity));
        _slots = new Slot[capacity];
        for (int i = 0; i < capacity; i++) _slots[i].Turnstile = i;
        _mask = capacity - 1;
        _time = time;
        _describe = describe;
        Class = mailClass;
    }

    public MailClass Class { get; }

    public int Capacity => _slots.Length;

    public int Depth => (int)Math.Clamp(Volatile.Read(ref _postNext.Value) - Place(Volatile.Read(ref _takeNext.Value)), 0, _slots.Length);

    public long Dropped => Volatile.Read(ref _dropped);

    public bool IsClosed => _closed || _retired;

    public TimeSpan? OldestAge
    {
        get
        {
            long position = Place(Volatile.Read(ref _takeNext.Value));
            ref Slot slot = ref _slots[position & _mask];
            if (Volatile.Read(ref slot.Turnstile) != position + 1) return null;
            long postedAt = Volatile.Read(ref slot.PostedAt);
            // Taken and written again meanwhile: whatever waits now has just come.
            return Volatile.Read(ref slot.Turnstile) != position + 1 ? TimeSpan.Zero : _time.GetElapsedTime(postedAt);
        }
    }

    long ISupervisedMailbox.Handled => Place(Volatile.Read(ref _takeNext.Value));

    public void Close() => _closed = true;

    /// <summary>
    /// Leaves a message. False, counted as dropped, when the box is closed, or full and not perishable: a full perishable box makes room by
    /// dropping its oldest.
    /// </summary>
    public bool TryPost(T message)
    {
        if (TryEnter(message)) return true;
        if (Class == MailClass.Perishable)
        {
            // Twice: another sender may take the room that the first made. More often would empty the box while one slow reader holds a slot.
            for (int attempt = 0; attempt < 2 && !IsClosed; attempt++)
            {
                if (TryRemove(AnyMark, out T oldest)) Drop(oldest);
                if (TryEnter(message)) return true;
            }
        }
        Interlocked.Increment(ref _dropped);
        return false;
    }

    /// <summary>Leaves a message that must not be dropped: waits for room as long as that. False, counted as dropped, when there was none.</summary>
    /// <exception cref="MailboxClosedException">The actor has stopped, or will take no more.</exception>
    public bool Post(T message, TimeSpan patience)
    {
        if (Class == MailClass.Perishable && !IsClosed) return TryPost(message); // It has room at once.
        long begin = _time.GetTimestamp();
        var spinner = new SpinWait();
        while (true)
        {
            if (IsClosed)
            {
                Interlocked.Increment(ref _dropped);
                throw new MailboxClosedException();
            }
            if (TryEnter(message)) return true;
            if (_time.GetElapsedTime(begin) >= patience) break;
            spinner.SpinOnce();
        }
        Interlocked.Increment(ref _dropped);
        return false;
    }

    /// <summary>
    /// Takes the oldest message, or answers false when none waits. The one taken before it counts as handled. After a turn that threw, the
    /// incarnation's disposal finds the box empty.
    /// </summary>
    /// <exception cref="InvalidOperationException">The box belongs to an actor, and this is not its thread.</exception>
    public bool TryTake(out T message)
    {
        Holder? holder = Volatile.Read(ref _holder);
        if (holder is null || !ReferenceEquals(holder.Thread, Thread.CurrentThread))
        {
            message = default!;
            if (Incarnation.OfThisThread?.Has(this) == true) return false; // It was given up.
            if (holder is null) return TryRemove(AnyMark, out message);
            throw new InvalidOperationException("Only the actor that owns this mailbox takes from it.");
        }
        if (holder.IsFrozen)
        {
            message = default!;
            return false;
        }
        if (Class == MailClass.Perishable) return TryRemove(holder.Mark, out message);
        Finish(holder);
        while (TryShow(holder, out message))
        {
            if (!MayHoldAsks || message is not IAsk { IsAnswered: true }) return true;
            Finish(holder); // Whoever asked waits no longer.
        }
        return false;
    }

    void ISupervisedMailbox.Bind() => Volatile.Write(ref _holder, new Holder(thread: null, Mark(Volatile.Read(ref _takeNext.Value))));

    void ISupervisedMailbox.Lease(Thread thread)
    {
        // What came while nobody was there is stale too, but for what came before the first incarnation: that is where it begins.
        if (Class == MailClass.Perishable && Mark(Volatile.Read(ref _takeNext.Value)) != 0) Perish();
        _retired = false;
        Volatile.Write(ref _holder, new Holder(thread, Mark(Volatile.Read(ref _takeNext.Value))));
    }

    void ISupervisedMailbox.EndTurn()
    {
        if (Volatile.Read(ref _holder) is { IsFrozen: false } holder && ReferenceEquals(holder.Thread, Thread.CurrentThread)) Finish(holder);
    }

    void ISupervisedMailbox.Freeze()
    {
        if (Volatile.Read(ref _holder) is { } holder && ReferenceEquals(holder.Thread, Thread.CurrentThread)) holder.IsFrozen = true;
    }

    Func<string>? ISupervisedMailbox.Revoke(bool failed, AskOutcome asks)
    {
        if (_holder is not { Thread: not null } holder) return null;
        long position = ChangeMark();
        Volatile.Write(ref _holder, new Holder(thread: null, Mark(Volatile.Read(ref _takeNext.Value))));
        if (Class == MailClass.Perishable)
        {
            Perish();
            return null;
        }
        Func<string>? deadLetter = failed && Volatile.Read(ref holder.InHand) == position ? CountFailure(position) : null;
        AnswerAsks(asks);
        return deadLetter;
    }

    void ISupervisedMailbox.Retire()
    {
        _retired = true;
        Interlocked.MemoryBarrier(); // Whoever posts from here on sees it; what was posted before is seen here.
        AnswerAsks(AskOutcome.Stopped);
        Volatile.Write(ref _holder, null);
    }

    private static long Place(long takeNext) => takeNext & PositionMask;

    private static long Mark(long takeNext) => (long)((ulong)takeNext >> PositionBits);

    private bool TryEnter(T message)
    {
        if (IsClosed) return false;
        long position = Volatile.Read(ref _postNext.Value);
        while (true)
        {
            ref Slot slot = ref _slots[position & _mask];
            long lead = Volatile.Read(ref slot.Turnstile) - position;
            if (lead < 0) return false; // The slot still holds the message of a lap ago: full.
            long seen = lead > 0 ? Volatile.Read(ref _postNext.Value) : Interlocked.CompareExchange(ref _postNext.Value, position + 1, position);
            if (lead == 0 && seen == position)
            {
                slot.Message = message;
                slot.PostedAt = _time.GetTimestamp();
                Volatile.Write(ref slot.Turnstile, position + 1);
                if (MayHoldAsks && message is IAsk ask) AnswerIfRetired(ask);
                return true;
            }
            position = seen;
        }
    }

    private void AnswerIfRetired(IAsk ask)
    {
        Interlocked.MemoryBarrier(); // Pairs with the one in Retire: either it saw the question, or we see that it was there.
        if (_retired) ask.TryEnd(AskOutcome.Stopped, "");
    }

    /// <summary>Takes the oldest message out for good, if the place of the next take carries that mark.</summary>
    private bool TryRemove(long mark, out T message)
    {
        long takeNext = Volatile.Read(ref _takeNext.Value);
        while (mark == AnyMark || Mark(takeNext) == mark)
        {
            long position = Place(takeNext);
            ref Slot slot = ref _slots[position & _mask];
            long lead = Volatile.Read(ref slot.Turnstile) - (position + 1);
            if (lead < 0) break;
            long seen = lead > 0 ? Volatile.Read(ref _takeNext.Value) : Interlocked.CompareExchange(ref _takeNext.Value, takeNext + 1, takeNext);
            if (lead == 0 && seen == takeNext)
            {
                message = slot.Message;
                Free(ref slot, position);
                return true;
            }
            takeNext = seen;
        }
        message = default!;
        return false;
    }

    /// <summary>Holder's thread: reads the oldest message and leaves it in its slot.</summary>
    private bool TryShow(Holder holder, out T message)
    {
        long takeNext = Volatile.Read(ref _takeNext.Value);
        long position = Place(takeNext);
        ref Slot slot = ref _slots[position & _mask];
        if (Mark(takeNext) == holder.Mark && Volatile.Read(ref slot.Turnstile) == position + 1)
        {
            Volatile.Write(ref holder.InHand, position);
            message = slot.Message;
            // Either the lease was revoked before, and we see it here, or whoever revokes it sees what we have in hand.
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _takeNext.Value) == takeNext) return true;
            Volatile.Write(ref holder.InHand, Holder.Nothing);
        }
        message = default!;
        return false;
    }

    /// <summary>Holder's thread: what it has in hand is handled.</summary>
    private void Finish(Holder holder)
    {
        long position = holder.InHand;
        if (position == Holder.Nothing) return;
        ref Slot slot = ref _slots[position & _mask];
        // A question has its answer now or never: whoever asked shall not wait for one that nobody gives.
        if (MayHoldAsks && Volatile.Read(ref _takeNext.Value) == Joined(holder.Mark, position) && slot.Message is IAsk ask) ask.TryEnd(AskOutcome.Failed, "the actor gave no answer");
        Volatile.Write(ref holder.InHand, Holder.Nothing);
        if (TryAdvance(holder.Mark, position)) Free(ref slot, position);
    }

    private static long Joined(long mark, long position) => (mark << PositionBits) | position;

    private bool TryAdvance(long mark, long position)
    {
        long takeNext = Joined(mark, position);
        return Interlocked.CompareExchange(ref _takeNext.Value, takeNext + 1, takeNext) == takeNext;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Free(ref Slot slot, long position)
    {
        slot.Message = default!;
        Volatile.Write(ref slot.Turnstile, position + _slots.Length);
    }

    /// <summary>From here on no earlier lease moves the place of the next take, which is returned.</summary>
    private long ChangeMark()
    {
        while (true)
        {
            long takeNext = Volatile.Read(ref _takeNext.Value);
            long next = Math.Max(1, (Mark(takeNext) + 1) & ushort.MaxValue); // Never 0 again: that is the mark of the beginning.
            if (Interlocked.CompareExchange(ref _takeNext.Value, Joined(next, Place(takeNext)), takeNext) == takeNext) return Place(takeNext);
        }
    }

    private void Perish()
    {
        for (int i = 0; i < _slots.Length && TryRemove(AnyMark, out T message); i++) Drop(message); // Senders go on, so not for ever.
    }

    private void Drop(T message)
    {
        Interlocked.Increment(ref _dropped);
        if (MayHoldAsks && message is IAsk ask) ask.TryEnd(AskOutcome.Restarting, "");
    }

    private Func<string>? CountFailure(long position)
    {
        ref Slot slot = ref _slots[position & _mask];
        T message = slot.Message;
        if (MayHoldAsks && message is IAsk) return null; // It is answered, and does not come back.
        _failures = _failedOn == position ? _failures + 1 : 1;
        _failedOn = position;
        if (_failures < DeliveriesMax) return null;
        if (TryAdvance(Mark(Volatile.Read(ref _takeNext.Value)), position)) Free(ref slot, position);
        return () => (_describe is null ? message?.ToString() : _describe(message)) ?? "";
    }

    /// <summary>Control thread, while nobody takes: all questions that wait are answered.</summary>
    private void AnswerAsks(AskOutcome outcome)
    {
        if (!MayHoldAsks) return;
        long first = Place(Volatile.Read(ref _takeNext.Value));
        long last = Volatile.Read(ref _postNext.Value);
        for (long position = first; position < last; position++)
        {
            ref Slot slot = ref _slots[position & _mask];
            if (Volatile.Read(ref slot.Turnstile) == position + 1 && slot.Message is IAsk ask) ask.TryEnd(outcome, "");
        }
    }
}
