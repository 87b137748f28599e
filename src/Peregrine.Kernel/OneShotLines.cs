using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Peregrine.Kernel;

/// <summary>
/// The text form of one-shots: a JSON object on a line, the last line of an id counts. Each begins with a check of its own rest, so that a line
/// that was torn or altered is known as such.
/// </summary>
internal static class OneShotLines
{
    private const int CheckDigits = 8;

    private static ReadOnlySpan<byte> Head => "{\"check\":\""u8;
    private static ReadOnlySpan<byte> AfterCheck => "\","u8;
    private static int PrefixLength => Head.Length + CheckDigits + AfterCheck.Length;

    public static void Write(ArrayBufferWriter<byte> lines, OneShotStatus status)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, status.Id);
            json.WriteString("kind"u8, status.Kind);
            json.WriteString("state"u8, status.State.ToString());
            json.WriteString("startedAt"u8, status.StartedAt);
            if (status.EndedAt is { } endedAt) json.WriteString("endedAt"u8, endedAt);
            if (status.Deadline is { } deadline) json.WriteNumber("deadlineTicks"u8, deadline.Ticks);
            json.WriteNumber("progress"u8, status.Progress);
            json.WriteString("text"u8, status.Text);
            json.WriteString("result"u8, status.Result);
            json.WriteString("error"u8, status.Error);
            json.WriteEndObject();
        }
        ReadOnlySpan<byte> rest = body.WrittenSpan[1..]; // Without its brace, which stands before the check.
        lines.Write(Head);
        lines.Write(Encoding.ASCII.GetBytes(CheckOf(rest)));
        lines.Write(AfterCheck);
        lines.Write(rest);
        lines.Write("\n"u8);
    }

    /// <summary>All that can be read, one for each id in the order of its first line. False when anything could not.</summary>
    public static bool TryReadAll(ReadOnlySpan<byte> file, out List<OneShotStatus> known)
    {
        known = [];
        var placeOf = new Dictionary<Guid, int>();
        bool isSound = file.IsEmpty || file[^1] == '\n';
        while (!file.IsEmpty)
        {
            int end = file.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? file : file[..end];
            file = end < 0 ? [] : file[(end + 1)..];
            if (!TryRead(line, out OneShotStatus? status))
            {
                isSound = false;
            }
            else if (placeOf.TryGetValue(status!.Id, out int place))
            {
                known[place] = status;
            }
            else
            {
                placeOf.Add(status.Id, known.Count);
                known.Add(status);
            }
        }
        return isSound;
    }

    private static bool TryRead(ReadOnlySpan<byte> line, out OneShotStatus? status)
    {
        status = null;
        if (line.Length <= PrefixLength || !line.StartsWith(Head)) return false;
        ReadOnlySpan<byte> rest = line[PrefixLength..];
        if (Encoding.ASCII.GetString(line.Slice(Head.Length, CheckDigits)) != CheckOf(rest)) return false;
        try
        {
            using JsonDocument document = JsonDocument.Parse(line.ToArray());
            JsonElement one = document.RootElement;
            if (!Enum.TryParse(one.GetProperty("state").GetString(), out OneShotState state) || !Enum.IsDefined(state)) return false;
            status = new OneShotStatus(
                one.GetProperty("id").GetGuid(), one.GetProperty("kind").GetString()!, state, one.GetProperty("startedAt").GetDateTimeOffset(),
                one.TryGetProperty("endedAt", out JsonElement endedAt) ? endedAt.GetDateTimeOffset() : null, one.GetProperty("progress").GetDouble(),
                one.GetProperty("text").GetString()!, one.GetProperty("result").GetString()!, one.GetProperty("error").GetString()!,
                one.TryGetProperty("deadlineTicks", out JsonElement ticks) ? TimeSpan.FromTicks(ticks.GetInt64()) : null);
            return true;
        }
        catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return false; // The check is right and the content is not: another version wrote it.
        }
    }

    private static string CheckOf(ReadOnlySpan<byte> rest) => Convert.ToHexStringLower(SHA256.HashData(rest).AsSpan(0, CheckDigits / 2));
}
