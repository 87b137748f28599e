using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

using Peregrine.Simulator;
using Peregrine.Simulator.Faults;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>The control surface of an exchange in another process: faults, and the truth about the account.</summary>
internal sealed class ExchangeDesk(string url) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly HttpClient _http = new() { BaseAddress = new Uri(url), Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Puts a fault in force.</summary>
    public async Task FaultAsync(string name, string body)
    {
        using StringContent content = new(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await _http.PostAsync(new Uri($"/sim/{name}", UriKind.Relative), content);
        Assert.True(answer.IsSuccessStatusCode, $"{name} {body}: {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>Ends every fault.</summary>
    public Task ClearAsync() => FaultAsync("clear", "");

    public async Task<ExchangeLedger> LedgerAsync() => (await _http.GetFromJsonAsync<ExchangeLedger>(new Uri("/sim/ledger", UriKind.Relative), Json))!;

    public async Task<OrderCall[]> CallsAsync() => (await _http.GetFromJsonAsync<OrderCall[]>(new Uri("/sim/orders", UriKind.Relative), Json))!;

    public void Dispose() => _http.Dispose();
}
