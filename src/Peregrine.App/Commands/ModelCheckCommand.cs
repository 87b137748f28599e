using System.CommandLine;
using System.Globalization;

using Peregrine.Inference;
using Peregrine.Inference.Inspection;

namespace Peregrine.App.Commands;

/// <summary><c>model check</c>: loads, compiles, replays the model's own rows and the test sets of a folder.</summary>
internal static class ModelCheckCommand
{
    public static Command Create()
    {
        Argument<string> file = ModelCommand.File();
        Option<string?> vectors = new("--vectors")
        {
            Description = "also run the test sets of this folder: its test_data_set_K folders, or itself, with input_I.pb and output_I.pb as in the ONNX backend suite", HelpName = "DIR",
        };
        Option<double> absolute = new("--absolute") { Description = "the difference allowed whatever the number's size", DefaultValueFactory = _ => Gate.Default.Absolute, HelpName = "X" };
        Option<double> relative = new("--relative") { Description = "the difference allowed for each unit of the expected number", DefaultValueFactory = _ => Gate.Default.Relative, HelpName = "X" };
        Option<bool> json = Shared.Json();
        Command command = new("check", "Loads and compiles a model and runs its own test rows and test sets. Ends with 1 when a number is further off than "
            + "|d| <= absolute + relative * |expected|; whole numbers must be equal, and a model that quantises may be one step off.") { file, vectors, absolute, relative, json };
        command.SetAction(parsed =>
        {
            Gate gate = Gate.Default with { Absolute = Bound(parsed, absolute), Relative = Bound(parsed, relative) };
            return Run(parsed.GetValue(file)!, parsed.GetValue(vectors), gate, parsed.GetValue(json));
        });
        return command;
    }

    private static double Bound(ParseResult parsed, Option<double> option) => parsed.GetValue(option) is >= 0 and <= 1 and var value
        ? value
        : throw new StopException(ExitCode.WrongUsage, string.Create(CultureInfo.InvariantCulture, $"{option.Name}: '{parsed.GetValue(option)}' is not allowed; allowed is a decimal from 0 to 1."));

    private static int Run(string path, string? folder, Gate gate, bool asJson)
    {
        IReadOnlyList<TestVectors> sets = folder is null ? [] : TestVectors.Find(folder);
        if (folder is not null && sets.Count == 0)
            throw new StopException(ExitCode.WrongUsage, $"--vectors: '{folder}' has no test sets; allowed is a folder with test_data_set_K folders, or one with input_I.pb and output_I.pb.");
        OnnxModel model = ModelCommand.Load(path);
        ModelCheckJson result = Check(model, path, sets, gate);
        if (asJson) ModelJson.Print(result);
        else Print(result, hint: folder is null && TestVectors.Find(Path.GetDirectoryName(Path.GetFullPath(path))!).Count > 0);
        return result.Ok ? ExitCode.Done : ExitCode.Failed;
    }

    private static ModelCheckJson Check(OnnxModel model, string path, IReadOnlyList<TestVectors> sets, Gate gate)
    {
        ModelCheckJson result = new(path, gate.Absolute, gate.Relative);
        try
        {
            ModelSession session = model.Compile();
            result = result with { Steps = session.Steps, MemoryBytes = session.MemoryBytes, Kernels = session.Kernels.ToString() };
        }
        catch (ModelException e) when (e.InputsToFix.Count > 0 && sets.Count > 0)
        {
            // The test sets say what these inputs are.
        }
        catch (ModelException e)
        {
            return result with { Problem = e.Message };
        }
        try
        {
            if (SelfTest.IsPresent(model)) result = result with { SelfTestRows = SelfTest.Verify(model) };
        }
        catch (ModelException e)
        {
            result = result with { SelfTestProblem = e.Message };
        }
        return result with { Sets = [.. sets.Select(set => Check(model, set, gate))] };
    }

    private static ModelSetJson Check(OnnxModel model, TestVectors set, Gate gate)
    {
        try
        {
            return new ModelSetJson(set.Name, [.. set.Check(model, gate).Select(ModelOutputJson.Of)], null);
        }
        catch (ModelException e)
        {
            return new ModelSetJson(set.Name, [], e.Message);
        }
    }

    private static void Print(ModelCheckJson result, bool hint)
    {
        static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
        if (result.Problem is not null) Line($"WRONG: {result.Problem}");
        else if (result.Kernels is null) Line($"read; its shapes depend on the values of inputs");
        else Line($"compiled: {result.Steps} steps, {result.MemoryBytes:N0} bytes, {result.Kernels} kernels");
        if (result.SelfTestProblem is not null) Line($"WRONG: {result.SelfTestProblem}");
        else if (result.SelfTestRows > 0) Line($"its own {result.SelfTestRows} test rows reproduce");
        else if (result.Problem is null) Line($"it carries no test rows of its own");
        foreach (ModelSetJson set in result.Sets)
        {
            if (set.Problem is not null) Line($"{set.Name}: WRONG: {set.Problem}");
            foreach (ModelOutputJson output in set.Outputs)
            {
                if (output.Problem is not null) Line($"{set.Name} {output.Name}: WRONG: it {output.Problem}");
                else if (output.Elements == 0) Line($"{set.Name} {output.Name}: ok, empty as it should be");
                else if (output.Ok && output.Difference == 0) Line($"{set.Name} {output.Name}: ok, {output.Elements:N0} numbers, all equal");
                else if (output.Ok) Line($"{set.Name} {output.Name}: ok, {output.Elements:N0} numbers, worst difference {output.Difference:E2} of {output.Allowed:E2} allowed at [{output.Index}]");
                else Line($"{set.Name} {output.Name}: WRONG: {output.Misses:N0} of {output.Elements:N0} numbers; worst at [{output.Index}]: {output.Actual:R}, expected {output.Expected:R}, difference {output.Difference:E2}, allowed {output.Allowed:E2}");
            }
        }
        if (hint) Line($"test sets lie beside the model; --vectors DIR runs them");
        Line($"{(result.Ok ? "ok" : "FAILED")}");
    }
}
