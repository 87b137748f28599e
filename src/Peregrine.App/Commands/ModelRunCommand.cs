using System.CommandLine;
using System.Globalization;

using Peregrine.Inference;
using Peregrine.Inference.Inspection;

namespace Peregrine.App.Commands;

/// <summary><c>model run</c>: one run with given inputs.</summary>
internal static class ModelRunCommand
{
    private const int NumbersShown = 64; // Of each output on a terminal; files and --json have all.

    public static Command Create()
    {
        Argument<string> file = ModelCommand.File();
        Option<string[]> inputs = new("--input")
        {
            Description = $"an input: {ModelInputText.Form}; without any the inputs that the model wants are listed", HelpName = "NAME=VALUE", AllowMultipleArgumentsPerToken = true,
        };
        Option<string?> output = new("--output")
        {
            Description = "write the outputs into this file: .npy (one output; of several each into FILE with its name before .npy) or .json", HelpName = "FILE",
        };
        Option<string[]> dimensions = ModelCommand.Dimensions();
        Option<bool> json = Shared.Json();
        Command command = new("run", "Runs a model once. Symbolic dimensions take the sizes of the inputs; NumPy files hold float32, float64, whole numbers or bool, little endian in C order; "
            + "float64 becomes float32 where the model wants that, and whole numbers another whole type that holds them.") { file, inputs, output, dimensions, json };
        command.SetAction(parsed =>
        {
            OnnxModel model = ModelCommand.Load(parsed.GetValue(file)!);
            Dictionary<string, int> sizes = ModelCommand.ReadDimensions(model, parsed.GetValue(dimensions));
            Dictionary<string, FixedTensor> tensors = ModelInputText.Read("--input", model, parsed.GetValue(inputs) ?? [], sizes);
            TensorInfo[] missing = [.. model.Inputs.Where(input => !tensors.ContainsKey(input.Name))];
            if (missing.Length > 0) throw new StopException(ExitCode.WrongUsage, $"--input: the model wants {string.Join(", ", missing)}; give each as {ModelInputText.Form}.");
            if (parsed.GetValue(output) is { } target && Path.GetExtension(target) is not (".npy" or ".json"))
                throw new StopException(ExitCode.WrongUsage, $"--output: '{target}' is not allowed; allowed is a file that ends in .npy or .json.");
            return Run(model, tensors, sizes, parsed.GetValue(output), parsed.GetValue(json));
        });
        return command;
    }

    private static int Run(OnnxModel model, Dictionary<string, FixedTensor> tensors, Dictionary<string, int> sizes, string? target, bool json)
    {
        (TensorInfo Info, FixedTensor Tensor)[] outputs;
        try
        {
            ModelSession session = ModelInputs.Compile(model, tensors, new CompileOptions { Dimensions = sizes });
            session.Run();
            outputs = [.. session.Outputs.Select((info, i) => (info, ModelInputs.Output(session, i)))];
        }
        catch (ModelException e)
        {
            throw new StopException(ExitCode.WrongUsage, e.Message);
        }
        if (target is not null) Write(target, outputs);
        if (json) Console.WriteLine(ToJson(outputs));
        else if (target is null)
            foreach ((TensorInfo info, FixedTensor tensor) in outputs) Print(info, tensor);
        return ExitCode.Done;
    }

    private static void Write(string target, (TensorInfo Info, FixedTensor Tensor)[] outputs)
    {
        if (Path.GetExtension(target) == ".json")
        {
            File.WriteAllText(target, ToJson(outputs) + "\n");
            return;
        }
        foreach ((TensorInfo info, FixedTensor tensor) in outputs)
        {
            string name = string.Concat(info.Name.Select(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? c : '_'));
            string path = outputs.Length == 1 ? target : Path.ChangeExtension(target, $".{name}.npy");
            File.WriteAllBytes(path, NpyFormat.Write(tensor));
            Console.Error.WriteLine($"peregrine: {info} -> {path}");
        }
    }

    /// <summary>One object: each output's name, type, shape and nested values.</summary>
    private static string ToJson((TensorInfo Info, FixedTensor Tensor)[] outputs) => "{\"outputs\":[" + string.Join(',', outputs.Select(static one =>
        $"{{\"name\":{Quoted(one.Info.Name)},\"type\":\"{one.Info.Type}\",\"shape\":[{string.Join(',', one.Tensor.Shape)}],\"values\":{TensorText.ToJson(one.Tensor)}}}")) + "]}";

    private static string Quoted(string text) => $"\"{System.Text.Json.JsonEncodedText.Encode(text)}\"";

    /// <summary>Rows of the last dimension, as many as a person reads.</summary>
    private static void Print(TensorInfo info, FixedTensor tensor)
    {
        Console.WriteLine(info);
        int width = tensor.Shape.Count == 0 ? 1 : Math.Max(tensor.Shape[^1], 1);
        int shown = Math.Min(tensor.Count, NumbersShown);
        string[] texts = [.. Enumerable.Range(0, shown).Select(i => TensorText.Element(tensor, i).Trim('"'))];
        int widest = texts.Select(static text => text.Length).DefaultIfEmpty(0).Max();
        for (int start = 0; start < shown; start += width)
        {
            string where = tensor.Shape.Count > 1 ? $"[{string.Join(", ", Place(tensor.Shape, start))}] " : "";
            Console.WriteLine("  " + where + string.Join("  ", texts[start..Math.Min(start + width, shown)].Select(text => text.PadLeft(widest))));
        }
        if (shown < tensor.Count) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  … {tensor.Count - shown:N0} more; --output FILE or --json has them"));
    }

    /// <summary>The indices of all dimensions but the last.</summary>
    private static IEnumerable<int> Place(IReadOnlyList<int> shape, int index)
    {
        int[] place = new int[shape.Count - 1];
        index /= Math.Max(shape[^1], 1);
        for (int axis = place.Length - 1; axis >= 0; axis--)
        {
            place[axis] = index % shape[axis];
            index /= shape[axis];
        }
        return place;
    }
}
