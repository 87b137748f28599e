using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Peregrine.Simulator.Limits;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Faults;

/// <summary>The fault surface over HTTP: POST /sim/NAME, POST /sim/clear, GET /sim/faults, /sim/log, /sim/meters, /sim/ledger and /sim/orders.</summary>
internal sealed class FaultAdmin(ExchangeFaults faults, Func<ExchangeMeters> meters, Func<string, ExchangeLedger> ledger, Func<IReadOnlyList<OrderCall>> orders)
{
    public const string Prefix = "/sim/";

    public async Task HandleAsync(HttpContext context)
    {
        using StreamReader reader = new(context.Request.Body, Encoding.UTF8);
        string body = await reader.ReadToEndAsync(context.RequestAborted);
        string name = context.Request.Path.Value![Prefix.Length..];
        int status = 200;
        string answer;
        try
        {
            answer = (context.Request.Method, name) switch
            {
                ("GET", "log") => Log(),
                ("GET", "faults") => Active(),
                ("GET", "meters") => JsonSerializer.Serialize(meters(), MetersJson.Default.ExchangeMeters),
                ("GET", "ledger") => Ledger(context.Request.Query["account"].ToString()),
                ("GET", "orders") => JsonSerializer.Serialize(orders(), LedgerJson.Default.IReadOnlyListOrderCall),
                ("POST", "clear") => Clear(body),
                ("POST", _) => Apply(name, body),
                _ => throw new FaultException($"{context.Request.Method} /sim/{name} is not served; there are GET log, faults, meters, ledger and orders, and POST clear or a fault's name."),
            };
        }
        catch (FaultException e)
        {
            status = 400;
            WireWriter error = new();
            error.Raw("{\"error\":"u8).Text(e.Message).Raw("}"u8);
            answer = Encoding.UTF8.GetString(error.Written);
        }
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json;charset=UTF-8";
        await context.Response.WriteAsync(answer, context.RequestAborted);
    }

    private string Ledger(string account)
    {
        try
        {
            return JsonSerializer.Serialize(ledger(account.Length == 0 ? ExchangeAccount.First : account), LedgerJson.Default.ExchangeLedger);
        }
        catch (ArgumentException e)
        {
            throw new FaultException(e.Message);
        }
    }

    private string Apply(string name, string body)
    {
        ActiveFault active = faults.Apply(name, body);
        return $"{{\"id\":{active.Id},\"matched\":{active.Matched}}}";
    }

    private string Clear(string body)
    {
        if (body.Length == 0) return Cleared(faults.Clear());
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            JsonProperty[] fields = document.RootElement.ValueKind == JsonValueKind.Object ? [.. document.RootElement.EnumerateObject()] : throw new FaultException("clear: the body must be a JSON object.");
            if (fields.Length == 0) return Cleared(faults.Clear());
            if (fields is not [{ Name: "id" } id] || !id.Value.TryGetInt32(out int number)) throw new FaultException("clear: the one field is 'id', a whole number; without it all faults end.");
            return faults.Clear(number) ? Cleared(1) : throw new FaultException($"clear: no fault {number} is in force.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FaultException("clear: the body must be {\"id\":N}, or nothing.");
        }
    }

    private static string Cleared(int count) => $"{{\"cleared\":{count}}}";

    private string Active() => List(faults.Active, a => $"{{\"id\":{a.Id},\"name\":\"{a.Name}\",\"matched\":{a.Matched},\"body\":{FaultNames.Write(a.Fault)}}}");

    private string Log() => List(
        faults.Log,
        c => string.Create(CultureInfo.InvariantCulture, $"{{\"sequence\":{c.Sequence},\"timeMicros\":{c.TimeMicros},\"seconds\":{c.Seconds:F6},\"name\":\"{c.Name}\",\"body\":{c.Body}}}"));

    private static string List<T>(IEnumerable<T> items, Func<T, string> write) => "[" + string.Join(",\n", items.Select(write)) + "]";
}
