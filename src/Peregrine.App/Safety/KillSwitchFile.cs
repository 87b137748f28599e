using System.Globalization;
using System.Text;

using Peregrine.Execution.Risk;

namespace Peregrine.App.Safety;

/// <summary>
/// The latched level of the kill switch in the state folder, over restarts. The file has its blocks from the first start on and is overwritten in place, so that
/// a full disk cannot keep it from being set. A person may write a level into it by hand, or create <see cref="TouchName"/>, which means cancelAll.
/// </summary>
internal sealed class KillSwitchFile
{
    /// <summary>Holds one line: a level, a reason and a time.</summary>
    public const string Name = "killswitch";

    /// <summary>An empty file of this name, made by anybody who may write the folder, cancels everything.</summary>
    public const string TouchName = "KILL";

    private const int LineBytes = 128;

    private readonly string _path;
    private readonly string _touch;

    public KillSwitchFile(string folder)
    {
        _path = Path.Combine(folder, Name);
        _touch = Path.Combine(folder, TouchName);
    }

    /// <summary>What is latched. A file that says nothing we know is taken for cancelAll: somebody wanted something to stop.</summary>
    public (KillLevel Level, HaltReason Reason) Read()
    {
        if (File.Exists(_touch)) return (KillLevel.CancelAll, HaltReason.Operator);
        string[] words;
        try
        {
            words = File.ReadAllText(_path).Split((char[])[' ', '\n', '\r', '\0', '\t'], StringSplitOptions.RemoveEmptyEntries);
        }
        catch (FileNotFoundException)
        {
            return (KillLevel.None, HaltReason.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (KillLevel.CancelAll, HaltReason.Latched);
        }
        if (words.Length == 0) return (KillLevel.None, HaltReason.None);
        HaltReason reason = words.Length > 1 && Enum.TryParse(words[1], ignoreCase: true, out HaltReason said) ? said : HaltReason.Operator;
        return TryParse(words[0], out KillLevel level) ? (level, level == KillLevel.None ? HaltReason.None : reason) : (KillLevel.CancelAll, reason);
    }

    /// <summary>Latches a level; on the disk before this returns, as far as the disk can be trusted.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Write(KillLevel level, HaltReason reason, DateTimeOffset now)
    {
        string line = string.Create(CultureInfo.InvariantCulture, $"{Text(level)} {reason} {now:yyyy-MM-ddTHH:mm:ssZ}");
        byte[] bytes = Encoding.ASCII.GetBytes(line.PadRight(LineBytes - 1) + "\n");
        using FileStream file = new(_path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Nothing is latched any more.</summary>
    public void Clear(DateTimeOffset now)
    {
        File.Delete(_touch);
        Write(KillLevel.None, HaltReason.Operator, now);
    }

    /// <summary>Makes the file where there is none, so that later it only has to be overwritten.</summary>
    public void Prepare(DateTimeOffset now)
    {
        if (!File.Exists(_path)) Write(KillLevel.None, HaltReason.None, now);
    }

    public static string Text(KillLevel level) => level switch
    {
        KillLevel.None => "none",
        KillLevel.ReduceOnly => "reduceOnly",
        KillLevel.HaltNew => "halt",
        KillLevel.CancelAll => "cancelAll",
        _ => "flatten",
    };

    /// <summary>The levels as a person writes them.</summary>
    public static bool TryParse(string text, out KillLevel level)
    {
        foreach (KillLevel candidate in Enum.GetValues<KillLevel>())
        {
            if (!Text(candidate).Equals(text, StringComparison.OrdinalIgnoreCase)) continue;
            level = candidate;
            return true;
        }
        level = KillLevel.None;
        return false;
    }
}
