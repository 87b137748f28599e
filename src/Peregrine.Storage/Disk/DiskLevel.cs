using Peregrine.Common.Events;

namespace Peregrine.Storage.Disk;

/// <summary>How much of the recording the disk still has room for. Each level leaves out more than the one before.</summary>
public enum DiskLevel
{
    /// <summary>Everything is recorded.</summary>
    Plenty = 0,

    /// <summary>Book depth, most of the volume, is left out.</summary>
    NoDepth = 1,

    /// <summary>Only the ledger is recorded: what was decided, ordered and answered, and what is missing.</summary>
    LedgerOnly = 2,

    /// <summary>As before, on the room that the ballast left; trading has to end.</summary>
    Halt = 3,
}

/// <summary>What each level records.</summary>
public static class DiskLevels
{
    /// <summary>Whether events of the kind are recorded at the level.</summary>
    public static bool Records(this DiskLevel level, EventKind kind) => level switch
    {
        DiskLevel.Plenty => true,
        DiskLevel.NoDepth => kind is not (EventKind.Depth20 or EventKind.DepthDiff or EventKind.DepthSnapshot),
        _ => IsLedger(kind),
    };

    /// <summary>What must be known of every order and every session, whatever else is left out. Kinds of a newer program count as such.</summary>
    public static bool IsLedger(EventKind kind) => !kind.IsMarket() && kind != EventKind.Timer;

    /// <summary>For logs and people.</summary>
    public static string Text(this DiskLevel level) => level switch
    {
        DiskLevel.Plenty => "everything is recorded",
        DiskLevel.NoDepth => "book depth is not recorded",
        DiskLevel.LedgerOnly => "only orders, decisions, balances and gaps are recorded",
        _ => "the disk is full: only orders, decisions, balances and gaps are recorded, on the last reserve, and trading must stop",
    };
}
