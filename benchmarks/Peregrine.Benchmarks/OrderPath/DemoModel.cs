using System.Reflection;

namespace Peregrine.Benchmarks.OrderPath;

/// <summary>The small network of the demonstration (14-8-3), which lies in this assembly.</summary>
internal static class DemoModel
{
    private const string FileName = "demo.onnx";

    /// <summary>Writes it into the folder and returns its path.</summary>
    public static string Unpack(string folder)
    {
        string path = Path.Combine(folder, FileName);
        using Stream model = Assembly.GetExecutingAssembly().GetManifestResourceStream(FileName) ?? throw new InvalidOperationException("The model of the demonstration is not in this program.");
        using FileStream file = File.Create(path);
        model.CopyTo(file);
        return path;
    }
}
