using System.Buffers.Binary;
using System.Text;

using Peregrine.Binance.Wire;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>Random frames in random pieces, good and bad, against a walker that has all bytes at once and reads RFC 6455 line by line.</summary>
public sealed class WireFramesTests
{
    private const int MessageBytesMax = 1_000;

    [Fact]
    public void Whatever_the_server_says_in_whatever_pieces_the_line_hears_what_the_obvious_walker_hears()
    {
        const int Seed = 5;
        var random = new Random(Seed);
        int trials = Environment.GetEnvironmentVariable("PEREGRINE_SOAK") == "1" ? 200_000 : 8_000;
        long messages = 0, refused = 0, pings = 0;
        for (int trial = 0; trial < trials; trial++)
        {
            byte[] bytes = Frames(random);
            Heard expected = Walk(bytes);
            using var transport = new ListTransport();
            if (random.Next(2) == 0) transport.Takes = count => random.Next(count + 1);
            for (int at = 0; at < bytes.Length;)
            {
                int piece = Math.Min(bytes.Length - at, random.Next(4) == 0 ? random.Next(1, 4) : random.Next(1, 600));
                transport.Say(bytes[at..(at + piece)]);
                at += piece;
            }
            using WireLine line = Lines.Over(transport, new WireOptions { MessageBytesMax = MessageBytesMax, ChecksUtf8 = true });
            List<string> heard = [];
            string what = $"trial {trial} of seed {Seed}";
            int idle = 0;
            do
            {
                if (!line.TryReceive(out ReadOnlySpan<byte> message))
                {
                    if (transport.IsEmpty) idle++; // A few turns more: a pong may wait for room in the kernel.
                    continue;
                }
                heard.Add((line.IsBinary ? "b" : "t") + Encoding.Latin1.GetString(message));
                if (transport.Takes is not null && random.Next(20) == 0) transport.Takes = null;
            }
            while (line.IsUp && idle < 3);
            transport.Takes = null;
            if (line.IsUp) line.TryReceive(out _);
            Assert.True(expected.Messages.SequenceEqual(heard), $"{what}: {heard.Count} messages instead of {expected.Messages.Count}; {line.LastError}");
            Assert.True(expected.Ends == !line.IsUp, $"{what}: {line.LastError}");
            Assert.True(expected.Oversized == line.Oversized, $"{what}: {line.Oversized} too large instead of {expected.Oversized}");
            if (!expected.Ends) CheckPongs(transport, expected.Pings, what);
            messages += heard.Count;
            pings += expected.Pings.Count;
            if (expected.Ends) refused++;
        }
        Console.WriteLine($"frames: {trials} connections in random pieces, {messages} messages, {pings} pings, {refused} connections ended as they should be, 0 differences (seed {Seed})");
        Assert.True(messages > trials && refused > trials / 10 && refused < trials);
    }

    /// <summary>Pongs are answers to pings in their order; some may be left out where the kernel was full, but never the last.</summary>
    private static void CheckPongs(ListTransport transport, List<string> pings, string what)
    {
        string[] pongs = [.. transport.SentFrames().Where(frame => frame.Opcode == 10).Select(frame => frame.Text)];
        int at = 0;
        foreach (string pong in pongs)
        {
            while (at < pings.Count && pings[at] != pong) at++;
            Assert.True(at < pings.Count, what);
            at++;
        }
        Assert.True(pings.Count == 0 || (pongs.Length > 0 && pongs[^1] == pings[^1]), what);
    }

    private sealed record Heard(List<string> Messages, List<string> Pings, bool Ends, int Oversized);

