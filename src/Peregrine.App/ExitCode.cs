namespace Peregrine.App;

/// <summary>How the program ends, the same for every command.</summary>
public static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int WrongUsage = 2;
    public const int BadConfiguration = 3;
    public const int RefusedForSafety = 4;
}

/// <summary>Ends a command with a message for a person and one of the exit codes.</summary>
public sealed class StopException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
