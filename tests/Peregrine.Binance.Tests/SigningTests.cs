using System.Security.Cryptography;
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

    /// <summary>Every vector that is usable, with the key that made it: [id, algorithm, key, payload, signature].</summary>
    private static List<(string Id, ApiKey Key, string Payload, string Signature)> UsableVectors(JsonElement root)
    {
        var vectors = new List<(string, ApiKey, string, string)>();
        JsonElement keys = root.GetProperty("sampleKeys");
        JsonElement tests = root.GetProperty("officialConnectorTests");
        foreach (JsonElement vector in (JsonElement[])[.. root.GetProperty("official").EnumerateArray(), .. root.GetProperty("derived").EnumerateArray(),
            .. tests.GetProperty("rest").EnumerateArray(), .. tests.GetProperty("wsapi").EnumerateArray()])
        {
            if (vector.TryGetProperty("usable", out JsonElement usable) && !usable.GetBoolean()) continue;
            if (vector.TryGetProperty("verified", out JsonElement verified) && verified.ValueKind != JsonValueKind.True) continue;
            if (SecretOf(vector, keys) is not { } secret) continue;
            vectors.Add((vector.GetProperty("id").GetString()!, new ApiKey("sample", secret), vector.GetProperty("payload").GetString()!, vector.GetProperty("signature").GetString()!));
        }
        return vectors;
    }

    private static string? SecretOf(JsonElement vector, JsonElement keys)
    {
        if (vector.TryGetProperty("secretKey", out JsonElement secret)) return secret.GetString();
        if (!vector.TryGetProperty("keyRef", out JsonElement reference) || !keys.TryGetProperty(reference.GetString()!, out JsonElement key)) return null;
        if (key.TryGetProperty("secretKey", out secret)) return secret.GetString();
        if (key.TryGetProperty("pkcs8DerBase64", out JsonElement document)) return PemEncoding.WriteString("PRIVATE KEY", Convert.FromBase64String(document.GetString()!));
        // RFC 8410: the head of every Ed25519 key, then its 32 bytes.
        if (key.TryGetProperty("seedHex", out JsonElement seed)) return PemEncoding.WriteString("PRIVATE KEY", Convert.FromHexString($"302e020100300506032b657004220420{seed.GetString()}"));
        return null;
    }

    [Fact]
    public void Every_usable_vector_reproduces()
    {
        using JsonDocument vectors = Vectors();
        var count = new Dictionary<KeyKind, int>();
        Span<byte> text = stackalloc byte[RequestSigner.SignatureLengthMax];
        foreach ((string id, ApiKey key, string payload, string expected) in UsableVectors(vectors.RootElement))
        {
            using var signer = new RequestSigner(key);
            _ = signer.Sign("something else first"u8, text); // A signer is used again and again.
            int length = signer.Sign(Encoding.UTF8.GetBytes(payload), text);
            Assert.True(expected == Encoding.ASCII.GetString(text[..length]), id);
            count[key.Kind] = count.GetValueOrDefault(key.Kind) + 1;
        }
        string summary = string.Join(", ", count.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key} {pair.Value}"));
        TestContext.Current.TestOutputHelper?.WriteLine($"signing vectors reproduced: {summary}");
        Assert.True(count[KeyKind.Hmac] > 14 && count[KeyKind.Rsa] >= 6 && count[KeyKind.Ed25519] >= 40, summary);
    }

    [Fact]
    public void Openssl_and_dotnet_sign_alike()
    {
        Assert.SkipUnless(Signing.Libcrypto.HasSha256, "OpenSSL 3 is not here");
        var random = new Random(7);
        for (int i = 0; i < 500; i++)
        {
            byte[] secret = new byte[random.Next(1, 200)];
            byte[] payload = new byte[random.Next(0, 600)];
            random.NextBytes(secret);
            random.NextBytes(payload);
            using var native = new Signing.HmacSignature(secret);
            using var managed = new Signing.HmacSignature(secret, managedOnly: true);
            Assert.True(native.IsNative && !managed.IsNative);
            byte[] one = new byte[64], other = new byte[64];
            for (int again = 0; again < 2; again++)
            {
                Assert.Equal((64, 64), (native.Sign(payload, one), managed.Sign(payload, other)));
                Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(secret, payload)), Encoding.ASCII.GetString(one));
                Assert.Equal(one, other);
            }
        }
    }

    [Theory]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nhalf of a canary")]
    public void A_private_key_that_cannot_be_used_is_refused_without_showing_it(string pem)
    {
        var error = Assert.Throws<ArgumentException>(() => new ApiKey("canaryKey", pem));
        Assert.Contains("PKCS#8", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", error.Message, StringComparison.Ordinal);
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
