using Peregrine.Binance.Orders;

namespace Peregrine.App.Configuration;

/// <summary>The API key and its secret: from the settings themselves, or from files that nobody else can read. No message repeats what it found.</summary>
internal static class Credentials
{
    /// <summary>Keys and secrets of every kind are far shorter; whatever is longer is another file.</summary>
    private const int BytesMax = 8_192;

    /// <summary>Both, or empty where they are not set.</summary>
    /// <param name="reader">Is told what is wrong.</param>
    /// <param name="folder">Where relative paths begin.</param>
    public static (string Key, string Secret) Read(ConfigurationReader reader, string folder)
    {
        string key = FromFile(reader, "exchange:apiKeyFile", reader.Text("exchange:apiKey", ""), folder);
        string secret = FromFile(reader, "exchange:apiSecretFile", reader.Text("exchange:apiSecret", ""), folder);
        if (key.Length == 0 || secret.Length == 0) return (key, secret);
        try
        {
            _ = new ApiKey(key, secret);
        }
        catch (ArgumentException e)
        {
            // Its messages say what is wrong with a key or a secret, and never what it is.
            bool isKey = e.ParamName == "key";
            reader.RefuseUnseen(isKey ? "exchange:apiKey" : "exchange:apiSecret", isKey ? "letters, digits, - and _" : "a text (HMAC), or an RSA or Ed25519 private key as PEM (PKCS#8, 'PRIVATE KEY', not encrypted)");
        }
        return (key, secret);
    }

    private static string FromFile(ConfigurationReader reader, string path, string value, string folder)
    {
        string file = reader.Text(path, "");
        if (file.Length == 0) return value;
        string full = Path.GetFullPath(file, folder);
        FileInfo info = new(full);
        if (!info.Exists) reader.RefuseUnseen(path, "the path of a file that exists");
        else if (info.LinkTarget is not null) reader.Refuse(path, file, "a file itself, not a link to one");
        else if ((info.UnixFileMode & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0) reader.Refuse(path, file, "a file that only its owner can read (chmod 600)");
        else if (info.Length > BytesMax) reader.Refuse(path, file, $"a file of at most {BytesMax} bytes");
        else if (File.ReadAllText(full).Trim() is not { Length: > 0 } text || !IsWhole(text)) reader.Refuse(path, file, "a file with one word in it, the key or the secret (its own line end does not count), or a private key as PEM");
        else return text;
        return value;
    }

    /// <summary>One word, or a PEM, which has lines.</summary>
    private static bool IsWhole(string text) => text.StartsWith("-----BEGIN ", StringComparison.Ordinal) || text.AsSpan().IndexOfAny(" \t\r\n") < 0;
}
