using System.Text.Json;
using System.Text.Unicode;

using Peregrine.Binance.Streams;

namespace Peregrine.Binance.Orders;

/// <summary>
/// Reads the head of a message of the WebSocket API: who it answers, how, and where its body lies. What the body means depends on what was asked, so it is
/// read later (<see cref="RowReader"/>). Unknown fields are passed over. Allocates nothing. One thread.
/// </summary>
internal static class AnswerReader
{
    private const int TextBytesMax = 128;

    /// <summary>False: it is no JSON object at all.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out Answer answer)
    {
        answer = new Answer { WeightUsed = -1, OrdersUsed10Seconds = -1, OrdersUsedDay = -1 };
        if (!Utf8.IsValid(message)) return false;
        try
        {
            var reader = new Utf8JsonReader(message, isFinalBlock: true, new JsonReaderState(WireJson.Options));
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            Top(ref reader, message, ref answer);
            while (reader.Read()) { }
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Reads a REST error's code and text: {"code":-1121,"msg":"…"}. Code 0 where the body is none.</summary>
    public static Answer ReadError(ReadOnlySpan<byte> body)
    {
        var answer = new Answer { WeightUsed = -1, OrdersUsed10Seconds = -1, OrdersUsedDay = -1 };
        try
        {
            var reader = new Utf8JsonReader(body, isFinalBlock: true, new JsonReaderState(WireJson.Options));
            if (reader.Read() && reader.TokenType == JsonTokenType.StartObject) Error(ref reader, ref answer);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            answer.Code = 0; // HTML of a proxy, or nothing.
        }
        return answer;
    }

    private static void Top(ref Utf8JsonReader reader, ReadOnlySpan<byte> message, ref Answer answer)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long id)) answer.Id = id;
                else reader.Skip();
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                answer.Kind = AnswerKind.Reply;
                answer.IsBroken |= WireJson.Integer(ref reader, out long status) != Refusal.None;
                answer.Status = (int)Math.Clamp(status, 0, 999);
            }
            else if (reader.ValueTextEquals("result"u8))
            {
                reader.Read();
                Body(ref reader, ref answer);
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject) Error(ref reader, ref answer);
                else reader.Skip();
            }
            else if (reader.ValueTextEquals("event"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    Body(ref reader, ref answer);
                    answer.Kind = KindOf(answer.Body(message));
                }
                else
                {
                    reader.Skip();
                }
            }
            else if (reader.ValueTextEquals("rateLimits"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartArray) Limits(ref reader, ref answer);
                else reader.Skip();
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void Body(ref Utf8JsonReader reader, ref Answer answer)
    {
        answer.BodyStart = (int)reader.TokenStartIndex;
        reader.Skip();
        answer.BodyLength = (int)reader.BytesConsumed - answer.BodyStart;
    }

    private static void Error(ref Utf8JsonReader reader, ref Answer answer)
    {
        Span<byte> scratch = stackalloc byte[TextBytesMax];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("code"u8))
            {
                answer.IsBroken |= WireJson.Integer(ref reader, out long code) != Refusal.None;
                answer.Code = (int)Math.Clamp(code, int.MinValue, int.MaxValue);
            }
            else if (reader.ValueTextEquals("msg"u8))
            {
                reader.Read();
                int length = WireJson.CopyText(ref reader, scratch);
                if (length < 0) reader.Skip();
                else answer.IsDuplicateOrder = scratch[..length].StartsWith("Duplicate order"u8);
            }
            else if (reader.ValueTextEquals("data"u8))
            {
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartObject)
                {
                    reader.Skip();
                    continue;
                }
                Utf8JsonReader look = reader;
                Body(ref reader, ref answer);
                while (look.Read() && look.TokenType == JsonTokenType.PropertyName)
                {
                    if (!look.ValueTextEquals("retryAfter"u8)) look.Skip();
                    else if (WireJson.Integer(ref look, out long retry) == Refusal.None) answer.RetryAtMillis = retry;
                }
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void Limits(ref Utf8JsonReader reader, ref Answer answer)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            bool isWeight = false, isOrders = false, isDay = false;
            long number = 0, count = -1;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("rateLimitType"u8))
                {
                    reader.Read();
                    isWeight = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("REQUEST_WEIGHT"u8);
                    isOrders = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("ORDERS"u8);
                }
                else if (reader.ValueTextEquals("interval"u8))
                {
                    reader.Read();
                    isDay = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("DAY"u8);
                }
                else if (reader.ValueTextEquals("intervalNum"u8))
                {
                    if (WireJson.Integer(ref reader, out number) != Refusal.None) number = 0;
                }
                else if (reader.ValueTextEquals("count"u8))
                {
                    if (WireJson.Integer(ref reader, out count) != Refusal.None) count = -1;
                }
                else
                {
                    reader.Skip();
                }
            }
            int used = (int)Math.Clamp(count, -1, int.MaxValue);
            if (isWeight) answer.WeightUsed = used;
            else if (isOrders && isDay) answer.OrdersUsedDay = used;
            else if (isOrders && number == 10) answer.OrdersUsed10Seconds = used;
        }
    }

    private static AnswerKind KindOf(ReadOnlySpan<byte> body)
    {
        var look = new Utf8JsonReader(body, isFinalBlock: true, new JsonReaderState(WireJson.Options));
        look.Read();
        while (look.Read() && look.TokenType == JsonTokenType.PropertyName)
        {
            if (!look.ValueTextEquals("e"u8)) // The type may stand anywhere.
            {
                look.Skip();
                continue;
            }
            look.Read();
            if (look.TokenType != JsonTokenType.String) break;
            if (look.ValueTextEquals("executionReport"u8)) return AnswerKind.ExecutionReport;
            if (look.ValueTextEquals("outboundAccountPosition"u8)) return AnswerKind.Balances;
            if (look.ValueTextEquals("balanceUpdate"u8)) return AnswerKind.BalanceChange;
            if (look.ValueTextEquals("listStatus"u8)) return AnswerKind.ListStatus;
            if (look.ValueTextEquals("externalLockUpdate"u8)) return AnswerKind.ExternalLock;
            if (look.ValueTextEquals("eventStreamTerminated"u8)) return AnswerKind.StreamTerminated;
            if (look.ValueTextEquals("serverShutdown"u8)) return AnswerKind.ServerShutdown;
            break;
        }
        return AnswerKind.Other;
    }
}
