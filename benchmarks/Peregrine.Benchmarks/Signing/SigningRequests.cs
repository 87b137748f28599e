using System.Security.Cryptography;
using System.Text;

using Peregrine.Benchmarks.Feed;
using Peregrine.Binance.Orders;

namespace Peregrine.Benchmarks.Signing;

/// <summary>A signature over the query of an ordinary order: what every order pays that is not sent over a logged-on session.</summary>
internal sealed class SigningRequests : IBenchmark
{
    private const int Signatures = 20_000;
    private const double Goal = 4.5;

    /// <summary>As the WebSocket API wants it signed, cut to the length of the documentation's own example of an order; ids go on from one to the next.</summary>
    private static readonly byte[] Query = Encoding.ASCII.GetBytes(
        "apiKey=vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A&newClientOrderId=pg-5eed0f7e57000100-00000&newOrderRespType=RESULT&price=61837.64&quantity=0.0010"[..163]);

    private static readonly int LastDigit = Query.AsSpan().IndexOf("-00000"u8) + 5;

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
        long began = Processor.ThreadNanos; // Whatever else runs on the machine meanwhile is left out, for both ways.
        int sum = 0;
        for (int i = 0; i < Signatures; i++)
        {
            Query[LastDigit] = (byte)('0' + (i % 10));
            sum += sign();
        }
        double nanos = Processor.ThreadNanos - began;
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (sum == 0) throw new InvalidOperationException("Nothing was signed.");
        return new Sample(nanos / Signatures, (double)allocated / Signatures);
    }
}
