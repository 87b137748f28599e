using System.Globalization;

namespace Peregrine.Inference.Format;

/// <summary>Weights in files beside the model. Only files in the model's own folder are opened, and no link is followed.</summary>
internal sealed class ExternalData(string? folder, ModelLimits limits)
{
    private long _bytesRead;

    /// <exception cref="ModelException">A path out of the folder, a missing or short file, or too much data.</exception>
    public byte[] Read(IReadOnlyDictionary<string, string> entries, string where)
    {
        if (folder is null) throw new ModelException($"{where} lies in another file, but the model was loaded from memory. Load it by path.");
        if (!entries.TryGetValue("location", out string? location) || location.Length == 0)
            throw new ModelException($"{where} is marked as external and names no location.");
        string path = Resolve(location, where);
        long offset = Number(entries, "offset", 0, where);
        try
        {
            using FileStream file = File.OpenRead(path);
            long length = Number(entries, "length", file.Length - offset, where);
            if (offset < 0 || length < 0 || offset > file.Length || length > file.Length - offset)
                throw new ModelException($"{where} wants {length} bytes at {offset} of '{location}', which has {file.Length}.");
            if (length > limits.FileBytesMax - _bytesRead)
                throw new ModelException($"{where}: external data is larger than the {limits.FileBytesMax} bytes allowed.");
            _bytesRead += length;
            var bytes = new byte[length];
            file.Position = offset;
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"{where} lies in '{location}', which cannot be read: {e.Message}", e);
        }
    }

    private string Resolve(string location, string where)
    {
        string[] parts = location.Split('/', '\\');
        if (Path.IsPathRooted(location) || location.Contains('\0', StringComparison.Ordinal) || location.Contains(':', StringComparison.Ordinal) || parts.Any(part => part is ".." or ""))
            throw new ModelException($"{where} points to '{location}'; external data must be a relative path inside the model's folder.");
        string path = folder!;
        foreach (string part in parts)
        {
            path = Path.Combine(path, part);
            if (new FileInfo(path).LinkTarget is not null)
                throw new ModelException($"{where} points to '{location}', which is or passes a symbolic link; external data must lie in the model's folder itself.");
        }
        return path;
    }

    private static long Number(IReadOnlyDictionary<string, string> entries, string key, long otherwise, string where)
    {
        if (!entries.TryGetValue(key, out string? text)) return otherwise;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw new ModelException($"{where} has external {key} '{text}'; a whole number of bytes is allowed.");
    }
}
