using System.Net;
using System.Net.Sockets;

using Peregrine.Binance.Wire;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>Reading by looking and reading by taking, on a real connection.</summary>
public sealed class SocketReaderTests : IDisposable
{
    private readonly Socket _ours;
    private readonly Socket _theirs;

    public SocketReaderTests()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _ours = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _ours.Connect(listener.LocalEndPoint!);
        _theirs = listener.Accept();
        _theirs.NoDelay = true;
        _ours.Blocking = false;
    }

    public void Dispose()
    {
        _ours.Dispose();
        _theirs.Dispose();
    }

    [Fact]
    public void What_was_looked_at_stays_with_the_kernel_until_more_is_asked_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux takes bytes without giving them.");
        var reader = new SocketReader(_ours, looksFirst: true);
        byte[] buffer = new byte[100];
        Say(1, 2, 3);
        Assert.Equal(3, reader.Receive(buffer));
        Assert.Equal(3, _ours.Available);
        Say(4, 5);
        Assert.Equal(2, reader.Receive(buffer)); // Not the three once more.
        Assert.Equal([4, 5], buffer[..2]);
        Assert.Equal(2, _ours.Available);
        Assert.Equal(Transport.WouldBlock, reader.Receive(buffer));
        Assert.Equal(0, _ours.Available);
        _theirs.Shutdown(SocketShutdown.Send);
        Until(() => _ours.Poll(0, SelectMode.SelectRead));
        Assert.Equal(Transport.Ended, reader.Receive(buffer));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_byte_comes_once_and_in_order(bool looksFirst)
    {
        const int Seed = 77;
        const int Total = 20_000_000;
        var sizes = new Random(Seed);
        var sender = new Thread(() =>
        {
            var pieces = new Random(Seed + 1);
            byte[] piece = new byte[100_000];
            for (int at = 0; at < Total;)
            {
                int count = Math.Min(pieces.Next(3) == 0 ? pieces.Next(1, piece.Length) : pieces.Next(1, 400), Total - at);
                for (int i = 0; i < count; i++) piece[i] = At(at + i);
                for (int sent = 0; sent < count;) sent += _theirs.Send(piece, sent, count - sent, SocketFlags.None);
                at += count;
            }
            _theirs.Shutdown(SocketShutdown.Send);
        });
        sender.Start();
        var reader = new SocketReader(_ours, looksFirst);
        byte[] buffer = new byte[1 << 16];
        int heard = 0, reads = 0;
        while (true)
        {
            int received = reader.Receive(buffer.AsSpan(0, sizes.Next(1, buffer.Length)));
            if (received == Transport.Ended) break;
            if (received == Transport.WouldBlock) continue;
            reads++;
            for (int i = 0; i < received; i++, heard++)
                if (buffer[i] != At(heard)) Assert.Fail($"Byte {heard} is {buffer[i]} instead of {At(heard)} (seed {Seed}).");
        }
        sender.Join();
        Assert.Equal(Total, heard);
        Console.WriteLine($"socket reader, looks first: {looksFirst}: {heard} bytes in {reads} reads (seed {Seed})");

        static byte At(int position) => (byte)(position * 2_654_435_761u >> 13);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_connection_that_is_closed_after_a_look_ends_politely(bool looksFirst)
    {
        var transport = new PlainTransport(new SocketReader(_ours, looksFirst)) { Socket = _ours };
        Say(1, 2, 3);
        Assert.Equal(3, transport.Receive(new byte[10], 0, 10));
        Assert.Equal(2, transport.Send([8, 9], 0, 2));
        transport.Dispose();
        byte[] heard = new byte[10];
        Assert.Equal(2, _theirs.Receive(heard)); // A reset would take them away.
        Assert.Equal(0, _theirs.Receive(heard));
    }

    private void Say(params byte[] bytes)
    {
        int before = _ours.Available;
        _theirs.Send(bytes);
        Until(() => _ours.Available == before + bytes.Length);
    }

    private static void Until(Func<bool> reached)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (!reached())
            if (TimeProvider.System.GetElapsedTime(began) > Lines.Patience) throw new TimeoutException();
    }
}
