using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

internal enum RecurrentCell
{
    Rnn,
    Gru,
    Lstm,
}

/// <summary>What a recurrent layer may be beside the usual.</summary>
internal sealed record RecurrentForm(RecurrentCell Cell, GateActivation[] Activations)
{
    public bool LinearBeforeReset { get; init; }
    public bool InputForget { get; init; }

    /// <summary>Bound of what goes into an activation; infinite for none.</summary>
    public float Clip { get; init; } = float.PositiveInfinity;

    public int Gates => Cell switch { RecurrentCell.Lstm => 4, RecurrentCell.Gru => 3, _ => 1 };

    /// <summary>Whether the usual kernels compute it.</summary>
    public bool IsUsual => float.IsPositiveInfinity(Clip) && !InputForget && Cell switch
    {
        RecurrentCell.Lstm => Activations is [{ Name: "Sigmoid" }, { Name: "Tanh" }, { Name: "Tanh" }],
        RecurrentCell.Gru => LinearBeforeReset && Activations is [{ Name: "Sigmoid" }, { Name: "Tanh" }],
        _ => false,
    };
}

/// <summary>
/// Every other recurrent layer, written as the formulas stand on ONNX's pages RNN, GRU and LSTM: any activations, peepholes, clipping, coupled gates, a reset before
/// the product, weights that are computed. Weights and biases lie as in ONNX. One scalar form for every family.
/// </summary>
internal sealed unsafe class GeneralRecurrentKernel(RecurrentArguments a, RecurrentForm form, int inputs, float* w, float* r, float* bias, float* peepholes, float* gates)
    : RecurrentKernel(a, 3)
{
    private readonly GateActivation _f = form.Activations[0];
    private readonly GateActivation _g = form.Activations[Math.Min(1, form.Activations.Length - 1)];
    private readonly GateActivation _h = form.Activations[^1];
    private readonly int _hidden = a.Hidden;

    /// <summary>Nothing is projected ahead here: <paramref name="input"/> is the step's row of the layer's input.</summary>
    protected override void Step(float* input, float* hidden, float* cell, float* nextHidden, float* nextCell)
    {
        switch (form.Cell)
        {
            case RecurrentCell.Rnn: Rnn(input, hidden, nextHidden); break;
            case RecurrentCell.Gru: Gru(input, hidden, nextHidden); break;
            default: Lstm(input, hidden, cell, nextHidden, nextCell); break;
        }
    }

    private void Rnn(float* input, float* hidden, float* next)
    {
        for (int j = 0; j < _hidden; j++) next[j] = _f.Apply(Clip(InputShare(input, j) + HiddenShare(hidden, j)));
    }

    private void Gru(float* input, float* hidden, float* next)
    {
        float* reset = gates;
        for (int j = 0; j < _hidden; j++) reset[j] = _f.Apply(Clip(InputShare(input, _hidden + j) + HiddenShare(hidden, _hidden + j)));
        float* gated = gates + _hidden;
        for (int j = 0; j < _hidden; j++) gated[j] = reset[j] * hidden[j];
        for (int j = 0; j < _hidden; j++)
        {
            float update = _f.Apply(Clip(InputShare(input, j) + HiddenShare(hidden, j)));
            int row = (2 * _hidden) + j;
            float recurrent = form.LinearBeforeReset ? reset[j] * HiddenShare(hidden, row) : HiddenShare(gated, row);
            float candidate = _g.Apply(Clip(InputShare(input, row) + recurrent));
            next[j] = candidate + (update * (hidden[j] - candidate));
        }
    }

    private void Lstm(float* input, float* hidden, float* cell, float* next, float* nextCell)
    {
        for (int j = 0; j < _hidden; j++)
        {
            float before = cell[j];
            float i = _f.Apply(Clip(InputShare(input, j) + HiddenShare(hidden, j) + Peephole(0, j, before)));
            float forget = form.InputForget ? 1 - i : _f.Apply(Clip(InputShare(input, (2 * _hidden) + j) + HiddenShare(hidden, (2 * _hidden) + j) + Peephole(2, j, before)));
            float candidate = _g.Apply(Clip(InputShare(input, (3 * _hidden) + j) + HiddenShare(hidden, (3 * _hidden) + j)));
            float c = (forget * before) + (i * candidate);
            float output = _f.Apply(Clip(InputShare(input, _hidden + j) + HiddenShare(hidden, _hidden + j) + Peephole(1, j, c)));
            nextCell[j] = c;
            next[j] = output * _h.Apply(Clip(c));
        }
    }

    private float InputShare(float* input, int row) => Dot(w + ((long)row * inputs), input, inputs) + (bias == null ? 0 : bias[row]);

    private float HiddenShare(float* hidden, int row) => Dot(r + ((long)row * _hidden), hidden, _hidden) + (bias == null ? 0 : bias[(form.Gates * _hidden) + row]);

    /// <summary>Peepholes stand in the order input, output, forget.</summary>
    private float Peephole(int gate, int unit, float cell) => peepholes == null ? 0 : peepholes[(gate * _hidden) + unit] * cell;

    private float Clip(float value) => value < -form.Clip ? -form.Clip : value > form.Clip ? form.Clip : value;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Dot(float* a, float* b, int count)
    {
        float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            s0 += a[i] * b[i];
            s1 += a[i + 1] * b[i + 1];
            s2 += a[i + 2] * b[i + 2];
            s3 += a[i + 3] * b[i + 3];
        }
        for (; i < count; i++) s0 += a[i] * b[i];
        return s0 + s1 + (s2 + s3);
    }
}
