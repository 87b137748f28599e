using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Peregrine.Simulator.Tests;

/// <summary>The exchange accepts what Binance's own connectors sign, and nothing else.</summary>
public sealed class SignatureTests
{
    [Fact]
    public void Official_vectors_of_all_three_kinds_are_valid_and_a_changed_byte_is_not()
    {
        string? path = Testing.Repository.Shared("reference/signing-vectors.json");
        Assert.SkipWhen(path is null, "the official vectors are not here");
        JsonNode all = JsonNode.Parse(File.ReadAllText(path!))!;
        Dictionary<ExchangeKeyKind, int> counts = [];
        foreach (JsonNode? vector in (JsonNode?[])[.. all["officialConnectorTests"]!["rest"]!.AsArray(), .. all["officialConnectorTests"]!["wsapi"]!.AsArray()])
        {
            JsonNode key = all["sampleKeys"]![vector!["keyRef"]!.GetValue<string>()]!;
            ExchangeKeyKind kind = vector["algorithm"]!.GetValue<string>() switch { "HMAC-SHA256" => ExchangeKeyKind.Hmac, "Ed25519" => ExchangeKeyKind.Ed25519, _ => ExchangeKeyKind.Rsa };
            Api.SignatureVerifier verifier = Api.SignatureVerifier.Of(new ExchangeKey("key", kind, Secret(key, kind)));
            byte[] payload = Encoding.UTF8.GetBytes(vector["payload"]!.GetValue<string>());
            string signature = vector["signature"]!.GetValue<string>();
            Assert.True(verifier.IsValid(payload, signature), vector["id"]!.GetValue<string>());
            payload[^1] ^= 1;
            Assert.False(verifier.IsValid(payload, signature), vector["id"]!.GetValue<string>());
            counts[kind] = counts.GetValueOrDefault(kind) + 1;
        }
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", counts.Select(c => $"{c.Key}: {c.Value} vectors")));
        Assert.Equal(3, counts.Count);
    }

    [Theory]
    [InlineData(ExchangeKeyKind.Hmac)]
    [InlineData(ExchangeKeyKind.Rsa)]
    [InlineData(ExchangeKeyKind.Ed25519)]
    public void What_is_no_signature_is_refused_not_thrown_at(ExchangeKeyKind kind)
    {
        using RSA rsa = RSA.Create(2_048);
        string secret = kind switch { ExchangeKeyKind.Rsa => rsa.ExportSubjectPublicKeyInfoPem(), ExchangeKeyKind.Ed25519 => TestKeys.Ed25519Public, _ => "secret" };
        Api.SignatureVerifier verifier = Api.SignatureVerifier.Of(new ExchangeKey("key", kind, secret));
        foreach (string text in (string[])["x", "%%%", "äöü", new string('A', 86) + "==", new string('A', 344)]) Assert.False(verifier.IsValid("timestamp=1"u8, text), text);
    }

    /// <summary>What the exchange knows of a key: the secret, or the public half.</summary>
    private static string Secret(JsonNode key, ExchangeKeyKind kind)
    {
        if (kind == ExchangeKeyKind.Hmac) return key["secretKey"]!.GetValue<string>();
        if (kind == ExchangeKeyKind.Ed25519) return TestKeys.PublicPem(Convert.FromHexString(key["publicKeyHex"]!.GetValue<string>()));
        using RSA rsa = RSA.Create();
        if (key["passphrase"] is { } passphrase) rsa.ImportEncryptedPkcs8PrivateKey(passphrase.GetValue<string>(), Convert.FromBase64String(key["encryptedPkcs8Base64"]!.GetValue<string>()), out _);
        else rsa.ImportPkcs8PrivateKey(Convert.FromBase64String(key["pkcs8DerBase64"]!.GetValue<string>()), out _);
        return rsa.ExportSubjectPublicKeyInfoPem();
    }
}
