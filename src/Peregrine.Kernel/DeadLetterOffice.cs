using System.Security.Cryptography;
using System.Text;

namespace Peregrine.Kernel;

/// <summary>Keeps the last dead letters, and tells the listener of each. Texts are made by the messages' own code, so not on the control thread.</summary>
internal sealed class DeadLetterOffice(int lettersMax, Action<DeadLetter>? listener)
{
    private readonly Lock _gate = new();
    private readonly List<DeadLetter> _letters = [];
    private readonly Clerk _clerk = new("dead letters");
    private long _listenerFailures;

    public long ListenerFailures => Volatile.Read(ref _listenerFailures);

    public void Accept(string actor, Func<string> text, string error, DateTimeOffset at) => _clerk.Do(() => File(actor, TextOf(text), error, at));

    public IReadOnlyList<DeadLetter> List()
    {
        lock (_gate) return [.. _letters];
    }

    public bool Finish(TimeSpan atMost) => _clerk.Finish(atMost);

    private static string TextOf(Func<string> text)
    {
        try
        {
            return text();
        }
        catch (Exception failure) // The message's own code; it was set aside for a reason.
        {
            return $"(no text: {failure.InOneLine()})";
        }
    }

    private void File(string actor, string text, string error, DateTimeOffset at)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        DeadLetter letter;
        lock (_gate)
        {
            int before = _letters.FindLast(known => known.Actor == actor && known.Hash == hash)?.Count ?? 0;
            letter = new DeadLetter(actor, text, hash, error, at, before + 1);
            _letters.Add(letter);
            if (_letters.Count > lettersMax) _letters.RemoveAt(0);
        }
        try
        {
            listener?.Invoke(letter);
        }
        catch (Exception) // Not ours; the letter is listed all the same.
        {
            Interlocked.Increment(ref _listenerFailures);
        }
    }
}
