using Peregrine.Execution.Journal;
using Peregrine.Kernel;

namespace Peregrine.App.Appliance;

/// <summary>Brings the intents to the disk once a second: what a power cut may take is bounded by it. A killed process loses nothing either way.</summary>
internal sealed class JournalFlusher(IntentJournal? journal, TimeProvider time) : IActor
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private long _next;

    public bool Turn()
    {
        long now = time.GetTimestamp();
        if (journal is null || now < _next) return false;
        _next = now + (long)(Every.TotalSeconds * time.TimestampFrequency);
        journal.FlushToDisk();
        return true;
    }
}
