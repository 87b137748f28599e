using Peregrine.Common.Events;

namespace Peregrine.Storage.Export;

/// <summary>Passes events on and tells how far the recording was played.</summary>
internal sealed class ExportMeter(IEventHandler handler, long lastSequence, Action<double> progress) : IEventHandler
{
    private const int Every = 65_536;

    private long _first = -1;
    private int _untilReport = 1;

    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload)
    {
        handler.OnEvent(sequence, in entry, payload);
        if (--_untilReport > 0) return;
        _untilReport = Every;
        if (_first < 0) _first = sequence;
        progress(lastSequence <= _first ? 1 : Math.Min(1, (double)(sequence - _first) / (lastSequence - _first)));
    }
}
