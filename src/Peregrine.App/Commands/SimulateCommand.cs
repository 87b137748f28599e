using System.CommandLine;
using System.Text.Json.Nodes;

using Peregrine.Research.WholeSystem;

namespace Peregrine.App.Commands;

/// <summary><c>simulate</c>: the whole system in virtual time under one seed, with everything failing at random.</summary>
internal static class SimulateCommand
{
    public static Command Create()
    {
        Option<ulong> seed = new("--seed") { Description = "decides everything: the same seed gives the same run, event by event", HelpName = "N", DefaultValueFactory = static _ => 1UL };
        Option<int> count = new("--count") { Description = "so many seeds, from --seed on", HelpName = "N", DefaultValueFactory = static _ => 1 };
        Option<double> minutes = new("--minutes") { Description = "virtual minutes with faults", HelpName = "N", DefaultValueFactory = static _ => 10 };
        Option<double> every = new("--fault-every") { Description = "virtual seconds between two faults on average; 0 for none", HelpName = "SECONDS", DefaultValueFactory = static _ => 12 };
        Option<bool> verbose = new("--verbose") { Description = "tell each fault, and what the trader says of it" };
        Option<bool> json = Shared.Json();
        Command command = new("simulate", "Runs feed, core, order session, network and exchange in virtual time with random faults, and checks that nothing goes wrong that must not.") { seed, count, minutes, every, verbose, json };
        command.SetAction((parsed, cancel) =>
        {
            int failed = 0;
            JsonArray runs = [];
            for (int i = 0; i < parsed.GetValue(count) && !cancel.IsCancellationRequested; i++)
            {
                SimulationResult result = SystemSimulation.Run(new SimulationOptions
                {
                    Seed = parsed.GetValue(seed) + (ulong)i, Minutes = parsed.GetValue(minutes), FaultEverySeconds = parsed.GetValue(every),
                    Log = parsed.GetValue(verbose) ? Console.Error.WriteLine : null,
                });
                if (result.Violations.Count > 0) failed++;
                if (parsed.GetValue(json)) runs.Add(Json(result));
                else Print(result);
            }
            if (parsed.GetValue(json)) Console.WriteLine(new JsonObject { ["failed"] = failed, ["runs"] = runs }.ToJsonString());
            return Task.FromResult(failed == 0 ? ExitCode.Done : ExitCode.Failed);
        });
        return command;
    }

    private static void Print(SimulationResult result)
    {
        Console.WriteLine($"seed {result.Seed}: hash {result.Hash}, {result.VirtualSeconds:F0} s, {result.Events:N0} events, {result.Orders} orders, {result.Fills} fills, {result.Rounds} rounds, {result.Restarts} restarts, {result.Reconnects} reconnects, {result.Faults.Values.Sum()} faults, {result.Violations.Count} violations");
        foreach (string violation in result.Violations) Console.WriteLine($"  {violation}");
        if (result.Violations.Count > 0) Console.WriteLine($"  again: {result.Command} --verbose");
    }

    private static JsonObject Json(SimulationResult result) => new()
    {
        ["seed"] = result.Seed, ["hash"] = result.Hash, ["virtualSeconds"] = Math.Round(result.VirtualSeconds, 3), ["events"] = result.Events, ["orders"] = result.Orders,
        ["fills"] = result.Fills, ["rounds"] = result.Rounds, ["restarts"] = result.Restarts, ["reconnects"] = result.Reconnects,
        ["faults"] = new JsonObject(result.Faults.Select(static one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value))),
        ["violations"] = new JsonArray([.. result.Violations.Select(static one => (JsonNode?)one)]), ["command"] = result.Command,
    };
}
