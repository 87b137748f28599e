using System.Numerics;

using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>Sums of products over named indices, as numpy's einsum: the general loop, for every form with up to three operands.</summary>
internal static class EinsumOperator
{
    public static void Plan(NodeContext node)
    {
        Value[] operands = [.. Enumerable.Range(0, node.InputCount).Select(node.Input)];
        (int[] shape, Func<Binder, Value, Kernel> bind, long cost) = Read(node, node.Text("equation", "").Replace(" ", "", StringComparison.Ordinal), operands);
        node.Emit(operands[0].Type, shape, operands, bind, cost);
    }

    /// <summary>The result's shape, its kernel and what that costs.</summary>
    public static (int[] Shape, Func<Binder, Value, Kernel> Bind, long Cost) Read(NodeContext node, string equation, Value[] operands)
    {
        string[] sides = equation.Split("->");
        string[] terms = sides[0].Split(',');
        if (sides.Length > 2 || terms.Length != operands.Length || operands.Length is 0 or > 3 || operands.Any(o => o.Type != operands[0].Type))
            throw node.Fail($"the equation '{equation}' does not fit its {operands.Length} operands.");

        // An ellipsis becomes upper-case letters of its own that stand for the leading dimensions, aligned at the end.
        int spread = 0;
        for (int i = 0; i < terms.Length; i++)
            if (terms[i].Contains("...", StringComparison.Ordinal)) spread = Math.Max(spread, operands[i].Shape.Length - (terms[i].Length - 3));
        string Ellipsis(int count) => string.Concat(Enumerable.Range(spread - count, count).Select(i => (char)('\u0100' + i)));
        var sizes = new SortedDictionary<char, int>();
        for (int i = 0; i < terms.Length; i++)
        {
            int own = operands[i].Shape.Length - (terms[i].Length - 3);
            if (terms[i].Contains("...", StringComparison.Ordinal)) terms[i] = own < 0 ? throw node.Fail($"'{equation}' does not fit {operands[i]}.") : terms[i].Replace("...", Ellipsis(own), StringComparison.Ordinal);
            if (terms[i].Length != operands[i].Shape.Length) throw node.Fail($"'{terms[i]}' does not fit {operands[i]}.");
            for (int d = 0; d < terms[i].Length; d++)
            {
                int size = operands[i].Shape[d];
                if (sizes.TryGetValue(terms[i][d], out int known) && known != size && known != 1 && size != 1) throw node.Fail($"'{terms[i][d]}' is {known} and {size}.");
                sizes[terms[i][d]] = Math.Max(size, known);
            }
        }
        string joined = string.Concat(terms);
        string result = sides.Length == 2
            ? sides[1].Replace("...", Ellipsis(spread), StringComparison.Ordinal)
            : string.Concat(sizes.Keys.Where(c => c >= '\u0100')) + string.Concat(sizes.Keys.Where(c => c < '\u0100' && joined.Count(o => o == c) == 1).Order());
        if (result.Any(c => !sizes.ContainsKey(c)) || result.Distinct().Count() != result.Length) throw node.Fail($"the result '{result}' of '{equation}' is not allowed.");
        string summed = string.Concat(sizes.Keys.Where(c => !result.Contains(c, StringComparison.Ordinal)));
        int[] outer = node.Checked([.. result.Select(c => sizes[c])]), inner = node.Checked([.. summed.Select(c => sizes[c])]);
        long cost = (long)Shapes.Product(outer) * Shapes.Product(inner);

        return (outer, (binder, y) =>
        {
            binder.Memory.Count((Shapes.Product(outer) + (long)Shapes.Product(inner)) * operands.Length * sizeof(int));
            int[][] starts = [.. operands.Select((o, i) => Shapes.Walk(outer, StridesOf(o, terms[i], result)))];
            int[][] steps = [.. operands.Select((o, i) => Shapes.Walk(inner, StridesOf(o, terms[i], summed)))];
            return operands[0].Type.Call(new EinsumCall([.. operands.Select(binder.Address)], binder.Address(y), starts, steps));
        }, cost);
    }

    private static int[] StridesOf(Value operand, string term, string letters)
    {
        int[] own = Shapes.Strides(operand.Shape);
        return [.. letters.Select(c => Enumerable.Range(0, term.Length).Where(d => term[d] == c && operand.Shape[d] != 1).Sum(d => own[d]))];
    }

    private sealed class EinsumCall(nint[] from, nint to, int[][] starts, int[][] steps) : ITypedCall<Kernel>
    {
        public Kernel Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T> => new EinsumKernel<T>(from, to, starts, steps);
    }

    private sealed unsafe class EinsumKernel<T>(nint[] from, nint to, int[][] starts, int[][] steps) : Kernel
        where T : unmanaged, INumber<T>
    {
        public override void Run()
        {
            for (int i = 0; i < starts[0].Length; i++)
            {
                T sum = T.Zero;
                for (int j = 0; j < steps[0].Length; j++)
                {
                    T product = ((T*)from[0])[starts[0][i] + steps[0][j]];
                    for (int o = 1; o < from.Length; o++) product = unchecked(product * ((T*)from[o])[starts[o][i] + steps[o][j]]);
                    sum = unchecked(sum + product);
                }
                ((T*)to)[i] = sum;
            }
        }
    }
}
