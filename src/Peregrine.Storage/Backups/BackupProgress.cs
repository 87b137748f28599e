namespace Peregrine.Storage.Backups;

/// <summary>What a backup or a restore is doing.</summary>
public enum BackupStage
{
    None = 0,

    /// <summary>Looking at what is there: hashes, SQLite's check.</summary>
    Checking = 1,
    Compressing = 2,

    /// <summary>Reading the result back.</summary>
    Verifying = 3,
    Decompressing = 4,
    Done = 5,

    /// <summary>Another backup is writing into the same folder.</summary>
    Waiting = 6,

    /// <summary>Making a consistent copy of a live file.</summary>
    Copying = 7,
}

/// <summary>How far a backup or a restore is: bytes of the database done and in all.</summary>
public readonly record struct BackupProgress(BackupStage Stage, long DoneBytes, long TotalBytes);
