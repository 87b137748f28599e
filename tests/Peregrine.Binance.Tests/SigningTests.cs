using System.Text;
using System.Text.Json;

using Peregrine.Binance.Orders;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Binance.Tests;

public sealed class SigningTests
{
    private static JsonDocument Vectors()
    {
        string? path = Repository.Shared("reference/signing-vectors.json");
        Assert.SkipWhen(path is null, "the signing vectors are not here");
        return JsonDocument.Parse(File.ReadAllBytes(path));
    }

    private static string Sign(string secret, string payload)
    {
        using var signer = new RequestSigner(Encoding.UTF8.GetBytes(secret));
        Span<byte> signature = stackalloc byte[RequestSigner.SignatureLength];
        signer.Sign(Encoding.UTF8.GetBytes("something else first"), signature); // A signer is used again and again.
        signer.Sign(Encoding.UTF8.GetBytes(payload), signature);
        return Encoding.ASCII.GetString(signature);
    }

    [Fact]
    public void Every_usable_hmac_vector_reproduces()
    {
        using JsonDocument vectors = Vectors();
        JsonElement root = vectors.RootElement;
        int reproduced = 0;
        foreach (string group in (string[])["official", "derived"])
        {
            foreach (JsonElement vector in root.GetProperty(group).EnumerateArray())
            {
                if (vector.GetProperty("algorithm").GetString() != "HMAC-SHA256") continue;
                if (vector.TryGetProperty("usable", out JsonElement usable) && !usable.GetBoolean()) continue;
                Assert.Equal(vector.GetProperty("signature").GetString(), Sign(vector.GetProperty("secretKey").GetString()!, vector.GetProperty("payload").GetString()!));
                reproduced++;
            }
        }
        string secret = root.GetProperty("sampleKeys").GetProperty("javaTestHmac").GetProperty("secretKey").GetString()!;
        foreach (JsonElement vector in root.GetProperty("officialConnectorTests").GetProperty("rest").EnumerateArray())
        {
            if (vector.GetProperty("algorithm").GetString() != "HMAC-SHA256") continue;
            Assert.Equal(vector.GetProperty("signature").GetString(), Sign(secret, vector.GetProperty("payload").GetString()!));
            reproduced++;
        }
        Assert.True(reproduced > 14, $"only {reproduced} vectors");
    }

    [Fact]
    public void Rest_values_are_encoded_before_they_are_signed_and_socket_values_never_are()
    {
        using JsonDocument vectors = Vectors();
        foreach (JsonElement vector in vectors.RootElement.GetProperty("official").EnumerateArray())
        {
            string id = vector.GetProperty("id").GetString()!;
            if (id is "spot-rest-hmac-ascii" or "spot-rest-hmac-nonascii")
            {
                var parameters = vector.GetProperty("params").EnumerateArray().Select(pair => KeyValuePair.Create(pair[0].GetString()!, pair[1].GetString()!));
                using var signer = new RequestSigner(Encoding.UTF8.GetBytes(vector.GetProperty("secretKey").GetString()!));
                Assert.Equal($"{vector.GetProperty("payload").GetString()}&signature={vector.GetProperty("signature").GetString()}", signer.SignQuery(parameters));
            }
            if (id.StartsWith("spot-wsapi-hmac", StringComparison.Ordinal))
            {
                var parameters = vector.GetProperty("params").EnumerateObject().Select(pair => KeyValuePair.Create(pair.Name, pair.Value.ToString())).Reverse();
                Assert.Equal(vector.GetProperty("payload").GetString(), RequestSigner.SocketPayload(parameters));
            }
        }
    }

    [Fact]
    public void Signing_and_rendering_allocate_nothing()
    {
        using var signer = new RequestSigner("secret"u8);
        var request = new SignedRequest(signer);
        long before = 0;
        int length = 0;
        for (int i = 0; i < 2_000; i++)
        {
            if (i == 1_000) before = GC.GetAllocatedBytesForCurrentThread();
            request.Begin(i, "order.place"u8);
            request.Key("key"u8);
            request.Amount("price"u8, 6_412_310_000_000);
            request.Number("recvWindow"u8, 1000);
            length += request.End().Length;
        }
        Allocation.AssertNone(GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(length > 0);
    }

    [Fact]
    public void A_key_never_shows_itself() => Assert.DoesNotContain("canary", new ApiKey("canaryKey", "canarySecret").ToString(), StringComparison.OrdinalIgnoreCase);
}

public sealed class VerdictTests
{
    [Theory]
    [InlineData(200, 0, "", Verdict.Accepted)]
    [InlineData(400, -1013, "Filter failure: LOT_SIZE", Verdict.Refused)]
    [InlineData(400, -1111, "", Verdict.Refused)]
    [InlineData(400, -1121, "", Verdict.Refused)]
    [InlineData(400, -2010, "Account has insufficient balance for requested action.", Verdict.Refused)]
    [InlineData(400, -2010, "Duplicate order sent.", Verdict.Unknown)]
    [InlineData(400, -2011, "Unknown order sent.", Verdict.Refused)]
    [InlineData(400, -1021, "", Verdict.WrongClock)]
    [InlineData(400, -1022, "", Verdict.WrongKey)]
    [InlineData(401, -2015, "", Verdict.WrongKey)]
    [InlineData(429, -1015, "", Verdict.Throttled)]
    [InlineData(418, -1003, "", Verdict.Throttled)]
    [InlineData(400, -1000, "", Verdict.Unknown)]
    [InlineData(400, -1006, "", Verdict.Unknown)]
    [InlineData(400, -1007, "", Verdict.Unknown)]
    [InlineData(400, -1008, "", Verdict.Unknown)]
    [InlineData(503, -1013, "", Verdict.Unknown)]
    [InlineData(403, -1013, "", Verdict.Unknown)]
    [InlineData(409, -2021, "", Verdict.Unknown)]
    [InlineData(400, 0, "", Verdict.Unknown)]
    [InlineData(0, 0, "", Verdict.Unknown)]
    [InlineData(400, -9999, "", Verdict.Unknown)] // A code of tomorrow.
    public void Only_what_is_certainly_refused_is_refused(int status, int code, string message, Verdict expected) =>
        Assert.Equal(expected, Verdicts.Judge(status, code, Some.Utf8(message)));
}
