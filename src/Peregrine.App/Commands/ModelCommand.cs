using System.CommandLine;
using System.Globalization;

using Peregrine.Inference;

namespace Peregrine.App.Commands;

/// <summary><c>model</c>: looks into an ONNX file, checks it, runs it and measures it.</summary>
internal static class ModelCommand
{
    public static Command Create() => new("model", "Looks into an ONNX model, checks it, runs it and measures it: inspect, check, run, bench.")
    {
        ModelInspectCommand.Create(),
        ModelCheckCommand.Create(),
        ModelRunCommand.Create(),
        ModelBenchCommand.Create(),
    };

    public static Argument<string> File() => new("file") { Description = "the .onnx file; weights may lie in other files beside it" };

    public static Option<string[]> Dimensions() => new("--dimension")
    {
        Description = "the size of a symbolic dimension, such as batch=8; one that is not named is 1", HelpName = "NAME=SIZE", AllowMultipleArgumentsPerToken = true,
    };

    public static Option<string[]> FixedInputs() => new("--fix")
    {
        Description = "the value of an input that decides shapes and so is known when the model is compiled: a file as for run --input, or numbers", HelpName = "NAME=VALUE", AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>What a model shall be compiled for.</summary>
    public static CompileOptions ReadOptions(OnnxModel model, string[]? dimensions, string[]? fixedInputs) => new()
    {
        Dimensions = ReadDimensions(model, dimensions),
        FixedInputs = ModelInputText.Read("--fix", model, fixedInputs ?? []),
    };

    /// <summary>Reads the model; a file that is none is the user's configuration.</summary>
    public static OnnxModel Load(string path)
    {
        try
        {
            return OnnxModel.Load(path);
        }
        catch (Exception e) when (e is ModelException or IOException or UnauthorizedAccessException)
        {
            throw new StopException(ExitCode.BadConfiguration, e.Message);
        }
    }

    /// <summary>The sizes that <c>--dimension</c> gives, each a dimension that the model has.</summary>
    public static Dictionary<string, int> ReadDimensions(OnnxModel model, string[]? given)
    {
        string[] known = [.. model.Inputs.SelectMany(static input => input.Shape).Where(static one => one.IsSymbolic).Select(static one => one.Name!).Distinct()];
        string allowed = known.Length == 0 ? "the model has no symbolic dimensions" : $"the model's symbolic dimensions are {string.Join(", ", known)}";
        Dictionary<string, int> sizes = [];
        foreach (string one in given ?? [])
        {
            int at = one.LastIndexOf('='); // A name may have one, a size not.
            if (at <= 0 || !int.TryParse(one[(at + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int size) || size < 1)
                throw new StopException(ExitCode.WrongUsage, $"--dimension: '{one}' is not allowed; allowed is NAME=SIZE with a whole size of at least 1; {allowed}.");
            if (!known.Contains(one[..at])) throw new StopException(ExitCode.WrongUsage, $"--dimension: '{one[..at]}' is not allowed; {allowed}.");
            if (!sizes.TryAdd(one[..at], size)) throw new StopException(ExitCode.WrongUsage, $"--dimension: '{one[..at]}' is given twice.");
        }
        return sizes;
    }
}
