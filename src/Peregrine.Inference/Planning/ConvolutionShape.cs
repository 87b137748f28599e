namespace Peregrine.Inference.Planning;

/// <summary>A window that moves over the spatial dimensions: a convolution's kernel or a pool. Follows the page Conv of the ONNX operators.</summary>
internal sealed record Window(int[] Sizes, int[] Strides, int[] Dilations, int[] Before, int[] After)
{
    private const int SpatialMax = 1 << 24; // So that products of two of them fit in 64 bits.

    public int Rank => Sizes.Length;

    /// <summary>The part of the input that one window covers along an axis.</summary>
    public int Extent(int axis) => ((Sizes[axis] - 1) * Dilations[axis]) + 1;

    /// <summary>Reads kernel_shape, strides, dilations, pads and auto_pad; padding that depends on the input is worked out for these sizes.</summary>
    public static Window Read(NodeContext node, int[] sizes, ReadOnlySpan<int> spatial)
    {
        int rank = spatial.Length;
        int[] strides = Numbers(node, "strides", rank, 1), dilations = Numbers(node, "dilations", rank, 1);
        int[] pads = Numbers(node, "pads", 2 * rank, 0, low: 0);
        string auto = node.Text("auto_pad", "NOTSET");
        if (auto is not ("NOTSET" or "VALID" or "SAME_UPPER" or "SAME_LOWER")) throw node.Fail($"auto_pad '{auto}'; allowed are NOTSET, VALID, SAME_UPPER and SAME_LOWER.");
        int[] before = pads[..rank], after = pads[rank..];
        if (auto != "NOTSET")
        {
            for (int axis = 0; axis < rank; axis++)
            {
                long wanted = auto == "VALID" ? 0 : ((((long)spatial[axis] + strides[axis] - 1) / strides[axis]) - 1) * strides[axis];
                long total = auto == "VALID" ? 0 : Math.Max(0, wanted + (((long)sizes[axis] - 1) * dilations[axis]) + 1 - spatial[axis]);
                before[axis] = (int)(auto == "SAME_LOWER" ? total - (total / 2) : total / 2);
                after[axis] = (int)(total - before[axis]);
            }
        }
        for (int axis = 0; axis < rank; axis++)
            if (sizes[axis] < 1 || ((long)sizes[axis] - 1) * dilations[axis] >= SpatialMax) throw node.Fail($"the window {Shapes.Text(sizes)} with dilations {Shapes.Text(dilations)} is empty or too large.");
        if (sizes.Aggregate(1L, (taps, size) => Math.Min(taps * size, SpatialMax + 1L)) > SpatialMax) throw node.Fail($"the window {Shapes.Text(sizes)} has more than {SpatialMax} places.");
        return new Window(sizes, strides, dilations, before, after);
    }

    /// <summary>Positions along each axis.</summary>
    /// <param name="ceil">Whether a last window that lies partly behind the padding counts, as long as it begins before that.</param>
    public int[] Outputs(NodeContext node, ReadOnlySpan<int> spatial, bool ceil = false)
    {
        var outputs = new int[Rank];
        for (int axis = 0; axis < Rank; axis++)
        {
            long room = (long)spatial[axis] + Before[axis] + After[axis] - Extent(axis);
            if (room < 0) throw node.Fail($"the window {Shapes.Text(Sizes)} does not fit into {Shapes.Text([.. spatial])} with pads {Shapes.Text([.. Before, .. After])}.");
            long count = ((room + (ceil ? Strides[axis] - 1 : 0)) / Strides[axis]) + 1;
            if (ceil && (count - 1) * Strides[axis] >= (long)spatial[axis] + Before[axis]) count--;
            outputs[axis] = (int)count;
        }
        return outputs;
    }

    /// <summary>An attribute of whole numbers, one per axis.</summary>
    public static int[] Numbers(NodeContext node, string name, int count, int otherwise, int low = 1)
    {
        if (node.Integers(name) is not { Length: > 0 } values) return [.. Enumerable.Repeat(otherwise, count)];
        if (values.Length != count) throw node.Fail($"{name} has {values.Length} numbers; {count} are needed.");
        foreach (long value in values)
            if (value < low || value > SpatialMax) throw node.Fail($"{name} has {value}; allowed are {low} to {SpatialMax}.");
        return [.. values.Select(static value => (int)value)];
    }
}

