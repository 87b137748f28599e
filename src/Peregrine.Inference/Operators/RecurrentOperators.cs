using System.Runtime.Intrinsics;

using Peregrine.Inference.Format;
using Peregrine.Inference.Kernels;
using Peregrine.Inference.Planning;

namespace Peregrine.Inference.Operators;

/// <summary>LSTM, GRU and RNN. X is [T, B, I] (layout 0) or [B, T, I] (layout 1); each direction is a kernel of its own.</summary>
internal static unsafe class RecurrentOperators
{
    public static void Rnn(NodeContext node) => Layer(node, RecurrentCell.Rnn);
    public static void Gru(NodeContext node) => Layer(node, RecurrentCell.Gru);
    public static void Lstm(NodeContext node) => Layer(node, RecurrentCell.Lstm);

    private static void Layer(NodeContext node, RecurrentCell cell)
    {
        var layer = new RecurrentLayer(node, cell);
        node.EmitMany(layer.Outputs, layer.Reads, layer.Bind, layer.Cost);
    }

    /// <summary>One such node, read and checked.</summary>
    private sealed class RecurrentLayer
    {
        private readonly Value _x;
        private readonly Value _w;
        private readonly Value _r;
        private readonly Value? _bias;
        private readonly Value? _lengths;
        private readonly Value? _firstHidden;
        private readonly Value? _firstCell;
        private readonly Value? _peepholes;
        private readonly RecurrentForm[] _forms; // One a direction.
        private readonly bool _sequenceFirst;
        private readonly bool _firstIsReverse;
        private readonly int _steps;
        private readonly int _sequences;
        private readonly int _inputs;
        private readonly int _hidden;

        public RecurrentLayer(NodeContext node, RecurrentCell cell)
        {
            (_x, _w, _r) = (node.FloatInput(0), node.FloatInput(1), node.FloatInput(2));
            (_bias, _lengths, _firstHidden) = (node.Optional(3), node.Optional(4) is null ? null : node.Indices(4), node.Optional(5));
            if (cell == RecurrentCell.Lstm) (_firstCell, _peepholes) = (node.Optional(6), node.Optional(7));
            if (_x.Shape.Length != 3 || _w.Shape.Length != 3 || _r.Shape.Length != 3) throw node.Fail($"{_x}, {_w} and {_r} must have three dimensions each.");
            if (node.Integer("layout", 0) is not (0 or 1) and long layout) throw node.Fail($"layout {layout}; allowed are 0 and 1.");
            _sequenceFirst = node.Integer("layout", 0) == 1;
            string direction = node.Text("direction", "forward");
            if (direction is not ("forward" or "reverse" or "bidirectional")) throw node.Fail($"direction '{direction}'; allowed are forward, reverse and bidirectional.");
            _firstIsReverse = direction == "reverse";
            int directions = direction == "bidirectional" ? 2 : 1;
            (_steps, _sequences, _inputs) = (_x.Shape[_sequenceFirst ? 1 : 0], _x.Shape[_sequenceFirst ? 0 : 1], _x.Shape[2]);
            _hidden = _r.Shape[2];
            if (node.Has("hidden_size") && node.Integer("hidden_size", 0) != _hidden) throw node.Fail($"hidden_size {node.Integer("hidden_size", 0)} is not that of {_r}.");
            _forms = [.. Enumerable.Range(0, directions).Select(i => Form(node, cell, i))];
            int gates = _forms[0].Gates;

            Expect(node, _w, "W", directions, gates * _hidden, _inputs);
            Expect(node, _r, "R", directions, gates * _hidden, _hidden);
            if (_bias is not null) Expect(node, _bias, "B", directions, 2 * gates * _hidden);
            if (_peepholes is not null) Expect(node, _peepholes, "P", directions, 3 * _hidden);
            int[] state = _sequenceFirst ? [_sequences, directions, _hidden] : [directions, _sequences, _hidden];
            if (_firstHidden is not null) Expect(node, _firstHidden, "initial_h", state);
            if (_firstCell is not null) Expect(node, _firstCell, "initial_c", state);
            if (_lengths is not null && (_lengths.Count != _sequences || _lengths.IsFloat)) throw node.Fail($"sequence_lens {_lengths} must have {_sequences} whole numbers.");
            if (_x.Count == 0 || _hidden == 0) throw node.Fail($"{_x} with {_hidden} hidden units is empty.");

            int[] all = _sequenceFirst ? [_sequences, _steps, directions, _hidden] : [_steps, directions, _sequences, _hidden];
            (ElementType, int[])[] outputs = [(ElementType.Float32, all), (ElementType.Float32, state), (ElementType.Float32, state)];
            Outputs = cell == RecurrentCell.Lstm ? outputs : outputs[..2];
            Reads = [.. new[] { _x, _w, _r, _bias, _lengths, _firstHidden, _firstCell, _peepholes }.OfType<Value>().Distinct()];
            Cost = (long)_steps * _sequences * directions * gates * _hidden * ((long)_inputs + _hidden);
        }

