using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

using Peregrine.Binance.Orders;
using Peregrine.Common;
using Peregrine.Common.Orders;
using Peregrine.Testing;

using Xunit;

namespace Peregrine.Binance.Tests;

public sealed class OrderTextTests
{
    private const string Secret = "canarySecret";

    private static OrderRequests Requests(Proof proof = Proof.Signature)
    {
        var requests = new OrderRequests(new ApiKey("canaryKey", Secret), Some.Instruments(Market.Spot, "BTCUSDT", "１２３４５６"), new RequestSigner(Encoding.UTF8.GetBytes(Secret)));
        requests.Prepare(proof);
        return requests;
    }

    [Fact] // Prices and quantities of every size, all prepared shapes, both ways to prove who we are, a symbol that is no ASCII.
    public void A_prepared_text_is_the_one_that_is_written_parameter_by_parameter()
    {
        const int seed = 42;
        var random = new Random(seed);
        int compared = 0;
        foreach (Proof proof in (Proof[])[Proof.Signature, Proof.None])
        {
            OrderRequests requests = Requests(proof);
            for (int i = 0; i < 4_000; i++)
            {
                OrderIntent intent = new()
                {
                    ClientId = ClientOrderId.Create($"pg-{random.Next():x}-{i}"), Price = new Price(random.NextInt64(1, (long)Math.Pow(10, random.Next(1, 18)))),
                    Quantity = new Quantity(random.NextInt64(1, (long)Math.Pow(10, random.Next(1, 18)))), Side = random.Next(2) == 0 ? Side.Buy : Side.Sell,
                    Type = (OrderType)random.Next(1, 4), TimeInForce = (TimeInForce)random.Next(1, 4),
                };
                var symbol = new SymbolId((ushort)random.Next(1, 3));
                long time = 1_700_000_000_000 + random.Next();
                string prepared = Encoding.UTF8.GetString(requests.Place(i, in intent, default, symbol, time));
                string written = Encoding.UTF8.GetString(requests.Written(i, "order.place"u8, in intent, default, symbol, time));
                Assert.Equal(written, prepared);
                compared++;
                JsonElement parameters = JsonDocument.Parse(prepared).RootElement.GetProperty("params");
                if (proof == Proof.None) continue;
                string payload = RequestSigner.SocketPayload(parameters.EnumerateObject().Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value.ToString())));
                Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(payload))), parameters.GetProperty("signature").GetString());
            }
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{compared} orders, prepared and written alike (seed {seed})");
    }

    [Fact]
    public void The_wire_does_not_depend_on_where_the_machine_stands()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        List<byte[]> wires = [];
        int requestsCompared = 0;
        try
        {
            foreach (CultureInfo culture in (CultureInfo[])[CultureInfo.InvariantCulture, Culture("de-DE", ",", "."), Culture("tr-TR", ",", "."), Culture("ar-SA", "٫", "٬")])
            {
                CultureInfo.CurrentCulture = culture;
                using var wire = new MemoryStream();
                requestsCompared = 0;
                foreach (OrderRequests requests in (OrderRequests[])[Requests(), Requests(Proof.None)])
                {
                    foreach (long price in (long[])[1, 10_000_000, 6_412_310_000_000, 100_000_000_000_000_000, 123_456_789_012_345_678])
                    {
                        foreach (OrderType type in (OrderType[])[OrderType.Limit, OrderType.LimitMaker, OrderType.Market, OrderType.StopLossLimit, OrderType.TakeProfit])
                        {
                            OrderIntent intent = new()
                            {
                                ClientId = ClientOrderId.Create("pg-I-i"), Price = new Price(price), Quantity = new Quantity(price), Side = Side.Sell, Type = type, TimeInForce = TimeInForce.GoodTillCancel,
                            };
                            OrderTerms terms = new(StopPrice: type >= OrderType.StopLoss ? new Price(price) : default);
                            wire.Write(requests.Place(-1 + (price / 7), in intent, in terms, new SymbolId(1), 1_700_000_000_000));
                            wire.Write(requests.Amend(3, intent.ClientId, new Quantity(price), new SymbolId(2), 1_700_000_000_000));
                            requestsCompared += 2;
                        }
                    }
                }
                using var signer = new RequestSigner(Encoding.UTF8.GetBytes(Secret));
                wire.Write(Encoding.UTF8.GetBytes(signer.SignQuery([new("symbol", "１２３"), new("quantity", FixedPoint.Text(123_456_789)), new("timestamp", "1")])));
                wires.Add(wire.ToArray());
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
        Assert.All(wires, wire => Assert.Equal(wires[0], wire));
        string text = Encoding.UTF8.GetString(wires[0]);
        Assert.DoesNotContain("E-", text, StringComparison.Ordinal);
        Assert.DoesNotContain("E+", text, StringComparison.Ordinal);
        Assert.Contains("\"0.00000001\"", text, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine($"row 52: 4 cultures x {requestsCompared} requests, {wires[0].Length} bytes each, 0 differences");
    }

    /// <summary>The program carries no culture data, so the marks that matter are set by hand.</summary>
    private static CultureInfo Culture(string name, string point, string thousands)
    {
        CultureInfo culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = point;
        culture.NumberFormat.NumberGroupSeparator = thousands;
        culture.NumberFormat.NegativeSign = name == "ar-SA" ? "؜-" : "−";
        culture.NumberFormat.NativeDigits = name == "ar-SA" ? ["٠", "١", "٢", "٣", "٤", "٥", "٦", "٧", "٨", "٩"] : culture.NumberFormat.NativeDigits;
        return culture;
    }
}
