using System.Text.Json;

using Peregrine.Kernel;

namespace Peregrine.App.House;

/// <summary>Keeps messages that crashed their actor twice, one line of JSON each, for a person to look at.</summary>
internal sealed class DeadLetterFile(string path, Action<string> log)
{
    private const long BytesMax = 16 << 20;

    private readonly Lock _gate = new();

    /// <summary>Never throws: a letter that cannot be written is in the log.</summary>
    public void Append(DeadLetter letter)
    {
        log($"{letter.Actor}: a message crashed it twice and was set aside: {letter.Message}");
        try
        {
            lock (_gate)
            {
                if (File.Exists(path) && new FileInfo(path).Length > BytesMax) File.Move(path, path + ".old", overwrite: true);
                using FileStream file = new(path, FileMode.Append, FileAccess.Write, FileShare.Read);
                using (Utf8JsonWriter json = new(file))
                {
                    json.WriteStartObject();
                    json.WriteString("time", letter.At);
                    json.WriteString("actor", letter.Actor);
                    json.WriteString("message", letter.Message);
                    json.WriteString("sha256", letter.Hash);
                    json.WriteString("error", letter.Error);
                    json.WriteEndObject();
                }
                file.WriteByte((byte)'\n');
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            log($"{path} cannot be written: {failure.Message}");
        }
    }
}
