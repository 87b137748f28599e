using System.CommandLine;
using System.Globalization;

using Peregrine.Inference;
using Peregrine.Inference.Inspection;

namespace Peregrine.App.Commands;

/// <summary><c>model inspect</c>: what a model is, what becomes of it when it is compiled, and what a run costs.</summary>
internal static class ModelInspectCommand
{
    private const int MetadataShown = 120;

    public static Command Create()
    {
        Argument<string> file = ModelCommand.File();
        Option<string?> svg = new("--svg") { Description = "also draw the graph as a picture into this file", HelpName = "OUT.svg" };
        Option<string[]> dimensions = ModelCommand.Dimensions();
        Option<string[]> fixedInputs = ModelCommand.FixedInputs();
        Option<bool> json = Shared.Json();
        Command command = new("inspect", "Shows a model: inputs, outputs, metadata, operators, the graph with the shapes of what it computes, the compiled plan with what was fused, "
            + "floating point operations of a run (2 for each multiply-add of matrix products; other work is shown apart, one for each number it computes) and memory.") { file, svg, dimensions, fixedInputs, json };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(file)!;
            OnnxModel model = ModelCommand.Load(path);
            ModelDescription description = ModelDescription.Of(model, ModelCommand.ReadOptions(model, parsed.GetValue(dimensions), parsed.GetValue(fixedInputs)));
            if (parsed.GetValue(svg) is { } picture) File.WriteAllText(picture, Draw(description));
            if (parsed.GetValue(json)) ModelJson.Print(ModelInspectJson.Of(path, description));
            else Print(path, description);
            return ExitCode.Done;
        });
        return command;
    }

    private static string Draw(ModelDescription description)
    {
        try
        {
            return GraphPicture.Svg(description);
        }
        catch (ModelException e)
        {
            throw new StopException(ExitCode.Failed, e.Message);
        }
    }

    private static void Print(string path, ModelDescription d)
    {
        static void Line(FormattableString text) => Console.WriteLine(text.ToString(CultureInfo.InvariantCulture));
        Line($"{path}: opset {d.Model.Opset}, IR {d.Model.IrVersion}, by {(d.Model.Producer.Length > 0 ? d.Model.Producer : "an unnamed program")}");
        Line($"parameters   {d.Model.Parameters:N0} ({d.ParameterBytes:N0} bytes)");
        Line($"operators    {string.Join(", ", d.Model.Operators.OrderByDescending(static one => one.Value).ThenBy(static one => one.Key, StringComparer.Ordinal).Select(static one => $"{one.Key}×{one.Value}"))}");
        foreach (TensorInfo input in d.Model.Inputs) Line($"input        {input}{Compiled(input, d.Inputs)}");
        foreach (TensorInfo output in d.Model.Outputs) Line($"output       {output}{Compiled(output, d.Outputs)}");
        foreach ((string key, string value) in d.Model.Metadata) Line($"metadata     {key} = {OneLine(value)}");
        Line($"");
        Line($"graph        ▽ input, ● node, ○ another view of the same memory, ▼ output");
        Table([.. GraphLanes.Draw(d).Select(static row => Cells(row.Lanes, row.Row))]);
        foreach ((NodeRole role, string what) in new[] { (NodeRole.Folded, "computed once, when compiled"), (NodeRole.Unused, "needed by no output") })
        {
            var hidden = d.Nodes.Where(node => node.Role == role).GroupBy(static node => node.Operator).ToList();
            if (hidden.Count > 0) Line($"  {what}: {string.Join(", ", hidden.Select(static group => $"{group.Key}×{group.Count()}"))}");
        }
        Line($"");
        if (d.Problem is not null)
        {
            Line($"plan         none: {d.Problem}");
            return;
        }
        Line($"plan         {d.Steps.Count} steps, {d.Kernels} kernels; + joins what one kernel computes");
        Table([.. d.Steps.Select((step, i) => new[]
        {
            $"{i,4}", step.Nodes.Count == 0 ? "(conversion)" : string.Join(" + ", step.Nodes.Select(node => d.Nodes[node].Operator)), string.Join(", ", step.Reads.Select(static value => value.Name)) + " →",
            string.Join(", ", step.Writes), step.Flops > 0 ? $"{step.Flops.ToString("N0", CultureInfo.InvariantCulture)} FLOP" : "", step.Kernel,
        })]);
        Line($"one run      {d.Flops:N0} floating point operations in matrix products (a multiply-add is 2), {d.OtherElements:N0} numbers computed otherwise");
        Line($"memory       {d.SessionBytes:N0} bytes a session: {d.ArenaBytes:N0} for what is computed, {d.SessionBytes - d.ArenaBytes:N0} for packed weights and tables");
    }

    private static string Compiled(TensorInfo declared, IReadOnlyList<TensorInfo> compiled)
    {
        bool symbolic = declared.Shape.Any(static one => one.IsSymbolic) || declared.Shape.Count == 0;
        return symbolic && compiled.FirstOrDefault(one => one.Name == declared.Name) is { } whole && !whole.Shape.SequenceEqual(declared.Shape) ? $"  compiled as [{string.Join(", ", whole.Shape)}]" : "";
    }

    private static string[] Cells(string lanes, GraphRow row)
    {
        if (row.Node is not { } node) return ["  " + lanes, row.Input is null ? "output" : "input", "", "", $"{row.Input ?? row.Output}"];
        string weights = node.Parameters switch { 0 => "", 1 => "1 parameter", _ => $"{node.Parameters.ToString("N0", CultureInfo.InvariantCulture)} parameters" };
        // An output of which the plan knows nothing is one that nobody reads.
        IEnumerable<ValueDescription> outputs = node.Outputs.Where(value => node.Role == NodeRole.Unknown || value.Shape is not null);
        return ["  " + lanes, node.Operator, node.Step >= 0 ? $"step {node.Step}" : "", weights, string.Join(", ", outputs)];
    }

    /// <summary>Columns as wide as what stands in them.</summary>
    private static void Table(string[][] rows)
    {
        if (rows.Length == 0) return;
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows) Console.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    private static string OneLine(string value)
    {
        string line = string.Concat(value.Select(static c => char.IsControl(c) ? ' ' : c));
        return line.Length > MetadataShown ? line[..(MetadataShown - 1)] + "…" : line;
    }
}
