namespace Peregrine.Storage.Files;

/// <summary>
/// Names of the points in a file's life at which a test may cut: before or after each step that the disk will remember. What begins is announced before,
/// what is done after.
/// </summary>
public static class PoolSteps
{
    public const string CreateBegins = "create begins";
    public const string CreateWritten = "create written";
    public const string CreateFlushed = "create flushed";
    public const string CreateNamed = "create named";
    public const string CreateDone = "create done";
    public const string SwitchBegins = "switch begins";
    public const string SwitchOpened = "switch opened";
    public const string SwitchDone = "switch done";
    public const string SealBegins = "seal begins";
    public const string SealBroughtHome = "seal brought home";
    public const string SealLeftWal = "seal left wal";
    public const string SealDone = "seal done";
    public const string CheckpointBegins = "checkpoint begins";
    public const string CheckpointDone = "checkpoint done";
    public const string SetAsideBegins = "set aside begins";
    public const string SetAsideNamed = "set aside named";
    public const string SetAsideCompanion = "set aside companion";
    public const string SetAsideDone = "set aside done";

    /// <summary>Those of a week's end, in their order.</summary>
    public static IReadOnlyList<string> Rotation { get; } =
    [
        SwitchBegins, CreateBegins, CreateWritten, CreateFlushed, CreateNamed, CreateDone, SwitchOpened, SwitchDone, SealBegins, SealBroughtHome, SealLeftWal, SealDone,
    ];

    /// <summary>Those of a damaged file, in their order.</summary>
    public static IReadOnlyList<string> SetAside { get; } = [SetAsideBegins, SetAsideNamed, SetAsideCompanion, SetAsideDone];
}
