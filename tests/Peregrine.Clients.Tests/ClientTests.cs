namespace Peregrine.Clients.Tests;

/// <summary>Clients that nobody here wrote take the exchange for Binance.</summary>
public sealed class ClientTests
{
    [Theory]
    [InlineData("ccxt")]
    [InlineData("binance")]
    [InlineData("@binance/spot")]
    public async Task Every_call_of_the_client_does_what_it_does_on_the_exchange(string client)
    {
        IReadOnlyList<ClientCall> calls = await ClientRun.CallsAsync(client);
        TestContext.Current.TestOutputHelper?.WriteLine($"{client}: {calls.Count} calls, {calls.Count(c => !c.Ok)} failed");
        string[] failures = [.. calls.Where(static c => !c.Ok).Select(static c => $"{c.Call} ({c.Via}): {c.Detail}")];
        Assert.True(failures.Length == 0, $"{client}: {failures.Length} of {calls.Count} calls failed\n{string.Join('\n', failures)}");
    }

    [Fact]
    public async Task The_table_in_the_documents_is_what_was_measured()
    {
        List<ClientCall> calls = [];
        foreach (string client in ClientRun.Clients) calls.AddRange(await ClientRun.CallsAsync(client));
        string measured = ClientTable.Of(calls);
        if (Environment.GetEnvironmentVariable("PEREGRINE_REWRITE_DOCS") == "1") await File.WriteAllTextAsync(ClientTable.FileName, measured, TestContext.Current.CancellationToken);
        Assert.Equal(measured, await File.ReadAllTextAsync(ClientTable.FileName, TestContext.Current.CancellationToken));
    }
}
