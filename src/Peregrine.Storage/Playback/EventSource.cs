using Peregrine.Common.Events;

namespace Peregrine.Storage.Playback;

/// <summary>Events of one table or one chunk, one after another in the order of their sequences.</summary>
internal abstract class EventSource
{
    /// <summary>The sequence of the event that is next.</summary>
    internal long Sequence { get; set; }

    /// <summary>Gives the next event to the handler if the filter accepts it; true when it did.</summary>
    internal abstract bool Play(IEventHandler handler, RecordingFilter filter);

    /// <summary>Moves on; false when there is nothing left.</summary>
    internal abstract bool MoveNext();
}
