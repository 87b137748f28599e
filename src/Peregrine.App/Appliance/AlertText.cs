using Peregrine.Common;
using Peregrine.Execution.Trading;

namespace Peregrine.App.Appliance;

/// <summary>The core's alerts as people read them.</summary>
internal static class AlertText
{
    public static string Of(in CoreRequest alert, InstrumentTable instruments)
    {
        string symbol = alert.Symbol.IsNone ? "" : $"{instruments[alert.Symbol].Symbol}: ";
        return "ALERT " + symbol + alert.Alert switch
        {
            CoreAlert.Halted => $"trading is stopped or narrowed: {alert.Reason}; `orders` shows the state, docs/operating.md what to do",
            CoreAlert.LateFill => $"order {alert.ClientId} was given up as never having arrived, and lives or filled after all; the account is being compared",
            CoreAlert.Orphan => $"order {alert.ClientId} has our prefix, and nothing of ours knew it; it is followed",
            CoreAlert.Unprotected => "the position could not be protected at the exchange, and is being closed",
            CoreAlert.Armed => "armed by a person",
            CoreAlert.Refused => "the exchange refused several orders in a row; the pauses between tries grow to a minute",
            CoreAlert.Narrowed => $"narrowed or widened by {alert.Reason}",
            _ => alert.Alert.ToString(),
        };
    }
}
