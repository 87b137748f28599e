using Peregrine.Inference.Format;
using Peregrine.Inference.Operators;

namespace Peregrine.Inference.Planning;

/// <summary>Several nodes that compute one known function.</summary>
/// <param name="Nodes">In the order of the graph; nobody else reads what the inner ones compute.</param>
/// <param name="Input">The value they all start from.</param>
/// <param name="Reads">How often they read it.</param>
/// <param name="TryPlan">Plans the function in place of the last node; false if constants or shapes turn out not to fit.</param>
internal sealed record Pattern(NodeProto[] Nodes, string Input, int Reads, Func<NodeContext, bool> TryPlan);

/// <summary>
/// Finds the functions that exporters write as small graphs: GELU (Div, Erf, Add, Mul, Mul), SiLU (Sigmoid, Mul) and, before there was an operator
/// for it, layer normalisation (ReduceMean, Sub, Pow, ReduceMean, Add, Sqrt, Div, Mul, Add).
/// </summary>
internal sealed class PatternFinder
{
    private readonly Dictionary<string, NodeProto> _producers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _readers;

    private PatternFinder(List<NodeProto> nodes, Dictionary<string, int> readers)
    {
        _readers = readers;
        foreach (NodeProto node in nodes.Where(n => OperatorTable.Domain(n.Domain).Length == 0 && n.Outputs.Count == 1)) _producers.Add(node.Outputs[0], node);
    }

    /// <summary>The patterns by each of their nodes.</summary>
    public static Dictionary<NodeProto, Pattern> Find(List<NodeProto> nodes, Dictionary<string, int> readers)
    {
        var finder = new PatternFinder(nodes, readers);
        var found = new Dictionary<NodeProto, Pattern>();
        foreach (NodeProto node in nodes.Where(n => n.Outputs.Count == 1 && finder._producers.ContainsKey(n.Outputs[0])))
        {
            Pattern? pattern = node.Operator switch { "Mul" => finder.Silu(node) ?? finder.Gelu(node), "Add" => finder.LayerNormalization(node), _ => null };
            if (pattern is null || pattern.Nodes.Any(found.ContainsKey)) continue;
            foreach (NodeProto part in pattern.Nodes) found.Add(part, pattern);
        }
        return found;
    }

    private Pattern? Silu(NodeProto last)
    {
        for (int i = 0; i < 2 && last.Inputs.Count == 2; i++)
        {
            string x = last.Inputs[1 - i];
            if (Made(last.Inputs[i], "Sigmoid") is { } sigmoid && sigmoid.Inputs[0] == x)
                return new Pattern([sigmoid, last], x, 2, node => FunctionPatterns.Silu(node, x));
        }
        return null;
    }

    private Pattern? Gelu(NodeProto last)
    {
        var factors = new List<string>();
        var products = new List<NodeProto>();
        Factors(last, factors, products);
        if (factors.Count != 3) return null;
        foreach (string factor in factors)
        {
            if (Made(factor, "Add") is not { Inputs.Count: 2 } sum) continue;
            for (int i = 0; i < 2; i++)
            {
                if (Made(sum.Inputs[i], "Erf") is not { } erf || (Made(erf.Inputs[0], "Div") ?? Made(erf.Inputs[0], "Mul")) is not { Inputs.Count: 2 } scaled) continue;
                bool divided = scaled.Operator == "Div";
                int at = divided || factors.Contains(scaled.Inputs[0], StringComparer.Ordinal) ? 0 : 1;
                string x = scaled.Inputs[at], scale = scaled.Inputs[1 - at], one = sum.Inputs[1 - i];
                string[] rest = [.. factors.Where(f => f != factor)];
                int own = Array.IndexOf(rest, x);
                if (own < 0) continue;
                return new Pattern([scaled, erf, sum, .. products, last], x, 2, node => FunctionPatterns.Gelu(node, x, scale, divided, one, rest[1 - own]));
            }
        }
        return null;
    }

    /// <summary>What is multiplied, through products that nobody else reads.</summary>
    private void Factors(NodeProto product, List<string> factors, List<NodeProto> products)
    {
        foreach (string input in product.Inputs)
        {
            if (factors.Count + products.Count < 4 && Made(input, "Mul") is { } inner)
            {
                Factors(inner, factors, products);
                products.Add(inner);
            }
            else
            {
                factors.Add(input);
            }
        }
    }

    private Pattern? LayerNormalization(NodeProto last)
    {
        foreach ((NodeProto scaled, string bias) in Sides(last, "Mul"))
        {
            foreach ((NodeProto ratio, string scale) in Sides(scaled, "Div"))
            {
                if (Made(ratio.Inputs[1], "Sqrt") is not { } root || Made(root.Inputs[0], "Add") is not { } variance) continue;
                foreach ((NodeProto squares, string epsilon) in Sides(variance, "ReduceMean"))
                {
                    string centred = ratio.Inputs[0];
                    if (Made(squares.Inputs[0], "Pow") is not { Inputs.Count: 2 } power || power.Inputs[0] != centred) continue;
                    if (Made(centred, "Sub", reads: 2) is not { Inputs.Count: 2 } sub || Made(sub.Inputs[1], "ReduceMean") is not { } mean || mean.Inputs[0] != sub.Inputs[0]) continue;
                    string x = sub.Inputs[0];
                    return new Pattern([mean, sub, power, squares, variance, root, ratio, scaled, last], x, 2,
                        node => FunctionPatterns.LayerNormalization(node, x, [mean, squares], power.Inputs[1], epsilon, scale, bias));
                }
            }
        }
        return null;
    }

    /// <summary>The node of this operator behind either input, with the other input.</summary>
    private IEnumerable<(NodeProto Node, string Other)> Sides(NodeProto node, string made)
    {
        for (int i = 0; i < 2 && node.Inputs.Count == 2; i++)
            if (Made(node.Inputs[i], made) is { } side) yield return (side, node.Inputs[1 - i]);
    }

    /// <summary>The node that computes a value, if it is of this operator and the value is read so often.</summary>
    private NodeProto? Made(string name, string made, int reads = 1) =>
        _producers.TryGetValue(name, out NodeProto? node) && node.Operator == made && node.Inputs.Count > 0 && _readers.GetValueOrDefault(name) == reads ? node : null;
}
