namespace Peregrine.Storage.Sqlite;

/// <summary>What a checkpoint left: pages in the log, and how many of them lie in the database as well.</summary>
internal readonly record struct WalState(int Pages, int BroughtHome)
{
    private const int FrameBytes = 4096 + 24;

    /// <summary>Bytes of the log that cannot be written over yet.</summary>
    internal long HeldBytes => BroughtHome >= Pages ? 0 : (long)Pages * FrameBytes;
}
