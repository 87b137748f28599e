using System.Globalization;
using System.Runtime.Intrinsics;
using System.Text;

using Peregrine.Binance.Streams;
using Peregrine.Common;

using Xunit;

namespace Peregrine.Binance.Tests;

[CollectionDefinition(nameof(ScannerMutationTests), DisableParallelization = true)]
public sealed class AloneCollection; // The memory of the process is measured, so nobody else may use any meanwhile.

/// <summary>A million damaged messages: whatever a scanner accepts is what the general decoder says, nobody crashes, nobody reads beyond the slack.</summary>
[Collection(nameof(ScannerMutationTests))]
public sealed class ScannerMutationTests
{
    private const int Seed = 20260723;
    private const int GrowthMax = 20 << 20;

    private static int Frames => Environment.GetEnvironmentVariable("PEREGRINE_SOAK") == "1" ? 10_000_000 : Vector128.IsHardwareAccelerated ? 1_000_000 : 100_000;

    [Fact]
    public void Scanners_agree_with_the_general_decoder_on_damaged_messages()
    {
        int frames = 0, accepted = 0, events = 0;
        long grown = 0;
        foreach (Market market in (Market[])[Market.Spot, Market.UsdMargined])
        {
            foreach (int seed in (int[])[Seed, Seed + 1])
            {
                var random = new Random(seed + (int)market);
                var mutator = new SomeMutator(random);
                var trio = new SomeTrio(market, ["BTCUSDT", "ETHUSDT"], Some.Kinds);
                using var memory = new SomeGuardedMemory(1 << 16);
                byte[][] originals = [.. ScannerShapesTests.Messages(market).SelectMany(message => Variants(message, random)).Select(Encoding.UTF8.GetBytes)];
                int rounds = Frames / 4;
                long before = 0;
                for (int round = 0; round < rounds; round++)
                {
                    if (round == rounds / 4) before = Resident(); // Everything has run, and the rings have been written once, by now.
                    byte[] original = originals[random.Next(originals.Length)];
                    if (random.Next(3) == 0) Check(original); // So that there is a length to be remembered and to be wrong.
                    frames++;
                    Check(mutator.Damage(original));

                    void Check(ReadOnlySpan<byte> bytes)
                    {
                        ReadOnlySpan<byte> message = memory.Place(bytes, random, random.Next(4) != 0);
                        string? difference = trio.Difference(message);
                        if (difference is not null) Assert.Fail($"seed {seed}, {market}, round {round}: {difference} in {Encoding.Latin1.GetString(message)}");
                    }
                }
                grown = Math.Max(grown, Resident() - before);
                accepted += trio.Scanned.Vectors;
                events += trio.Events;
            }
        }
        string row = string.Create(CultureInfo.InvariantCulture, $"row 51: {frames} fuzzed frames, 0 crashes, 0 differing values, memory +{Math.Max(0, grown) / 1048576.0:F1} MB (seed {Seed})");
        TestContext.Current.TestOutputHelper?.WriteLine($"{row}; {events} were events, {accepted} scanned");
        Assert.InRange(grown, long.MinValue, GrowthMax);
        Assert.InRange(accepted, frames / 5, 2 * frames); // Or this would show nothing.
    }

    [Fact]
    public void Refuses_messages_beyond_a_megabyte_without_looking_into_them()
    {
        byte[] message = new byte[StreamDecoder.MessageBytesMax + 1];
        message.AsSpan().Fill((byte)' ');
        ScannerShapesTests.Messages(Market.Spot).Take(1).Select(Encoding.UTF8.GetBytes).Single().CopyTo(message, 0);
        StreamDecoder decoder = Some.Decoder(Market.Spot, "BTCUSDT");
        Assert.Equal(DecodeResult.Refused(Refusal.TooLarge), decoder.DecodeInPlace(Some.InPlace(message), Some.Ring(), 1));
        Assert.Equal(DecodeResult.Refused(Refusal.TooLarge), decoder.Decode(message, Some.Ring(), 1));
    }

    // What the generator of messages leaves behind is not the decoders'.
    private static long Resident()
    {
        GC.Collect();
        return Environment.WorkingSet;
    }

    // As it is, with blanks, with its fields in another order, and with more of them.
    private static IEnumerable<string> Variants(string message, Random random)
    {
        yield return message;
        yield return message;
        yield return message;
        yield return message.Replace(",", ", ", StringComparison.Ordinal);
        yield return MutationTests.Shuffled(message, random);
        yield return MutationTests.Shuffled(message, random);
        yield return message.Replace("\"data\":{", "\"data\":{\"new\":{\"deep\":[1,\"x\"]},", StringComparison.Ordinal);
        yield return message[(message.IndexOf("\"data\":", StringComparison.Ordinal) + 7)..^1];
    }
}