    private static Heard Walk(byte[] bytes)
    {
        List<string> messages = [], pings = [];
        List<byte> message = [];
        int kind = 0, oversized = 0;
        bool tooLarge = false;
        Heard End() => new(messages, pings, true, oversized);
        for (int at = 0; ;)
        {
            if (bytes.Length - at < 2) return new Heard(messages, pings, false, oversized);
            bool final = bytes[at] >= 128;
            int reserved = bytes[at] & 0x70, opcode = bytes[at] & 15, header = 2;
            long length = bytes[at + 1];
            if (reserved != 0 || length >= 128) return End();
            if (length >= 126)
            {
                header = length == 126 ? 4 : 10;
                if (bytes.Length - at < header) return new Heard(messages, pings, false, oversized);
                long least = length == 126 ? 126 : 65_536;
                length = length == 126 ? BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at + 2)) : BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(at + 2));
                if (length < least || length > 64 << 20) return End();
            }
            if (opcode is > 2 and < 8 or > 10) return End();
            if (opcode >= 8 && (!final || length > 125)) return End();
            if (opcode < 8 && (opcode == 0) != (kind != 0)) return End();
            if (bytes.Length - at < header + length)
            {
                // A message is known to be too large as soon as its last length is.
                bool counts = opcode < 8 && final && (tooLarge || message.Count + length > MessageBytesMax);
                return new Heard(messages, pings, false, counts ? oversized + 1 : oversized);
            }
            byte[] payload = bytes[(at + header)..(at + header + (int)length)];
            at += header + (int)length;
            if (opcode == 8) return End();
            if (opcode == 9) pings.Add(Encoding.Latin1.GetString(payload));
            if (opcode >= 8) continue;
            if (opcode != 0) kind = opcode;
            message.AddRange(payload);
            tooLarge |= message.Count > MessageBytesMax;
            if (!final) continue;
            if (tooLarge) oversized++;
            else if (kind == 1 && !IsUtf8([.. message])) return End();
            else messages.Add((kind == 2 ? "b" : "t") + Encoding.Latin1.GetString([.. message]));
            message.Clear();
            kind = 0;
            tooLarge = false;
        }
    }

    private static bool IsUtf8(byte[] bytes)
    {
        try
        {
            new UTF8Encoding(false, throwOnInvalidBytes: true).GetCharCount(bytes);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static byte[] Frames(Random random)
    {
        using var bytes = new MemoryStream();
        bool open = false;
        int frames = random.Next(1, 25);
        bool spoils = random.Next(3) == 0;
        Span<byte> wide = stackalloc byte[8];
        for (int i = 0; i < frames; i++)
        {
            int control = random.Next(5) == 0 ? 9 + random.Next(2) : 0;
            bool final = control != 0 || random.Next(3) != 0;
            int opcode = control != 0 ? control : open ? 0 : 1 + random.Next(2);
            int length = control != 0 ? random.Next(126) : random.Next(12) switch { 0 => 0, 1 => random.Next(120, 130), 2 => random.Next(MessageBytesMax - 2, MessageBytesMax + 3), 3 => 65_530 + random.Next(10), _ => random.Next(300) };
            byte first = (byte)((final ? 0x80 : 0) | opcode);
            byte second = 0;
            int form = length > ushort.MaxValue ? 127 : length > 125 ? 126 : length;
            if (control == 0) open = !final;
            if (spoils && random.Next(frames) == 0)
            {
                switch (random.Next(6))
                {
                    case 0: first ^= (byte)(1 << random.Next(8)); break;
                    case 1: second = 0x80; break;
                    case 2: form = Math.Max(form, 126 + random.Next(2)); break;
                    case 3: first = (byte)random.Next(256); break;
                    case 4: first = 0x88; break;
                    default: length = random.Next(100_000); form = 126; break;
                }
            }
            bytes.WriteByte(first);
            bytes.WriteByte((byte)(second | form));
            BinaryPrimitives.WriteInt64BigEndian(wide, length);
            if (form == 126) bytes.Write(wide[6..]);
            if (form == 127) bytes.Write(wide);
            byte[] payload = new byte[length];
            for (int j = 0; j < length; j++) payload[j] = (byte)random.Next(32, 127);
            if (spoils && length > 0 && random.Next(30) == 0) payload[random.Next(length)] = (byte)random.Next(256);
            bytes.Write(payload);
        }
        byte[] all = bytes.ToArray();
        return spoils && random.Next(4) == 0 ? all[..random.Next(all.Length + 1)] : all;
    }
}
