using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Peregrine.Kernel;

/// <summary>How the process stands with its ends, as one line of fixed length that carries its own check.</summary>
/// <param name="Number">Grows with every write: of two slots the higher counts.</param>
/// <param name="IsRunning">The process began and has not said that it ended well.</param>
/// <param name="Ends">When unclean ends were found, oldest first.</param>
internal sealed record RestartSlot(long Number, bool IsRunning, IReadOnlyList<DateTimeOffset> Ends)
{
    /// <summary>Bytes: one block of most disks.</summary>
    public const int Length = 4_096;

    private const int CheckDigits = 16;

    public static RestartSlot First { get; } = new(0, IsRunning: false, []);

    public byte[] ToBytes()
    {
        var body = new ArrayBufferWriter<byte>(Length);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteNumber("number"u8, Number);
            json.WriteBoolean("running"u8, IsRunning);
            json.WriteStartArray("uncleanEnds"u8);
            foreach (DateTimeOffset end in Ends) json.WriteStringValue(end.ToUniversalTime());
            json.WriteEndArray();
            json.WriteEndObject();
        }
        byte[] slot = new byte[Length];
        slot.AsSpan().Fill((byte)' ');
        slot[^1] = (byte)'\n';
        body.WrittenSpan.CopyTo(slot.AsSpan(CheckDigits + 1));
        Encoding.ASCII.GetBytes(CheckOf(slot)).CopyTo(slot, 0);
        return slot;
    }

    public static bool TryParse(ReadOnlySpan<byte> bytes, out RestartSlot slot)
    {
        slot = First;
        if (Encoding.ASCII.GetString(bytes[..CheckDigits]) != CheckOf(bytes)) return false;
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes[CheckDigits..].ToArray());
            JsonElement one = document.RootElement;
            slot = new RestartSlot(
                one.GetProperty("number").GetInt64(), one.GetProperty("running").GetBoolean(),
                [.. one.GetProperty("uncleanEnds").EnumerateArray().Select(static end => end.GetDateTimeOffset())]);
            return true;
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return false; // Another version wrote it.
        }
    }

    private static string CheckOf(ReadOnlySpan<byte> slot) => Convert.ToHexStringLower(SHA256.HashData(slot[CheckDigits..]).AsSpan(0, CheckDigits / 2));
}
