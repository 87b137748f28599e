using Peregrine.Common.Events;
using Peregrine.Storage.Chunks;

namespace Peregrine.Storage.Playback;

/// <summary>The events of one chunk. It goes back to its file's pool when it is through.</summary>
internal sealed class ChunkSource(Stack<ChunkSource> pool) : EventSource
{
    private int _at;

    internal DecodedChunk Chunk { get; } = new();

    internal void Rewind()
    {
        _at = 0;
        Sequence = Chunk.Sequences[0];
    }

    internal override bool MoveNext()
    {
        if (++_at < Chunk.Count)
        {
            Sequence = Chunk.Sequences[_at];
            return true;
        }
        pool.Push(this);
        return false;
    }

    internal override bool Play(IEventHandler handler, RecordingFilter filter)
    {
        ref readonly MarketEvent entry = ref Chunk[_at];
        if (!filter.Accepts(Sequence, in entry)) return false;
        handler.OnEvent(Sequence, in entry, Chunk.PayloadOf(_at));
        return true;
    }
}
