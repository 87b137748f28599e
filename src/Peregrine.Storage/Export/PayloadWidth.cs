using Peregrine.Common.Events;

namespace Peregrine.Storage.Export;

/// <summary>Looks for the longest free payload: a fixed width must be known before the first row is written.</summary>
internal sealed class PayloadWidth : IEventHandler
{
    private const int DigitsInWord = 16;

    /// <summary>In hexadecimal digits.</summary>
    internal int Digits { get; private set; }

    public void OnEvent(long sequence, in MarketEvent entry, ReadOnlySpan<long> payload) => Digits = Math.Max(Digits, payload.Length * DigitsInWord);
}
