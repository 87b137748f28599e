using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Peregrine.Storage.Backups;

/// <summary>A piece of a file in memory that does not move, with the number of those who still use it.</summary>
internal sealed class Piece
{
    internal const int Size = 1 << 20;

    private int _users;

    internal byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(Size, pinned: true);

    /// <summary>How many bytes of it count.</summary>
    internal int Count { get; set; }

    internal void SharedBy(int users) => Volatile.Write(ref _users, users);

    /// <summary>True for the last one that lets go.</summary>
    internal bool LetGo() => Interlocked.Decrement(ref _users) == 0;
}

/// <summary>
/// Hashes pieces on a thread of its own while another thread compresses the same ones: without hardware support SHA-256 takes longer than zstd's lower
/// levels. A fixed number of pieces goes round, so that memory does not grow with the file.
/// </summary>
internal sealed class HashThread : IDisposable
{
    private const int Pieces = 6;

    private readonly BlockingCollection<Piece> _free = [];
    private readonly BlockingCollection<(IncrementalHash Hash, Piece Piece)> _work = [];
    private readonly Thread _thread;

    internal HashThread()
    {
        for (int i = 0; i < Pieces; i++) _free.Add(new Piece());
        _thread = new Thread(Work) { IsBackground = true, Name = "hash" };
        _thread.Start();
    }

    /// <summary>A piece that nobody uses; waits for one.</summary>
    internal Piece Take() => _free.Take();

    /// <summary>Adds the piece to the hash, if there is one. The caller may read it until it lets go of it.</summary>
    internal void Add(IncrementalHash? hash, Piece piece)
    {
        piece.SharedBy(hash is null ? 1 : 2);
        if (hash is null) return;
        _work.Add((hash, piece));
    }

    internal void LetGo(Piece piece)
    {
        if (piece.LetGo()) _free.Add(piece);
    }


    /// <summary>Waits until all that was added is hashed. Nothing may be added afterwards.</summary>
    internal void Finish()
    {
        _work.CompleteAdding();
        _thread.Join();
    }

    private void Work()
    {
        foreach ((IncrementalHash hash, Piece piece) in _work.GetConsumingEnumerable())
        {
            hash.AppendData(piece.Bytes.AsSpan(0, piece.Count));
            LetGo(piece);
        }
    }

    public void Dispose()
    {
        Finish();
        _free.Dispose();
        _work.Dispose();
    }
}
