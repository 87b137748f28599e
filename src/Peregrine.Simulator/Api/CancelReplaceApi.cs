using Peregrine.Simulator.Trading;
using Peregrine.Simulator.Wire;

namespace Peregrine.Simulator.Api;

/// <summary>One order in the place of another, in one call. The new one is checked against filters and order counts before the old one is touched; what the matching engine says of it comes after.</summary>
internal sealed class CancelReplaceApi(TradingContext context)
{
    /// <summary>What it serves: the method's name on the WebSocket API, and its routes on REST.</summary>
    public IEnumerable<Operation> Operations =>
    [
        new Operation("order.cancelReplace", true, 0, Run) { CountsItself = true, Routes = [("POST", "/api/v3/order/cancelReplace")] },
    ];

    private void Run(RequestParameters parameters, WireWriter writer)
    {
        parameters.Required("cancelReplaceMode");
        bool stops = parameters.Word("cancelReplaceMode", "STOP_ON_FAILURE", "ALLOW_FAILURE") == "STOP_ON_FAILURE";
        bool cancelsAnyway = parameters.Word("orderRateLimitExceededMode", "DO_NOTHING", "CANCEL_ONLY") == "CANCEL_ONLY";
        OrderRequest request = OrderReader.Read(context, parameters);
        string responseType = OrderApi.ResponseType(parameters, request);
        context.Market.CatchUp();
        TradingContext.Desk(parameters).CheckFilters(request);
        ApiException? tooMany = TradingContext.Usage(parameters).Refusal(1);
        if (tooMany is not null && !cancelsAnyway) throw tooMany;

        Half cancel = Try(writer.TimeUnit, half => Cancel(parameters, half));
        if (!cancel.IsDone && stops)
        {
            if (tooMany is not null) throw tooMany;
            TradingContext.Usage(parameters).AddOrder(1); // What was not attempted counts too.
            throw Failed(cancel, null);
        }
        Half order = tooMany is not null ? Refused(tooMany) : Try(writer.TimeUnit, half => Place(parameters, request, responseType, half));
        if (!cancel.IsDone || !order.IsDone) throw Failed(cancel, order);
        writer.Raw(Both(cancel, order));
    }

    private void Cancel(RequestParameters parameters, WireWriter writer)
    {
        VenueOrder? order = context.FindOrder(parameters, "cancelOrderId", "cancelOrigClientOrderId", -2011, "Unknown order sent.");
        context.CheckRestriction(parameters, order);
        string cancelId = TradingContext.Desk(parameters).Cancel(order, OrderReader.ClientId(parameters, "cancelNewClientOrderId"));
        OrderWire.Canceled(writer, order!, cancelId);
    }

    private void Place(RequestParameters parameters, OrderRequest request, string responseType, WireWriter writer)
    {
        VenueOrder order = TradingContext.Usage(parameters).Placing(1, () => TradingContext.Desk(parameters).Place(request));
        context.Faults.OnPlaced(order);
        OrderWire.Placed(writer, order, responseType);
    }

    private static Half Try(long timeUnit, Action<WireWriter> act)
    {
        WireWriter writer = new() { TimeUnit = timeUnit };
        try
        {
            act(writer);
            return new Half(true, writer.Written.ToArray());
        }
        catch (ApiException e)
        {
            return Refused(e);
        }
    }

    private static Half Refused(ApiException e)
    {
        WireWriter writer = new();
        RestApi.WriteError(writer, e);
        return new Half(false, writer.Written.ToArray());
    }

    private static ApiException Failed(Half cancel, Half? order)
    {
        bool isPartial = cancel.IsDone || order is { IsDone: true };
        return new ApiException(isPartial ? -2021 : -2022, isPartial ? "Order cancel-replace partially failed." : "Order cancel-replace failed.", isPartial ? 409 : 400) { DataJson = Both(cancel, order) };
    }

    private static byte[] Both(Half cancel, Half? order)
    {
        WireWriter writer = new();
        writer.Raw("{\"cancelResult\":"u8).Text(cancel.Word).Raw(",\"newOrderResult\":"u8).Text(order?.Word ?? "NOT_ATTEMPTED")
            .Raw(",\"cancelResponse\":"u8).Raw(cancel.Json).Raw(",\"newOrderResponse\":"u8).Raw(order is { } half ? half.Json : "null"u8).Raw("}"u8);
        return writer.Written.ToArray();
    }

    /// <summary>What became of one of the two.</summary>
    private readonly record struct Half(bool IsDone, byte[] Json)
    {
        public string Word => IsDone ? "SUCCESS" : "FAILURE";
    }
}
