using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

using Peregrine.Testing;

using Xunit;

namespace Peregrine.Binance.Tests;

/// <summary>Somebody else's WebSocket server that has the conversation of the tests: echoes, and does what <c>lengths</c>, <c>ping</c> and <c>close</c> tell it.</summary>
internal interface IPeer : IAsyncDisposable
{
    int Port { get; }

    /// <summary>How the next connection to end ended: closed 1000.</summary>
    string NextEnd();
}

/// <summary>ASP.NET Core's own WebSockets.</summary>
internal sealed class KestrelPeer : IPeer
{
    private readonly BlockingCollection<string> _ends = [];
    private LocalServer? _server;

    public int Port => _server!.Port;

    public static async Task<KestrelPeer> Start(bool tls)
    {
        var peer = new KestrelPeer();
        peer._server = await LocalServer.Start(
            async context =>
            {
                using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
                peer._ends.Add(await Converse(socket));
            },
            tls);
        return peer;
    }

    private static async Task<string> Converse(WebSocket socket)
    {
        byte[] buffer = new byte[1 << 21];
        while (true)
        {
            ValueWebSocketReceiveResult heard = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            if (heard.MessageType == WebSocketMessageType.Close)
            {
                // After a close of our own it is the client's answer.
                if (socket.State == WebSocketState.CloseReceived) await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                return $"closed {(int)socket.CloseStatus!} {socket.CloseStatusDescription}";
            }
            int have = heard.Count;
            while (!heard.EndOfMessage)
            {
                heard = await socket.ReceiveAsync(buffer.AsMemory(have), CancellationToken.None);
                have += heard.Count;
            }
            string[] words = heard.MessageType == WebSocketMessageType.Binary ? ["echo"] : Encoding.UTF8.GetString(buffer, 0, have).Split(' ');
            switch (words[0])
            {
                case "lengths":
                    for (int number = 0; number < words.Length - 1; number++) await Say(socket, number, int.Parse(words[number + 1], System.Globalization.CultureInfo.InvariantCulture));
                    break;
                case "close":
                    await socket.CloseOutputAsync((WebSocketCloseStatus)int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture), words[2], CancellationToken.None);
                    break;
                default:
                    await socket.SendAsync(buffer.AsMemory(0, have), heard.MessageType, true, CancellationToken.None);
                    break;
            }
        }
    }

    private static async Task Say(WebSocket socket, int number, int length)
    {
        byte[] bytes = Content(number, length);
        WebSocketMessageType type = number % 2 == 1 ? WebSocketMessageType.Binary : WebSocketMessageType.Text;
        int parts = number % 3 == 2 ? 3 : 1;
        for (int part = 0; part < parts; part++)
        {
            int from = length / parts * part, to = part == parts - 1 ? length : length / parts * (part + 1);
            await socket.SendAsync(bytes.AsMemory(from..to), type, part == parts - 1, CancellationToken.None);
        }
    }

    /// <summary>What message of that number and length says, here and in Peers/server.mjs.</summary>
    public static byte[] Content(int number, int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(32 + (((number * 31) + (i * 7)) % 95)))];

    public string NextEnd() => _ends.TryTake(out string? end, Lines.Patience) ? end : throw new TimeoutException("No connection ended.");

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        _ends.Dispose();
    }
}

/// <summary>The npm package ws, installed from its lock file on first use and kept with the build.</summary>
internal sealed class NodePeer : IPeer
{
    private readonly Process _process;
    private readonly BlockingCollection<string> _lines = [];

    private NodePeer(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is not null) _lines.Add(line.Data);
        };
        process.BeginOutputReadLine();
        Port = int.Parse(NextEnd(), System.Globalization.CultureInfo.InvariantCulture);
    }

    public int Port { get; }

    /// <summary>Skips the test where node or npm is missing, or the package cannot be had.</summary>
    public static NodePeer Start(bool tls)
    {
        string? folder = Install(out string reason);
        Assert.SkipWhen(folder is null, reason);
        List<string> arguments = [Path.Combine(folder, "server.mjs")];
        if (tls)
        {
            string certificates = Directory.CreateTempSubdirectory("peregrine-peer").FullName;
            using X509Certificate2 certificate = LocalServer.Certificate();
            using RSA key = certificate.GetRSAPrivateKey()!;
            File.WriteAllText(Path.Combine(certificates, "cert.pem"), certificate.ExportCertificatePem());
            File.WriteAllText(Path.Combine(certificates, "key.pem"), key.ExportPkcs8PrivateKeyPem());
            arguments.Add(certificates);
        }
        var peer = new NodePeer(Process.Start(new ProcessStartInfo("node", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!);
        if (tls) Directory.Delete(arguments[1], recursive: true);
        return peer;
    }

    private static readonly Lock Installing = new();

    private static string? Install(out string reason)
    {
        string source = Path.Combine(Repository.Root, "tests", "Peregrine.Binance.Tests", "Peers");
        byte[] all = [.. Directory.EnumerateFiles(source).Order(StringComparer.Ordinal).SelectMany(File.ReadAllBytes)];
        string folder = Path.Combine(Repository.Root, ".build", "peers", Convert.ToHexStringLower(SHA256.HashData(all))[..12]);
        reason = "The npm package ws is not here: node or npm is missing, or it could not be fetched.";
        lock (Installing)
        {
            if (File.Exists(Path.Combine(folder, "node_modules", "ws", "package.json"))) return folder;
            Directory.CreateDirectory(folder);
            foreach (string file in Directory.EnumerateFiles(source)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
            try
            {
                using Process npm = Process.Start(new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"])
                {
                    WorkingDirectory = folder,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                })!;
                npm.OutputDataReceived += (_, _) => { };
                npm.ErrorDataReceived += (_, _) => { };
                npm.BeginOutputReadLine();
                npm.BeginErrorReadLine();
                if (!npm.WaitForExit(TimeSpan.FromMinutes(1)))
                {
                    npm.Kill(entireProcessTree: true);
                    return null;
                }
                using Process node = Process.Start(new ProcessStartInfo("node", ["--version"]) { RedirectStandardOutput = true })!;
                node.WaitForExit();
                return npm.ExitCode == 0 && node.ExitCode == 0 ? folder : null;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return null;
            }
        }
    }

    public string NextEnd() => _lines.TryTake(out string? line, Lines.Patience) ? line : throw new TimeoutException("The server says nothing.");

    public ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
        return ValueTask.CompletedTask;
    }
}
