namespace Peregrine.Testing;

/// <summary>Where the project and its neighbours lie on this machine.</summary>
public static class Repository
{
    /// <summary>The folder that holds Peregrine.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>
    /// A file or folder of the recordings and fixtures that lie beside the project, or null where they do not.
    /// A test that needs one calls <c>Assert.SkipWhen</c> on null.
    /// </summary>
    public static string? Shared(string relativePath)
    {
        string folder = Environment.GetEnvironmentVariable("PEREGRINE_SHARED") ?? Path.Combine(Root, "..", "shared");
        string path = Path.GetFullPath(Path.Combine(folder, relativePath));
        return File.Exists(path) || Directory.Exists(path) ? path : null;
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Peregrine.slnx"))) return folder.FullName;
        throw new DirectoryNotFoundException($"No Peregrine.slnx above {AppContext.BaseDirectory}");
    }
}
