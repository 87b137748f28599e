using Peregrine.Inference;
using Peregrine.Inference.Inspection;

namespace Peregrine.App.Commands;

/// <summary>Inputs of a model as a command line gives them: <c>NAME=VALUE</c>, where the value is a file, <c>-</c> for standard input, or the numbers themselves.</summary>
internal static class ModelInputText
{
    public const string Form = "NAME=VALUE, where VALUE is a file (.npy, .pb, or CSV or JSON text), - for text on standard input, or numbers such as 1,2.5,3 or [[1,2],[3,4]]";

    private const int StandardInputMax = 256 << 20; // Characters; the largest tensor written out in full.

    /// <summary>Reads each pair; the tensor has the type of the model's input and its number of dimensions.</summary>
    /// <param name="option">Whose pairs they are, for messages.</param>
    public static Dictionary<string, FixedTensor> Read(string option, OnnxModel model, string[] pairs, IReadOnlyDictionary<string, int>? dimensions = null)
    {
        Dictionary<string, FixedTensor> tensors = [];
        string wanted = model.Inputs.Count == 0 ? "the model has no inputs" : $"the model's inputs are {string.Join(", ", model.Inputs)}";
        if (pairs.Count(static pair => pair.EndsWith("=-", StringComparison.Ordinal)) > 1) throw new StopException(ExitCode.WrongUsage, $"{option}: only one input can come from standard input.");
        foreach (string pair in pairs)
        {
            // A name may have equals signs too: the longest name that the model has counts.
            TensorInfo? input = model.Inputs.Where(one => pair.StartsWith(one.Name + "=", StringComparison.Ordinal)).MaxBy(static one => one.Name.Length);
            if (input is null)
            {
                int at = pair.IndexOf('=', StringComparison.Ordinal);
                throw new StopException(ExitCode.WrongUsage, at <= 0
                    ? $"{option}: '{pair}' is not allowed; allowed is {Form}; {wanted}."
                    : $"{option}: '{pair[..at]}' is not allowed; {wanted}.");
            }
            try
            {
                if (!tensors.TryAdd(input.Name, Value(input, pair[(input.Name.Length + 1)..], dimensions))) throw new StopException(ExitCode.WrongUsage, $"{option}: '{input.Name}' is given twice.");
            }
            catch (ModelException e)
            {
                throw new StopException(ExitCode.WrongUsage, $"{option}: {e.Message}");
            }
        }
        return tensors;
    }

    private static FixedTensor Value(TensorInfo input, string value, IReadOnlyDictionary<string, int>? dimensions)
    {
        if (value.Length == 0) throw new ModelException($"'{input.Name}' has no value; allowed is {Form}.");
        if (value == "-") return TensorText.Parse(StandardInput(), input, dimensions);
        if (!File.Exists(value))
        {
            bool looksLikeFile = value[0] != '[' && (value.Contains('/', StringComparison.Ordinal) || Path.GetExtension(value) is ".npy" or ".pb" or ".csv" or ".json" or ".txt");
            return looksLikeFile ? throw new ModelException($"the file '{value}' does not exist.") : TensorText.Parse(value, input, dimensions);
        }
        if (Path.GetExtension(value) is ".npy" or ".pb") return TensorText.Convert(TensorFile.Read(value), input);
        if (new FileInfo(value).Length > StandardInputMax) throw new ModelException($"the file '{value}' has more than the {StandardInputMax} bytes allowed.");
        return TensorText.Parse(File.ReadAllText(value), input, dimensions);
    }

    private static string StandardInput()
    {
        char[] text = new char[64 << 10];
        System.Text.StringBuilder all = new();
        for (int read; (read = Console.In.Read(text, 0, text.Length)) > 0;)
        {
            all.Append(text, 0, read);
            if (all.Length > StandardInputMax) throw new ModelException($"standard input has more than the {StandardInputMax} characters allowed.");
        }
        return all.ToString();
    }
}
