namespace Peregrine.Kernel.Tests;

/// <summary>Rows of the reliability scorecard: what a test proved, in one line on the console.</summary>
internal static class Scorecard
{
    /// <summary>Ten times the trials when the long variants are wanted.</summary>
    public static int Times(int trials) => Environment.GetEnvironmentVariable("PEREGRINE_SOAK") == "1" ? trials * 10 : trials;

    public static void Say(string row) => Console.WriteLine(row);
}

/// <summary>Tests that measure real time run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class RealTime
{
    public const string Name = "real time";
}
