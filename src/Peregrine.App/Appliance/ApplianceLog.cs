using System.Globalization;

namespace Peregrine.App.Appliance;

/// <summary>Says to standard error what a person may want to know, and keeps the last lines for screens. For cold code, from any thread.</summary>
internal sealed class ApplianceLog(TextWriter output, TimeProvider time)
{
    private const int RecentMax = 8;

    private readonly Lock _lock = new();
    private string[] _recent = [];

    /// <summary>The last lines, oldest first.</summary>
    public IReadOnlyList<string> Recent => Volatile.Read(ref _recent);

    public void Write(string text)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():HH:mm:ss.fff} {text}");
        lock (_lock)
        {
            _recent = [.. _recent.TakeLast(RecentMax - 1), line];
            output.WriteLine(line);
        }
    }
}
