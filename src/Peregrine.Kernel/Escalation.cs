namespace Peregrine.Kernel;

/// <summary>Why the process must end with a non-zero exit code: something failed that no restart inside it can mend.</summary>
/// <param name="Path">The actor it began with.</param>
public sealed record Escalation(string Path, string Reason)
{
    public override string ToString() => $"{Path}: {Reason}";
}

/// <summary>Something that the supervisor saw or did, for the log.</summary>
public readonly record struct SupervisorNotice(DateTimeOffset Time, string Path, string Text, bool IsError);
