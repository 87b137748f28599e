using System.Buffers.Text;
using System.Text;

namespace Peregrine.EndToEnd;

/// <summary>A secret in every form in which a program may let it slip, and the search for them.</summary>
internal sealed class SecretForms
{
    private readonly List<(string Name, byte[] Bytes)> _forms = [];

    /// <param name="secret">The text, or the bytes of a key.</param>
    public SecretForms(params ReadOnlySpan<byte[]> secrets)
    {
        foreach (byte[] secret in secrets) Add(secret);
    }

    public int Count => _forms.Count;

    /// <summary>The forms that occur in the data.</summary>
    public IEnumerable<string> In(byte[] data) => _forms.Where(form => data.AsSpan().IndexOf(form.Bytes) >= 0).Select(static form => form.Name);

    public IEnumerable<string> In(string text) => In(Encoding.UTF8.GetBytes(text)).Concat(In(Encoding.Unicode.GetBytes(text)));

    private void Add(byte[] secret)
    {
        _forms.Add(("raw", secret));
        _forms.Add(("hex", Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret))));
        _forms.Add(("HEX", Encoding.ASCII.GetBytes(Convert.ToHexString(secret))));
        for (int shift = 0; shift < 3; shift++)
        {
            // In base64 a text looks different at each place within three bytes; its first and last character there depend on the neighbours.
            byte[] shifted = [.. new byte[shift], .. secret];
            int first = shift == 0 ? 0 : shift + 1, whole = shifted.Length / 3 * 4;
            _forms.Add(("base64", Encoding.ASCII.GetBytes(Convert.ToBase64String(shifted)[first..whole])));
            _forms.Add(("base64url", Encoding.ASCII.GetBytes(Base64Url.EncodeToString(shifted)[first..whole])));
        }
        if (secret.Any(static one => one is < 0x20 or > 0x7E)) return;
        string text = Encoding.ASCII.GetString(secret);
        _forms.Add(("UTF-16", Encoding.Unicode.GetBytes(text)));
        _forms.Add(("UTF-16, the other way round", Encoding.BigEndianUnicode.GetBytes(text)));
        _forms.Add(("URL-encoded", Encoding.ASCII.GetBytes(Uri.EscapeDataString(text))));
        _forms.Add(("JSON", Encoding.ASCII.GetBytes(System.Text.Json.JsonEncodedText.Encode(text).ToString())));
        _forms.Add(("reversed", [.. secret.Reverse()]));
    }
}
