using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using Peregrine.Simulator;

namespace Peregrine.Clients.Tests;

/// <summary>Keys of all three kinds and a certificate for localhost, made for one run.</summary>
internal sealed class Credentials : IDisposable
{
    private const string MakeEd25519 = """
        const { publicKey, privateKey } = require('node:crypto').generateKeyPairSync('ed25519');
        console.log(JSON.stringify({ pub: publicKey.export({ type: 'spki', format: 'pem' }), pem: privateKey.export({ type: 'pkcs8', format: 'pem' }) }));
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("peregrine-clients-");
    private readonly string _rsaPem;
    private readonly string _ed25519Pem;

    private Credentials(RSA rsa, JsonNode ed25519)
    {
        (_rsaPem, _ed25519Pem) = (rsa.ExportPkcs8PrivateKeyPem(), ed25519["pem"]!.GetValue<string>());
        Keys =
        [
            new ExchangeKey("peregrine-rsa-key", ExchangeKeyKind.Rsa, rsa.ExportSubjectPublicKeyInfoPem()),
            new ExchangeKey("peregrine-ed25519-key", ExchangeKeyKind.Ed25519, ed25519["pub"]!.GetValue<string>()),
        ];
        WriteCertificate();
    }

    /// <summary>The keys as the exchange is told of them.</summary>
    public IReadOnlyList<ExchangeKey> Keys { get; }

    public string CertificateFile => Path.Combine(_folder.FullName, "cert.pem");
    private string CertificateKeyFile => Path.Combine(_folder.FullName, "key.pem");

    public static async Task<Credentials> MakeAsync()
    {
        (_, string output, _) = await NodeClients.RunAsync("node", ["-e", MakeEd25519], TimeSpan.FromSeconds(10));
        using RSA rsa = RSA.Create(2_048);
        return new Credentials(rsa, JsonNode.Parse(output)!);
    }

    /// <summary>The one argument of a client's script.</summary>
    public string Setup(string url, ExchangeOptions options) => JsonSerializer.Serialize(new
    {
        url,
        hmac = new { key = options.ApiKey, secret = options.Secret },
        rsa = new { key = "peregrine-rsa-key", pem = _rsaPem },
        ed25519 = new { key = "peregrine-ed25519-key", pem = _ed25519Pem },
        tls = new { cert = CertificateFile, key = CertificateKeyFile },
    });

    public void Dispose() => _folder.Delete(recursive: true);

    private void WriteCertificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(CertificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(CertificateKeyFile, key.ExportPkcs8PrivateKeyPem());
    }
}
