using Peregrine.Inference.Kernels;

namespace Peregrine.Inference.Planning;

/// <summary>Elementwise functions of one tensor and of constants, one after the other, as one kernel. Later nodes may still join it while the plan is made.</summary>
internal sealed unsafe class ChainStep : Step
{
    /// <summary>Up to here a kernel's own cost outweighs its numbers; longer tensors are better off with one plain loop per function.</summary>
    public const int CountMax = 2048;

    /// <summary>More would nest deeper than the compiler inlines.</summary>
    private const int LinksMax = 8;

    private readonly List<Link> _links = [];

    /// <summary>Elements after which the operands that are rows begin anew; the whole tensor while there are none.</summary>
    private int _row = int.MaxValue;

    /// <summary>Adds a link, if its operand fits the rows of the others.</summary>
    public bool TryJoin(in Link link)
    {
        if (_links.Count == LinksMax) return false;
        if (link.Operand is { } operand)
        {
            int[] shape = Writes[0].Shape;
            int[] own = [.. operand.Shape.SkipWhile(static size => size == 1)];
            if (own.Length > shape.Length || !shape.AsSpan(shape.Length - own.Length).SequenceEqual(own)) return false;
            if (operand.Count < Writes[0].Count)
            {
                if (_row != int.MaxValue && _row != operand.Count) return false;
                _row = operand.Count;
            }
        }
        _links.Add(link);
        return true;
    }

    /// <summary>A row's last vector reaches into the next row, unless rows are whole vectors.</summary>
    public override Value[] Overwrites => Math.Min(_row, Writes[0].Count) is var count && (count == Writes[0].Count || count % Kernel.Slack == 0) ? [Reads[0]] : [];

    public override Kernel Bind(Binder binder)
    {
        Value x = Reads[0], y = Writes[0];
        int count = Math.Min(_row, y.Count);
        BoundLink[] links = [.. _links.Select(l => l.Bind(l.Operand is null ? 0 : (nint)binder.Floats(l.Operand), l.Operand is null || l.Operand.Count == count ? 0 : count))];
        return new Chain(binder.Kind, binder.Floats(x), binder.Floats(y), count == 0 ? 0 : y.Count / count, count, links).Make();
    }

    /// <summary>A function, with the constant tensor that it needs or none; bound to where that lies and to how far it advances from row to row.</summary>
    internal readonly record struct Link(Value? Operand, Func<nint, int, BoundLink> Bind);
}
