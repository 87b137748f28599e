using System.Text;
using System.Text.Json.Nodes;
using Peregrine.Testing;

namespace Peregrine.Clients.Tests;

/// <summary>The table of calls, clients and results in the documents.</summary>
internal static class ClientTable
{
    public static string FileName { get; } = Path.Combine(Repository.Root, "docs", "clients.md");

    public static string Of(IReadOnlyList<ClientCall> calls)
    {
        JsonNode versions = JsonNode.Parse(File.ReadAllText(Path.Combine(NodeClients.Folder, "package.json")))!["dependencies"]!;
        StringBuilder text = new();
        text.Append("""
            # Other people's clients on the built-in exchange

            Three npm packages that nobody here wrote run against the built-in exchange (`./peregrine exchange`), pinned in `tests/clients/package.json`.
            Each call is made by the client's own method, and its answer is checked: prices parse, sums agree, ids are the same, the fill that we caused
            arrives on the stream. `./test --only Clients` runs it all; this table is written by that suite (`PEREGRINE_REWRITE_DOCS=1`) and compared with
            what was measured at every run.

            How each client was pointed at the exchange:

            - `ccxt`: its `urls` property (`api.public`, `api.private`, `api.sapi`, `api.ws.spot`, `api.ws['ws-api'].spot`), and `options.fetchMarkets.types: ['spot']`.
            - `binance`: `baseUrl` of the REST client and `wsUrl` of the WebSocket clients.
            - `@binance/spot`: `basePath` and `wsURL`. It takes `https:` and `wss:` alone, so a TLS terminator with a certificate made for the run stands in front
              of the exchange, and Node is told to trust it (`NODE_EXTRA_CA_CERTS`). The client's own check of the certificate stays on.

            A dash means that the client does not have the call, or that another row covers it.


            """);
        text.Append("| Call |");
        foreach (string client in ClientRun.Clients) text.Append($" `{client}` {versions[client]} |");
        text.Append("\n|---|").Append(string.Concat(Enumerable.Repeat("---|", ClientRun.Clients.Count))).Append('\n');
        foreach (string call in Order(calls))
        {
            text.Append($"| {call} |");
            foreach (string client in ClientRun.Clients)
            {
                ClientCall? made = calls.FirstOrDefault(c => c.Client == client && c.Call == call);
                text.Append(made is null ? " – |" : $" {(made.Ok ? "passes" : "**fails**")}: `{made.Via}` |");
            }
            text.Append('\n');
        }
        text.Append('\n');
        foreach (string client in ClientRun.Clients)
            text.Append($"`{client}`: {calls.Count(c => c.Client == client && c.Ok)} of {calls.Count(c => c.Client == client)} calls pass.\n");
        return text.ToString();
    }

    /// <summary>The calls in the order of the scripts; what only one has stands behind what it follows there.</summary>
    private static List<string> Order(IReadOnlyList<ClientCall> calls)
    {
        List<string> order = [];
        foreach (string client in ClientRun.Clients)
        {
            int at = 0;
            foreach (ClientCall call in calls.Where(c => c.Client == client))
            {
                int known = order.IndexOf(call.Call);
                if (known < 0) order.Insert(at++, call.Call);
                else at = known + 1;
            }
        }
        return order;
    }
}