        public (ElementType Type, int[] Shape)[] Outputs { get; }
        public Value[] Reads { get; }
        public long Cost { get; }

        public Kernel Bind(Binder binder, Value?[] outputs)
        {
            Kernel[] kernels = [.. _forms.SelectMany((form, direction) => Direction(binder, outputs, form, direction))];
            return kernels.Length == 1 ? kernels[0] : new SequenceKernel(kernels);
        }

        private IEnumerable<Kernel> Direction(Binder binder, Value?[] outputs, RecurrentForm form, int direction)
        {
            bool known = form.IsUsual && _peepholes is null && _w.Constant is not null && _r.Constant is not null && (_bias is null || _bias.Constant is not null);
            var kernels = new List<Kernel>();
            RecurrentArguments a = Arguments(binder, outputs, direction);
            int stateOffset = direction * _hidden * (_sequenceFirst ? 1 : _sequences);
            if (_lengths is not null)
            {
                a.Lengths = (int*)binder.Memory.Take(_sequences * (long)sizeof(int));
                kernels.Add(new LengthsKernel(binder.Integers(_lengths), a.Lengths, _sequences));
            }
            a.FirstHidden = _firstHidden is { } hidden ? binder.Floats(hidden) + stateOffset : Zeros(binder);
            if (form.Cell == RecurrentCell.Lstm) a.FirstCell = _firstCell is { } cell ? binder.Floats(cell) + stateOffset : Zeros(binder);
            kernels.AddRange(known ? Usual(binder, form, direction, a) : [General(binder, form, direction, a)]);
            return kernels;
        }

        private RecurrentArguments Arguments(Binder binder, Value?[] outputs, int direction)
        {
            int directions = _forms.Length;
            int stateOffset = direction * _hidden * (_sequenceFirst ? 1 : _sequences);
            float* y = outputs[0] is { } all ? binder.Floats(all) + stateOffset : null;
            return new RecurrentArguments
            {
                LastHidden = outputs[1] is { } last ? binder.Floats(last) + stateOffset : null,
                LastCell = outputs.Length > 2 && outputs[2] is { } cell ? binder.Floats(cell) + stateOffset : null,
                StateStride = _sequenceFirst ? directions * _hidden : _hidden,
                Y = y,
                YStep = directions * _hidden * (_sequenceFirst ? 1 : _sequences),
                YSequence = _sequenceFirst ? _steps * directions * _hidden : _hidden,
                RowStep = _sequenceFirst ? 1 : _sequences,
                RowSequence = _sequenceFirst ? _steps : 1,
                Steps = _steps,
                Sequences = _sequences,
                Hidden = _hidden,
                Reverse = direction == 1 || _firstIsReverse,
            };
        }

        private Kernel[] Usual(Binder binder, RecurrentForm form, int direction, RecurrentArguments a)
        {
            var blocks = new GateBlocks(form.Gates, _hidden, binder.IsScalar);
            int rows = form.Gates * _hidden;
            ReadOnlySpan<float> bias = _bias is null ? new float[2 * rows] : _bias.Constant!.Floats.AsSpan(direction * 2 * rows, 2 * rows);
            var sum = new float[rows];
            for (int i = 0; i < rows; i++)
                sum[i] = form.Cell == RecurrentCell.Gru && i >= 2 * _hidden ? bias[i] : bias[i] + bias[rows + i]; // A GRU's last gate multiplies its recurrent bias.
            Memory.Weights packed = binder.Memory.Begin((((long)blocks.Columns * _inputs) + Kernel.Slack) * sizeof(float)); // Before the same is made on the side.
            float[] w = blocks.Reorder(_w.Constant!.Floats.AsSpan(direction * rows * _inputs, rows * _inputs), _inputs);
            fixed (float* from = w) Panels.Pack(from, 1, _inputs, _inputs, blocks.Columns, 1, binder.IsScalar, (float*)packed.Start);
            int count = _steps * _sequences;
            a.Projected = (float*)binder.Memory.Take(Memory.BytesFor((long)count * blocks.Columns, ElementType.Float32));
            a.ProjectedStride = blocks.Columns;
            a.Padded = blocks.Padded;
            a.Scratch = (float*)binder.Memory.Take(Memory.BytesFor(3L * blocks.Padded, ElementType.Float32));
            a.Recurrent = binder.Memory.Copy(blocks.PackRecurrent(_r.Constant!.Floats.AsSpan(direction * rows * _hidden, rows * _hidden)));
            Kernel project = new UnaryFunction<IdentityOp>().Dense(binder.Kind, new DenseArguments
            {
                Weights = (float*)binder.Memory.End(packed), Bias = binder.Memory.Copy(blocks.Reorder(sum, 1)), X = binder.Floats(_x), Y = a.Projected, Rows = count, Depth = _inputs, Columns = blocks.Columns,
            });
            if (form.Cell == RecurrentCell.Gru)
            {
                var last = new float[blocks.Padded];
                bias.Slice(rows + (2 * _hidden), _hidden).CopyTo(last);
                a.RecurrentBias = binder.Memory.Copy(last);
                return [project, Gru(binder, a)];
            }
            return [project, Lstm(binder, a)];
        }

