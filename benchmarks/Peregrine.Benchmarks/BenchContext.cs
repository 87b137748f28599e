namespace Peregrine.Benchmarks;

/// <summary>What a benchmark may use: how often, where, and on which recordings.</summary>
public sealed record BenchContext
{
    /// <summary>How many rounds the alternatives take turns.</summary>
    public required int Rounds { get; init; }

    /// <summary>An empty folder for its files; it is deleted afterwards.</summary>
    public required string WorkFolder { get; init; }

    /// <summary>Recorded raw messages to measure on; may be empty.</summary>
    public required IReadOnlyList<string> DataFiles { get; init; }

    /// <summary>A folder with trained models to measure instead of random ones of the same shapes; null for none.</summary>
    public string? ModelsFolder { get; init; }

    /// <summary>The command that starts this program: the host and, where there is one, the assembly.</summary>
    public required IReadOnlyList<string> Program { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Called with a sentence about what is being done, for whoever waits.</summary>
    public Action<string>? Progress { get; init; }

    /// <summary>Ends the run between two measurements.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>A new folder of a benchmark's own.</summary>
    public string NewFolder(string name)
    {
        string path = Path.Combine(WorkFolder, name);
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        Directory.CreateDirectory(path);
        return path;
    }
}
