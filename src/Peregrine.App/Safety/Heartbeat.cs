using System.Globalization;
using System.Text;

namespace Peregrine.App.Safety;

/// <summary>
/// A file that says when the trader last made progress, for the guard process: it holds the time in milliseconds since 1970, or <c>stopped</c> after a clean end with
/// nothing open. Rewritten in place.
/// </summary>
internal sealed class Heartbeat(string folder)
{
    public const string Name = "heartbeat";

    private const int LineBytes = 24;

    private readonly string _path = Path.Combine(folder, Name);
    private readonly byte[] _line = new byte[LineBytes];

    public void Beat(DateTimeOffset now) => Write(now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));

    /// <summary>The trader ended, and nothing of it is open.</summary>
    public void Stopped() => Write("stopped");

    /// <summary>When it last beat; null where it never did, or ended well.</summary>
    public DateTimeOffset? Read()
    {
        try
        {
            string text = File.ReadAllText(_path).Trim();
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long millis) ? DateTimeOffset.FromUnixTimeMilliseconds(millis) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private void Write(string text)
    {
        Array.Fill(_line, (byte)' ');
        Encoding.ASCII.GetBytes(text, _line);
        _line[^1] = (byte)'\n';
        try
        {
            using FileStream file = new(_path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
            file.Write(_line);
        }
        catch (IOException)
        {
            // A beat that is missing makes the guard look, which is the safe side.
        }
    }
}
