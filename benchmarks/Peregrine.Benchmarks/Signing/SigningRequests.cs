using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

using Peregrine.Binance.Orders;

namespace Peregrine.Benchmarks.Signing;

/// <summary>A signature over the query of an ordinary order: what every order pays that is not sent over a logged-on session.</summary>
internal sealed class SigningRequests : IBenchmark
{
    private const int Signatures = 20_000;
    private const double Goal = 4.5;

    /// <summary>The documentation's own example of an order, 163 bytes with its time stamp.</summary>
    private static readonly byte[] Query = Encoding.ASCII.GetBytes(
        "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559&newClientOrderId=pg-0123456789abcdef-1&newOrderRespType"[..163]);

    private static readonly byte[] Secret = Encoding.ASCII.GetBytes("NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j");

    public string Name => "signing a request";

    public IReadOnlyList<BenchRow> Measure(BenchContext context)
    {
        using RequestSigner signer = new(Secret);
        byte[] text = new byte[RequestSigner.SignatureLengthMax];
        byte[] hash = new byte[SHA256.HashSizeInBytes];
        Contest contest = new(context);
        Entrant ours = contest.Add("pre-keyed", () => Time(() => signer.Sign(Query, text)));
        Entrant hashData = contest.Add("HMACSHA256.HashData", () => Time(() => HMACSHA256.HashData(Secret, Query, hash)));
        contest.Run();
        return [Contest.Row("HMAC-SHA256 of a 163-byte query, as hexadecimal text", "ns/signature", ours, (hashData, Goal)) with { Note = "ours writes the text as well; HashData stops at the hash" }];
    }

    private static Sample Time(Func<int> sign)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        long began = Stopwatch.GetTimestamp();
        int sum = 0;
        for (int i = 0; i < Signatures; i++) sum += sign();
        double nanos = Stopwatch.GetElapsedTime(began).TotalNanoseconds;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (sum == 0) throw new InvalidOperationException("Nothing was signed.");
        return new Sample(nanos / Signatures, (double)allocated / Signatures);
    }
}
