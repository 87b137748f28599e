using System.Net.WebSockets;
using System.Text;

using Microsoft.AspNetCore.Http;

using Peregrine.Binance.Wire;

using Peregrine.Testing;

using Xunit;

namespace Peregrine.Binance.Tests;

public sealed class WireLineTests
{
    private static WireLine Line(int port, bool tls = false, WireOptions? options = null) => Lines.Start(port, tls, options);

    private static string Next(WireLine line, LinePoller poller) => line.Next(poller);

    private static void Until(WireLine line, LinePoller poller, Func<bool> reached) => line.Until(poller, reached);

    private static async Task<string> Receive(WebSocket socket)
    {
        byte[] buffer = new byte[1 << 17];
        int have = 0;
        while (true)
        {
            ValueWebSocketReceiveResult result = await socket.ReceiveAsync(buffer.AsMemory(have), CancellationToken.None);
            have += result.Count;
            if (result.EndOfMessage) return Encoding.UTF8.GetString(buffer, 0, have);
        }
    }

    private static Task Send(WebSocket socket, string text, bool end = true, WebSocketMessageType type = WebSocketMessageType.Text) =>
        socket.SendAsync(new ArraySegment<byte>(Encoding.UTF8.GetBytes(text)), type, end, CancellationToken.None);

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(true, 1000)]
    public async Task Speaks_with_a_server_in_both_directions(bool tls, int piece)
    {
        string path = "";
        int[] lengths = [0, 1, 125, 126, 127, 65_535, piece == 1 ? 3_000 : 65_536, piece == 1 ? 100 : 1 << 20];
        await using LocalServer server = await LocalServer.Start(
            async context =>
            {
                path = context.Request.Path + context.Request.QueryString.Value;
                using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
                foreach (int length in lengths.Where(length => piece != 1 || length < 65_000)) await Send(socket, new string('x', length));
                await Send(socket, "first ", end: false);
                await Send(socket, "second ", end: false);
                await Send(socket, "third");
                while (true)
                {
                    string heard = await Receive(socket);
                    if (heard == "end") break;
                    await Send(socket, heard);
                }
            },
            tls);
        using SlicingProxy? proxy = piece == 0 ? null : new SlicingProxy(server.Port, piece);
        using WireLine line = Line(proxy?.Port ?? server.Port, tls);
        using var poller = new LinePoller();
        poller.Add(line);
        foreach (int length in lengths.Where(length => piece != 1 || length < 65_000)) Assert.Equal(new string('x', length), Next(line, poller));
        Assert.Equal("/stream?streams=a@b", path);
        Assert.Equal("first second third", Next(line, poller));
        foreach (int length in (int[])[0, 1, 125, 126, 60_000])
        {
            if (piece == 1 && length > 1000) continue;
            string text = new('y', length);
            Assert.NotEqual(LineSend.NotSent, line.TrySend(Encoding.UTF8.GetBytes(text)));
            Assert.Equal(text, Next(line, poller));
        }
        Assert.True(line.LastReadUnixNanos > 0 && line.LastReadTicks > 0);
        line.TrySend("end"u8);
    }

    [Fact]
    public async Task Answers_a_ping_with_its_payload()
    {
        // Kestrel's own keep-alive ping wants an answer in time, or it ends the connection.
        var done = new TaskCompletionSource();
        await using LocalServer server = await LocalServer.Start(async context =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync(
                new WebSocketAcceptContext { KeepAliveInterval = TimeSpan.FromMilliseconds(50), KeepAliveTimeout = TimeSpan.FromMilliseconds(1_500) });
            await Send(socket, "begin");
            Task<string> reply = Receive(socket);
            await done.Task;
            await Send(socket, "still here");
            await reply;
        });
        using WireLine line = Line(server.Port);
        using var poller = new LinePoller();
        poller.Add(line);
        Assert.Equal("begin", Next(line, poller));
        long began = TimeProvider.System.GetTimestamp();
        Until(line, poller, () => TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMilliseconds(2_500));
        done.SetResult();
        Assert.Equal("still here", Next(line, poller));
        Assert.Equal(1, line.Connects);
        line.TrySend("end"u8);
    }

    [Fact]
    public void A_pong_is_the_ping_masked()
    {
        using var server = new RawServer();
        using WireLine line = Line(server.Port);
        using var poller = new LinePoller();
        poller.Add(line);
        server.Accept();
        Until(line, poller, () => line.IsUp);
        server.Send([0x89, 3, (byte)'a', (byte)'b', (byte)'c', 0x81, 2, (byte)'h', (byte)'i']);
        Assert.Equal("hi", Next(line, poller));
        byte[] pong = server.Read(9);
        Assert.Equal([0x8A, 0x83], pong[..2]);
        Assert.Equal("abc"u8.ToArray(), Enumerable.Range(0, 3).Select(i => (byte)(pong[6 + i] ^ pong[2 + i])));
        server.Send([0x88, 2, 0x03, 0xE8]);
        Until(line, poller, () => !line.IsUp);
        byte[] goodbye = server.Read(8);
        Assert.Equal([0x88, 0x82], goodbye[..2]);
        Assert.Equal([0x03, 0xE8], Enumerable.Range(0, 2).Select(i => (byte)(goodbye[6 + i] ^ goodbye[2 + i])));
        Assert.Contains("1000", line.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_of_more_than_a_megabyte_is_passed_over_and_the_next_is_heard()
    {
        using var server = new RawServer();
        using WireLine line = Line(server.Port);
        using var poller = new LinePoller();
        poller.Add(line);
        server.Accept();
        Until(line, poller, () => line.IsUp);
        const int Length = (1 << 20) + 5;
        byte[] large = new byte[10 + Length];
        large[0] = 0x81;
        large[1] = 127;
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(large.AsSpan(2), Length);
        var sender = new Thread(() => server.Send([.. large, 0x01, 1, (byte)'o', 0x89, 0, 0x80, 1, (byte)'k'])); // A ping between fragments.
        sender.Start();
        Assert.Equal("ok", Next(line, poller));
        sender.Join();
        Assert.Equal(1, line.Oversized);
        Assert.Equal(1, line.Connects);
    }

    [Theory]
    [InlineData(new byte[] { 0xC1, 0 })] // Reserved bits.
    [InlineData(new byte[] { 0x81, 0x80, 0, 0, 0, 0 })] // Masked by a server.
    [InlineData(new byte[] { 0x83, 0 })] // No such kind.
    [InlineData(new byte[] { 0x80, 0 })] // Continues nothing.
    [InlineData(new byte[] { 0x09, 0 })] // A ping in parts.
    [InlineData(new byte[] { 0x89, 126, 0, 126 })] // A ping that is too long.
    [InlineData(new byte[] { 0x01, 0, 0x81, 0 })] // A new message inside another.
    [InlineData(new byte[] { 0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0 })] // A negative length.
    [InlineData(new byte[] { 0x81, 127, 0, 0, 0, 0x40, 0, 0, 0, 0 })] // An absurd one.
    [InlineData(new byte[] { 0x81, 126, 0, 1, 65 })] // One that is written longer than it is.
    [InlineData(new byte[] { 0x81, 127, 0, 0, 0, 0, 0, 0, 0, 1, 65 })]
    public void A_broken_frame_ends_the_connection_and_another_is_made(byte[] frame)
    {
        using var server = new RawServer();
        using WireLine line = Line(server.Port);
        using var poller = new LinePoller();
        poller.Add(line);
        server.Accept();
        Until(line, poller, () => line.IsUp);
        server.Send(frame);
        Until(line, poller, () => !line.IsUp);
        server.Accept();
        server.Send([0x81, 2, (byte)'h', (byte)'i']);
        Assert.Equal("hi", Next(line, poller));
        Assert.Equal(2, line.Connects);
    }

    [Fact]
    public async Task A_server_that_went_away_is_found_again_when_it_is_back()
    {
        RequestDelegate greet = async context =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            await Send(socket, "hello");
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "over", CancellationToken.None);
        };
        LocalServer first = await LocalServer.Start(greet);
        int port = first.Port;
        using WireLine line = Line(port);
        using var poller = new LinePoller();
        poller.Add(line);
        Assert.Equal("hello", Next(line, poller));
        await first.DisposeAsync();
        Until(line, poller, () => !line.IsUp && line.LastError.Contains("does not answer", StringComparison.Ordinal));
        await using LocalServer second = await LocalServer.Start(greet, port: port);
        Assert.Equal("hello", Next(line, poller));
    }

    [Fact]
    public void An_answer_to_another_key_is_no_upgrade()
    {
        using var server = new RawServer();
        using WireLine line = Line(server.Port);
        server.Accept(accept: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        using var poller = new LinePoller();
        poller.Add(line);
        Until(line, poller, () => line.LastError.Contains("Sec-WebSocket-Accept", StringComparison.Ordinal));
        Assert.False(line.IsUp);
    }

    [Fact]
    public void An_extension_that_nobody_asked_for_is_no_upgrade()
    {
        using var server = new RawServer();
        using WireLine line = Line(server.Port);
        server.Accept(more: "Sec-WebSocket-Extensions: permessage-deflate\r\n");
        using var poller = new LinePoller();
        poller.Add(line);
        Until(line, poller, () => line.LastError.Contains("permessage-deflate", StringComparison.Ordinal));
        Assert.False(line.IsUp);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_text_that_is_not_UTF_8_ends_the_connection_where_the_line_shall_look_at_it(bool checks)
    {
        using var server = new RawServer();
        using WireLine line = Line(server.Port, options: Lines.Quick with { ChecksUtf8 = checks });
        using var poller = new LinePoller();
        poller.Add(line);
        server.Accept();
        server.Send([0x82, 2, 0xC3, 0x28, 0x01, 1, 0xC3, 0x80, 1, 0xA9, 0x81, 2, 0xC3, 0x28]); // Binary, a character in two parts, and half of one.
        Assert.Equal("\uFFFD(", Next(line, poller)); // Whatever a binary message holds.
        Assert.Equal("é", Next(line, poller));
        if (checks)
        {
            Until(line, poller, () => !line.IsUp);
            Assert.Contains("UTF-8", line.LastError, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal("\uFFFD(", Next(line, poller));
            Assert.Equal(1, line.Connects);
        }
    }

    [Fact]
    public void What_came_with_the_answer_to_the_upgrade_is_heard_and_what_a_lost_connection_left_unfinished_is_forgotten()
    {
        using var server = new RawServer();
        using WireLine line = Line(server.Port);
        using var poller = new LinePoller();
        poller.Add(line);
        server.Accept(behind: [0x81, 2, (byte)'h', (byte)'i', 0x01, 3, (byte)'l', (byte)'o', (byte)'s']);
        Assert.Equal("hi", Next(line, poller));
        server.Send([0xFF, 0xFF]);
        Until(line, poller, () => !line.IsUp);
        server.Accept(behind: [0x01, 1, (byte)'a', 0x80, 1, (byte)'b']);
        Assert.Equal("ab", Next(line, poller));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Receiving_in_steady_state_allocates_nothing(bool looksFirst)
    {
        using var server = new RawServer();
        using WireLine line = Line(server.Port, options: Lines.Quick with { LooksFirst = looksFirst });
        using var poller = new LinePoller();
        poller.Add(line);
        server.Accept();
        Until(line, poller, () => line.IsUp);
        byte[] burst = new byte[200 * 102];
        for (int i = 0; i < 200; i++)
        {
            burst[i * 102] = 0x81;
            burst[(i * 102) + 1] = 100;
        }
        long received = 0, waited = 0, sent = 0;
        for (int round = 0; round < 20; round++)
        {
            if (round == 10) received = waited = sent = 0; // Everything has run by now.
            server.Send(burst);
            for (int got = 0; got < 200;)
            {
                long began = GC.GetAllocatedBytesForCurrentThread();
                bool any = line.TryReceive(out _);
                received += GC.GetAllocatedBytesForCurrentThread() - began;
                began = GC.GetAllocatedBytesForCurrentThread();
                if (any) got++;
                else poller.Wait(TimeSpan.FromMilliseconds(50));
                waited += GC.GetAllocatedBytesForCurrentThread() - began;
            }
            long before = GC.GetAllocatedBytesForCurrentThread();
            LineSend result = line.TrySend("thanks"u8);
            sent += GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(LineSend.Sent, result);
        }
        Allocation.AssertNone(received);
        Allocation.AssertNone(waited);
        Allocation.AssertNone(sent);
    }

    [Fact]
    public void Backoff_grows_to_its_cap_and_never_beyond()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2), new Random(3));
        for (int i = 0; i < 200; i++)
        {
            double bound = Math.Min(2000, 100 * Math.Pow(2, i));
            Assert.InRange(backoff.Next().TotalMilliseconds, 0, bound);
        }
        backoff.Reset();
        Assert.InRange(backoff.Next().TotalMilliseconds, 0, 100);
    }
}
