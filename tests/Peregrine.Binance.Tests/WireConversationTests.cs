using System.Text;

using Peregrine.Binance.Wire;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>The line against other people's servers, in the clear and over TLS, straight and through a proxy that cuts the bytes into pieces.</summary>
public sealed class WireConversationTests
{
    private const int Straight = -1;
    private const int AnyPieces = 0;

    public static TheoryData<string, bool, int, bool> Peers()
    {
        var data = new TheoryData<string, bool, int, bool>();
        foreach (string peer in (string[])["kestrel", "ws"])
        {
            foreach (bool tls in (bool[])[false, true])
            {
                foreach (int piece in (int[])[Straight, AnyPieces, 1]) data.Add(peer, tls, piece, false);
                foreach (int piece in (int[])[Straight, AnyPieces]) data.Add(peer, tls, piece, true);
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task Every_message_arrives_whole_and_in_order_pings_are_answered_and_both_sides_can_say_goodbye(string server, bool tls, int piece, bool looksFirst)
    {
        await using IPeer peer = server == "ws" ? NodePeer.Start(tls) : await KestrelPeer.Start(tls);
        using SlicingProxy? proxy = piece == Straight ? null : new SlicingProxy(peer.Port, piece);
        WireLine line = Lines.Start(proxy?.Port ?? peer.Port, tls, Lines.Quick with { LooksFirst = looksFirst });
        using var poller = new LinePoller();
        poller.Add(line);
        line.Until(poller, () => line.IsUp);

        Assert.DoesNotContain(EventLoops(), watched => watched == line.Descriptor); // No thread of the runtime wakes for what we read ourselves.

        int[] lengths = [0, 1, 3, 125, 126, 127, 300, 301, 302, 303, 65, piece == 1 ? 700 : 65_535, piece == 1 ? 701 : 65_536, piece == 1 ? 702 : 200_000, piece == 1 ? 703 : 1 << 20];
        Send(line, poller, "lengths " + string.Join(' ', lengths));
        int pongs = 0;
        for (int number = 0; number < lengths.Length; number++)
        {
            (string text, bool isBinary) = Next(line, poller, ref pongs);
            Assert.Equal(Encoding.UTF8.GetString(KestrelPeer.Content(number, lengths[number])), text);
            Assert.Equal(number % 2 == 1, isBinary);
        }
        foreach (int length in (int[])[0, 1, 125, 126, piece == 1 ? 900 : 60_000])
        {
            string text = new('ü', length / 2);
            Send(line, poller, text);
            Assert.Equal((text, false), Next(line, poller, ref pongs));
        }
        if (server == "ws")
        {
            // The pings between the parts were answered, and one with a payload is answered with that payload.
            Send(line, poller, "ping is-anybody-there");
            Assert.Equal("pong is-anybody-there", NextPong(line, poller));
            Assert.Equal(2 * lengths.Where((_, number) => number % 3 == 2).Count(), pongs);
        }
        Assert.Equal(1, line.Connects);
        Assert.Equal(0, line.Oversized);

        Send(line, poller, "close 4001 enough");
        line.Until(poller, () => !line.IsUp);
        Assert.Contains("4001", line.LastError, StringComparison.Ordinal);
        Assert.StartsWith("closed 4001", peer.NextEnd(), StringComparison.Ordinal);

        line.Until(poller, () => line.IsUp); // Anew.
        Assert.Equal(2, line.Connects);
        line.Dispose();
        Assert.StartsWith("closed 1000", peer.NextEnd(), StringComparison.Ordinal);
    }

    /// <summary>The descriptors that any epoll of this process watches.</summary>
    private static List<int> EventLoops()
    {
        List<int> watched = [];
        foreach (string file in Directory.EnumerateFiles("/proc/self/fdinfo"))
        {
            try
            {
                watched.AddRange(File.ReadLines(file).Where(text => text.StartsWith("tfd:", StringComparison.Ordinal))
                    .Select(text => int.Parse(text[4..text.IndexOf("events", StringComparison.Ordinal)].Trim(), System.Globalization.CultureInfo.InvariantCulture)));
            }
            catch (IOException)
            {
                // It was closed while we looked.
            }
        }
        return watched;
    }

    private static void Send(WireLine line, LinePoller poller, string text)
    {
        LineSend sent = LineSend.NotSent;
        line.Until(poller, () => sent != LineSend.NotSent || (sent = line.TrySend(Encoding.UTF8.GetBytes(text))) != LineSend.NotSent);
    }

    private static (string Text, bool IsBinary) Next(WireLine line, LinePoller poller, ref int pongs)
    {
        while (true)
        {
            string text = line.Next(poller);
            if (text != "pong ") return (text, line.IsBinary);
            pongs++;
        }
    }

    private static string NextPong(WireLine line, LinePoller poller)
    {
        string text;
        do text = line.Next(poller);
        while (text == "pong ");
        return text;
    }
}
