using System.Runtime.InteropServices;
using System.Text;

using Peregrine.Execution;
using Peregrine.Execution.Trading;
using Peregrine.Kernel;
using Peregrine.MarketData;
using Peregrine.Storage.Recovery;

namespace Peregrine.App.Appliance;

/// <summary>What the hot thread is given beside its feed, gateway and core.</summary>
internal sealed class ShardParts
{
    public ShardParts(ulong bootNonce, string sessionText)
    {
        BootNonce = bootNonce;
        SessionText = Encoding.UTF8.GetBytes(sessionText);
        long[] words = new long[(SessionText.Length + 7) / 8];
        SessionText.CopyTo(MemoryMarshal.AsBytes(words.AsSpan()));
        SessionWords = words;
    }

    public ulong BootNonce { get; }

    /// <summary>How the core of this session was set up, as JSON in UTF-8: what a replay needs beside the events.</summary>
    public byte[] SessionText { get; }

    public long[] SessionWords { get; }
    public required ShardStatus Status { get; init; }
    public required Mailbox<CoreCommand> Commands { get; init; }

    /// <summary>What the shell around the core is given.</summary>
    public required CoreShellParts Shell { get; init; }

    /// <summary>Outlives the process: what was published, for the next start to know what was lost.</summary>
    public required MarkFile Mark { get; init; }

    public required PaperGateway? Paper { get; init; }

    /// <summary>Makes an incarnation's connections.</summary>
    public required Func<TraderLines> Connect { get; init; }
}

/// <summary>The connections of one incarnation of the hot thread.</summary>
internal sealed class TraderLines(IMarketFeed feed, IOrderGateway? gateway, Action wait, IDisposable poller) : IDisposable
{
    public IMarketFeed Feed => feed;
    public IOrderGateway? Gateway => gateway;

    /// <summary>How the thread waits when there is nothing to do.</summary>
    public void Wait() => wait();

    public void Dispose()
    {
        gateway?.Dispose();
        feed.Dispose();
        poller.Dispose();
    }
}
