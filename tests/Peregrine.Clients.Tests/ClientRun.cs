using System.Text.Json;

using Peregrine.Simulator;

namespace Peregrine.Clients.Tests;

/// <summary>One call of one client, and what became of it.</summary>
/// <param name="Via">The client's own method or error class.</param>
internal sealed record ClientCall(string Client, string Call, string Via, bool Ok, string Detail);

/// <summary>A client's whole table of calls, run once against an exchange of its own.</summary>
internal static class ClientRun
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(80);
    private static readonly Dictionary<string, Lazy<Task<IReadOnlyList<ClientCall>>>> Runs = new()
    {
        ["ccxt"] = Of("ccxt.mjs"),
        ["binance"] = Of("npm-binance.mjs"),
        ["@binance/spot"] = Of("official.mjs"),
    };

    public static IReadOnlyList<string> Clients { get; } = [.. Runs.Keys];

    /// <summary>What came of the calls of a client; the test is skipped where there is no Node.</summary>
    public static async Task<IReadOnlyList<ClientCall>> CallsAsync(string client)
    {
        await NodeClients.NeedAsync();
        return await Runs[client].Value;
    }

    private static Lazy<Task<IReadOnlyList<ClientCall>>> Of(string script) => new(() => RunAsync(script));

    private static async Task<IReadOnlyList<ClientCall>> RunAsync(string script)
    {
        using Credentials credentials = await Credentials.MakeAsync();
        ExchangeOptions options = new() { Source = new SyntheticSource(7), Symbols = ["BTCUSDT", "ETHUSDT"], Keys = credentials.Keys };
        await using ExchangeServer server = await ExchangeServer.StartAsync(options);
        (int code, string output, string error) = await NodeClients.RunAsync(
            "node", [script, credentials.Setup(server.Url, options)], Timeout, ("NODE_EXTRA_CA_CERTS", credentials.CertificateFile));
        List<ClientCall> calls = [];
        foreach (string line in output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l.StartsWith("{\"client\"", StringComparison.Ordinal)))
            calls.Add(JsonSerializer.Deserialize<ClientCall>(line, JsonSerializerOptions.Web)!);
        Assert.True(code == 0 && calls.Count > 0, $"{script} ended with exit code {code} after {calls.Count} calls: {error}");
        return calls;
    }
}
