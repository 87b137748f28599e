using System.Text.Json;

using Peregrine.Binance.Orders;
using Peregrine.Common;

namespace Peregrine.Binance.Rest;

/// <summary>What is demanded of a key that may trade.</summary>
/// <param name="AllowAnyAddress">A key that works from any address is taken all the same; a warning stays.</param>
/// <param name="AuthorityFor">So long the key must still be allowed to trade; null for a week.</param>
public sealed record KeyDemands(bool AllowAnyAddress = false, TimeSpan? AuthorityFor = null);

/// <summary>What a key may do, and what speaks against it.</summary>
/// <param name="Refusals">Why it may not be used for live trading, one sentence each; empty where it may.</param>
/// <param name="Warnings">What a person should know all the same.</param>
public sealed record KeyVerdict(IReadOnlyList<string> Refusals, IReadOnlyList<string> Warnings)
{
    public bool MayTrade => Refusals.Count == 0;

    /// <summary>Whether the exchange gave an answer at all; false leaves open what the key may do.</summary>
    public bool IsKnown { get; init; } = true;

    /// <summary>Whether the question could not be asked, or was not answered, because of the exchange's limits: it may be later.</summary>
    public bool IsThrottled { get; init; }
}

/// <summary>Asks the exchange what a key may do. A key that could move money out is refused: whoever steals it could too. So is one of which nothing could be learned.</summary>
public static class KeyPermissions
{
    private const string Path = "/sapi/v1/account/apiRestrictions";
    private static readonly TimeSpan AuthorityForDefault = TimeSpan.FromDays(7);

    /// <summary>Asks and judges. Never throws for what the exchange answers.</summary>
    public static async Task<KeyVerdict> CheckAsync(SignedRest rest, KeyDemands demands, TimeProvider time, CancellationToken cancel)
    {
        RestAnswer answer = await rest.SendAsync(HttpMethod.Get, Path, [], Lane.Close, 1, cancel).ConfigureAwait(false);
        return answer.Verdict == Verdict.Accepted
            ? Judge(answer.Body, demands, time.GetUtcNow())
            : new KeyVerdict([$"What the key may do could not be found out: {answer.Problem}."], []) { IsKnown = answer.Verdict == Verdict.WrongKey, IsThrottled = answer.Verdict == Verdict.Throttled };
    }

    /// <summary>Judges the answer of apiRestrictions.</summary>
    public static KeyVerdict Judge(ReadOnlySpan<byte> body, KeyDemands demands, DateTimeOffset now)
    {
        var refusals = new List<string>();
        var warnings = new List<string>();
        JsonElement root;
        try
        {
            var reader = new Utf8JsonReader(body);
            root = JsonElement.ParseValue(ref reader);
            if (root.ValueKind != JsonValueKind.Object) throw new JsonException();
        }
        catch (JsonException)
        {
            return new KeyVerdict(["What the key may do could not be found out: the answer is not what it should be."], []);
        }
        Forbid("enableWithdrawals", "The key may withdraw: take that permission away from it.");
        Forbid("enableInternalTransfer", "The key may transfer to other accounts: take that permission away from it.");
        Forbid("permitsUniversalTransfer", "The key may move money between wallets (universal transfer): take that permission away from it.");
        if (Read("enableSpotAndMarginTrading") != true) refusals.Add("The key may not trade on the spot market: give it that permission (enableSpotAndMarginTrading).");
        if (Read("ipRestrict") != true)
        {
            const string open = "The key works from any address: restrict it to this machine's (ipRestrict).";
            (demands.AllowAnyAddress ? warnings : refusals).Add(open);
        }
        if (root.TryGetProperty("tradingAuthorityExpirationTime", out JsonElement end) && end.ValueKind != JsonValueKind.Null) JudgeEnd(end);
        return new KeyVerdict(refusals, warnings);

        bool? Read(string name) => root.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

        void Forbid(string name, string sentence)
        {
            bool? may = Read(name);
            if (may == true) refusals.Add(sentence);
            else if (may is null) refusals.Add($"The exchange does not say whether the key has the permission {name}.");
        }

        void JudgeEnd(JsonElement time)
        {
            TimeSpan wanted = demands.AuthorityFor ?? AuthorityForDefault;
            if (time.ValueKind != JsonValueKind.Number || !time.TryGetInt64(out long millis) || millis is < 0 or > 253_402_300_799_999)
            {
                refusals.Add("The exchange does not say readably until when the key may trade (tradingAuthorityExpirationTime).");
                return;
            }
            DateTimeOffset until = DateTimeOffset.FromUnixTimeMilliseconds(millis);
            if (until <= now) refusals.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The key's authority to trade ended on {until:yyyy-MM-dd HH:mm} UTC."));
            else if (until < now + wanted)
                refusals.Add(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"The key's authority to trade ends on {until:yyyy-MM-dd HH:mm} UTC, in less than {wanted.TotalDays:0.#} days: renew it."));
        }
    }
}