        private static Kernel Lstm(Binder binder, RecurrentArguments a) => binder.Kind switch
        {
            KernelKind.Vector512 => new LstmKernel<Simd512, Vector512<float>>(a),
            KernelKind.Vector256 => new LstmKernel<Simd256, Vector256<float>>(a),
            KernelKind.Vector128 => new LstmKernel<Simd128, Vector128<float>>(a),
            _ => new ScalarLstmKernel(a, (float*)binder.Memory.Take(Memory.BytesFor(4L * a.Padded, ElementType.Float32))),
        };

        private static Kernel Gru(Binder binder, RecurrentArguments a) => binder.Kind switch
        {
            KernelKind.Vector512 => new GruKernel<Simd512, Vector512<float>>(a),
            KernelKind.Vector256 => new GruKernel<Simd256, Vector256<float>>(a),
            KernelKind.Vector128 => new GruKernel<Simd128, Vector128<float>>(a),
            _ => new ScalarGruKernel(a, (float*)binder.Memory.Take(Memory.BytesFor(3L * a.Padded, ElementType.Float32))),
        };

        private GeneralRecurrentKernel General(Binder binder, RecurrentForm form, int direction, RecurrentArguments a)
        {
            int rows = form.Gates * _hidden;
            a.Projected = binder.Floats(_x);
            a.ProjectedStride = _inputs;
            a.Padded = _hidden;
            a.Scratch = (float*)binder.Memory.Take(Memory.BytesFor(3L * _hidden, ElementType.Float32));
            return new GeneralRecurrentKernel(a, form, _inputs, binder.Floats(_w) + ((long)direction * rows * _inputs), binder.Floats(_r) + ((long)direction * rows * _hidden),
                _bias is null ? null : binder.Floats(_bias) + ((long)direction * 2 * rows), _peepholes is null ? null : binder.Floats(_peepholes) + ((long)direction * 3 * _hidden),
                (float*)binder.Memory.Take(Memory.BytesFor(2L * _hidden, ElementType.Float32)));
        }

        private float* Zeros(Binder binder) => (float*)binder.Memory.Take(Memory.BytesFor((long)_sequences * _forms.Length * _hidden, ElementType.Float32));

        private static RecurrentForm Form(NodeContext node, RecurrentCell cell, int direction)
        {
            GateActivation[] activations = cell switch
            {
                RecurrentCell.Lstm => [GateActivation.Sigmoid, GateActivation.Tanh, GateActivation.Tanh],
                RecurrentCell.Gru => [GateActivation.Sigmoid, GateActivation.Tanh],
                _ => [GateActivation.Tanh],
            };
            if (node.Texts("activations") is { Length: > 0 } names)
            {
                float[] alphas = node.Floats("activation_alpha") ?? [], betas = node.Floats("activation_beta") ?? [];
                int nextAlpha = 0, nextBeta = 0;
                var all = new GateActivation[names.Length];
                for (int i = 0; i < names.Length; i++)
                {
                    GateActivation found = GateActivation.Find(names[i]) ?? throw node.Fail($"activation '{names[i]}'; allowed are {GateActivation.Names}.");
                    if (found.TakesAlpha && nextAlpha < alphas.Length) found = found with { Alpha = alphas[nextAlpha++] };
                    if (found.TakesBeta && nextBeta < betas.Length) found = found with { Beta = betas[nextBeta++] };
                    all[i] = found;
                }
                int start = direction * activations.Length;
                if (all.Length < start + activations.Length) throw node.Fail($"activations has {all.Length} names; {activations.Length} for each direction are needed.");
                activations = all[start..(start + activations.Length)];
            }
            float clip = node.Float("clip", 0);
            return new RecurrentForm(cell, activations)
            {
                LinearBeforeReset = cell == RecurrentCell.Gru && node.Integer("linear_before_reset", 0) != 0,
                InputForget = cell == RecurrentCell.Lstm && node.Integer("input_forget", 0) != 0,
                Clip = clip > 0 ? clip : float.PositiveInfinity,
            };
        }

        private static void Expect(NodeContext node, Value value, string name, params int[] shape)
        {
            if (!value.IsFloat || !value.Shape.AsSpan().SequenceEqual(shape)) throw node.Fail($"{name} {value} must be float32 of shape {Shapes.Text(shape)}.");
        }
    }
}
