using Peregrine.Common;
using Peregrine.Common.Orders;

namespace Peregrine.Binance.Orders;

/// <summary>Writes and signs orders that go nowhere, so that the first real one does not wait for the compiler and for OpenSSL to load.</summary>
internal static class OrderRehearsal
{
    /// <summary>Enough for the compiler to think the code worth its best.</summary>
    private const int Orders = 200;

    public static void Run(OrderRequests requests, InstrumentTable instruments)
    {
        if (instruments.Count == 0) return;
        OrderIntent intent = new()
        {
            ClientId = ClientOrderId.Create("rehearsal"), Price = new Price(6_412_345_000_000), Quantity = new Quantity(12_345_000),
            Side = Side.Buy, Type = OrderType.Limit, TimeInForce = TimeInForce.ImmediateOrCancel,
        };
        for (int i = 0; i < Orders; i++) _ = requests.Place(i, in intent, default, instruments.All[0].Id, 1_700_000_000_000);
    }
}