/// <summary>
/// A convolution of any rank, stride, dilation and padding as one flat correlation. The input is copied into a padded image whose positions are sorted by
/// phase (position modulo stride); then a tap of the kernel is a constant offset, whatever the position. Without padding and strides the input is that image already.
/// </summary>
internal sealed class ConvolutionShape
{
    private const long ManyMax = 1L << 36; // Far above every limit, and times 2^25 still in 64 bits.

    private readonly int[] _quotients; // Positions of one phase along each axis.
    private readonly int[] _quotientSteps;
    private readonly int[] _phaseSteps;
    private readonly int[] _spatial;
    private readonly Window _window;

    public ConvolutionShape(Window window, int[] spatial, int[] outputs)
    {
        _window = window;
        _spatial = spatial;
        Outputs = outputs;
        int rank = window.Rank;
        _quotients = new int[rank];
        _quotientSteps = new int[rank];
        _phaseSteps = new int[rank];
        bool direct = true;
        long plane = 1, phases = 1;
        for (int axis = rank - 1; axis >= 0; axis--)
        {
            int extent = ((outputs[axis] - 1) * window.Strides[axis]) + window.Extent(axis);
            _quotients[axis] = (extent + window.Strides[axis] - 1) / window.Strides[axis];
            _quotientSteps[axis] = (int)Math.Min(plane, int.MaxValue);
            plane = Math.Min(plane * _quotients[axis], ManyMax); // Beyond it the model is refused; a product must not come back from above.
            direct &= extent == spatial[axis] && window.Strides[axis] == 1 && window.Before[axis] == 0;
        }
        for (int axis = rank - 1; axis >= 0; axis--)
        {
            _phaseSteps[axis] = (int)Int128.Min((Int128)plane * phases, int.MaxValue);
            phases = Math.Min(phases * window.Strides[axis], ManyMax);
        }
        PerChannel = (long)Int128.Min((Int128)plane * phases, ManyMax);
        IsDirect = direct;
        Positions = 1;
        IsDense = true;
        for (int axis = 0; axis < rank; axis++)
        {
            Positions += (outputs[axis] - 1) * _quotientSteps[axis];
            if (axis > 0) IsDense &= outputs[axis] == _quotients[axis];
        }
    }

    public int[] Outputs { get; }

    /// <summary>Whether the input itself is the image.</summary>
    public bool IsDirect { get; }

    /// <summary>Floats of one channel's image.</summary>
    public long PerChannel { get; }

    /// <summary>Positions that are computed for a channel, from the first output to the last.</summary>
    public int Positions { get; }

    /// <summary>Whether each of them is an output; else the ones between two rows are left out afterwards.</summary>
    public bool IsDense { get; }

    /// <summary>Where each tap lies from its position on; taps row-major.</summary>
    public int[] TapOffsets()
    {
        int[] offsets = [0];
        for (int axis = 0; axis < _window.Rank; axis++)
        {
            var grown = new int[offsets.Length * _window.Sizes[axis]];
            for (int i = 0; i < grown.Length; i++)
            {
                int at = i % _window.Sizes[axis] * _window.Dilations[axis];
                grown[i] = offsets[i / _window.Sizes[axis]] + (at % _window.Strides[axis] * _phaseSteps[axis]) + (at / _window.Strides[axis] * _quotientSteps[axis]);
            }
            offsets = grown;
        }
        return offsets;
    }

    /// <summary>Where each element of a channel goes in its image; -1 for the ones no window touches.</summary>
    public int[] ImageMap()
    {
        int[] map = [0];
        for (int axis = 0; axis < _window.Rank; axis++)
        {
            int stride = _window.Strides[axis], size = _spatial[axis];
            var grown = new int[map.Length * size];
            for (int i = 0; i < grown.Length; i++)
            {
                int before = map[i / size], at = (i % size) + _window.Before[axis];
                bool outside = before < 0 || at / stride >= _quotients[axis];
                grown[i] = outside ? -1 : before + (at % stride * _phaseSteps[axis]) + (at / stride * _quotientSteps[axis]);
            }
            map = grown;
        }
        return map;
    }

    /// <summary>The flat position of each output.</summary>
    public int[] OutputMap()
    {
        int[] map = [0];
        for (int axis = 0; axis < _window.Rank; axis++)
        {
            int size = Outputs[axis], step = _quotientSteps[axis];
            int[] before = map;
            map = [.. Enumerable.Range(0, before.Length * size).Select(i => before[i / size] + (i % size * step))];
        }
        return map;
    }
}
