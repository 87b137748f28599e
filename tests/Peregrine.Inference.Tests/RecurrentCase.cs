namespace Peregrine.Inference.Tests;

/// <summary>A recurrent layer of random form, its graph and its results by the formulas of ONNX's pages LSTM, GRU and RNN.</summary>
internal sealed record RecurrentCase(string Op, int Steps, int Sequences, int Inputs, int Hidden)
{
    private string _direction = "forward";
    private int _layout;
    private bool _linearBeforeReset;
    private bool _inputForget;
    private double _clip;
    private string[] _activations = [];
    private float[] _alphas = [];
    private float[] _betas = [];
    private long[]? _lengths;
    private Naive _x = null!;
    private Naive _w = null!;
    private Naive _r = null!;
    private Naive? _b;
    private Naive? _h;
    private Naive? _c;
    private Naive? _p;

    private int Gates => Op switch { "LSTM" => 4, "GRU" => 3, _ => 1 };
    private int PerDirection => Op switch { "LSTM" => 3, "GRU" => 2, _ => 1 };
    private int Directions => _direction == "bidirectional" ? 2 : 1;
    private int[] StateShape => _layout == 0 ? [Directions, Sequences, Hidden] : [Sequences, Directions, Hidden];

    public static RecurrentCase Random(string op, Random random, bool unusual)
    {
        var c = new RecurrentCase(op, random.Next(1, 7), random.Next(1, 4), random.Next(1, 9), random.Next(1, 40));
        c._direction = random.Next(3) switch { 0 => "forward", 1 => "reverse", _ => "bidirectional" };
        c._layout = random.Next(2);
        c._linearBeforeReset = op == "GRU" && (!unusual || random.Next(2) == 0);
        c._x = Naive.Random(random, c._layout == 0 ? [c.Steps, c.Sequences, c.Inputs] : [c.Sequences, c.Steps, c.Inputs]);
        c._w = Naive.Random(random, [c.Directions, c.Gates * c.Hidden, c.Inputs], -0.5, 0.5);
        c._r = Naive.Random(random, [c.Directions, c.Gates * c.Hidden, c.Hidden], -0.4, 0.4);
        if (random.Next(3) > 0) c._b = Naive.Random(random, [c.Directions, 2 * c.Gates * c.Hidden], -0.5, 0.5);
        if (random.Next(2) > 0) c._h = Naive.Random(random, c.StateShape, -1, 1);
        if (op == "LSTM" && random.Next(2) > 0) c._c = Naive.Random(random, c.StateShape, -1, 1);
        if (random.Next(3) == 0) c._lengths = [.. Enumerable.Range(0, c.Sequences).Select(_ => (long)random.Next(0, c.Steps + 1))];
        if (!unusual) return c;
        if (op == "LSTM" && random.Next(2) > 0) c._p = Naive.Random(random, [c.Directions, 3 * c.Hidden], -0.5, 0.5);
        c._inputForget = op == "LSTM" && random.Next(3) == 0;
        c._clip = random.Next(3) == 0 ? 0.75 : 0;
        if (random.Next(2) > 0) return c;
        string[] names = ["Sigmoid", "tanh", "Relu", "Affine", "LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu", "Softsign", "Softplus"];
        c._activations = [.. Enumerable.Range(0, c.PerDirection * c.Directions).Select(_ => names[random.Next(names.Length)])];
        c._alphas = [.. c._activations.Where(n => n is "Affine" or "LeakyRelu" or "ThresholdedRelu" or "ScaledTanh" or "HardSigmoid" or "Elu").Select(_ => (float)(0.1 + (random.NextDouble() * 0.5)))];
        c._betas = [.. c._activations.Where(n => n is "Affine" or "ScaledTanh" or "HardSigmoid").Select(_ => (float)(0.1 + (random.NextDouble() * 0.5)))];
        return c;
    }

    public GraphWriter Graph(bool constantWeights)
    {
        var g = new GraphWriter();
        void Place(string name, Naive? value, bool constant)
        {
            if (value is null) return;
            if (constant) g.Constant(name, value.Floats, value.Dimensions);
            else g.Input(name, [.. value.Shape.Cast<object>()]);
        }
        Place("x", _x, false);
        Place("w", _w, constantWeights);
        Place("r", _r, constantWeights);
        Place("b", _b, constantWeights);
        Place("h", _h, false);
        Place("c", _c, false);
        Place("p", _p, constantWeights);
        if (_lengths is not null) g.Constant("lengths", _lengths, Sequences);
        var attributes = new List<(string, object)> { ("direction", _direction), ("layout", _layout), ("hidden_size", Hidden) };
        if (Op == "GRU") attributes.Add(("linear_before_reset", _linearBeforeReset ? 1 : 0));
        if (_inputForget) attributes.Add(("input_forget", 1));
        if (_clip > 0) attributes.Add(("clip", (float)_clip));
        if (_activations.Length > 0) attributes.Add(("activations", _activations));
        if (_alphas.Length > 0) attributes.Add(("activation_alpha", _alphas));
        if (_betas.Length > 0) attributes.Add(("activation_beta", _betas));
        string[] inputs = ["x", "w", "r", _b is null ? "" : "b", _lengths is null ? "" : "lengths", _h is null ? "" : "h", _c is null ? "" : "c", _p is null ? "" : "p"];
        string[] outputs = Op == "LSTM" ? ["y", "yh", "yc"] : ["y", "yh"];
        g.Node(Op, Op == "LSTM" ? inputs : inputs[..6], outputs, [.. attributes]);
        g.Output("y", [.. (_layout == 0 ? (int[])[Steps, Directions, Sequences, Hidden] : [Sequences, Steps, Directions, Hidden]).Cast<object>()]);
        foreach (string state in outputs[1..]) g.Output(state, [.. StateShape.Cast<object>()]);
        return g;
    }

    public ModelSession Fill(ModelSession session)
    {
        foreach ((string name, Naive? value) in new[] { ("x", _x), ("w", _w), ("r", _r), ("b", _b), ("h", _h), ("c", _c), ("p", _p) })
            if (value is not null && session.InputIndex(name) is >= 0 and int index) value.Floats.CopyTo(session.Input(index));
        return session;
    }

    /// <summary>Y, Y_h and (for an LSTM) Y_c.</summary>
    public double[][] Expected()
    {
        var y = new double[Steps * Directions * Sequences * Hidden];
        var last = new double[Directions * Sequences * Hidden];
        var lastCell = new double[last.Length];
        for (int d = 0; d < Directions; d++)
        {
            for (int s = 0; s < Sequences; s++)
            {
                double State(Naive? state, int j) => state?.At(_layout == 0 ? [d, s, j] : [s, d, j]) ?? 0;
                double[] h = [.. Enumerable.Range(0, Hidden).Select(j => State(_h, j))], c = [.. Enumerable.Range(0, Hidden).Select(j => State(_c, j))];
                int length = (int)(_lengths?[s] ?? Steps);
                bool reverse = d == 1 || _direction == "reverse";
                for (int i = 0; i < length; i++)
                {
                    int t = reverse ? length - 1 - i : i;
                    Step(d, [.. Enumerable.Range(0, Inputs).Select(k => _x.At(_layout == 0 ? [t, s, k] : [s, t, k]))], ref h, ref c);
                    for (int j = 0; j < Hidden; j++) y[_layout == 0 ? (((((t * Directions) + d) * Sequences) + s) * Hidden) + j : (((((s * Steps) + t) * Directions) + d) * Hidden) + j] = h[j];
                }
                for (int j = 0; j < Hidden; j++)
                {
                    int at = _layout == 0 ? (((d * Sequences) + s) * Hidden) + j : (((s * Directions) + d) * Hidden) + j;
                    (last[at], lastCell[at]) = (h[j], c[j]);
                }
            }
        }
        return Op == "LSTM" ? [y, last, lastCell] : [y, last];
    }

    private void Step(int d, double[] x, ref double[] h, ref double[] c)
    {
        double[] before = h, cell = c;
        double Product(Naive m, int row, double[] v) => v.Select((value, k) => m.At([d, row, k]) * value).Sum();
        double In(int gate, int j) => Product(_w, (gate * Hidden) + j, x) + (_b?.At([d, (gate * Hidden) + j]) ?? 0);
        double Rec(int gate, int j, double[] v) => Product(_r, (gate * Hidden) + j, v) + (_b?.At([d, ((Gates + gate) * Hidden) + j]) ?? 0);
        double P(int gate, int j) => _p?.At([d, (gate * Hidden) + j]) ?? 0;
        int[] units = [.. Enumerable.Range(0, Hidden)];
        switch (Op)
        {
            case "RNN":
                h = [.. units.Select(j => Act(d, 0, In(0, j) + Rec(0, j, before)))];
                break;
            case "GRU":
                double[] r = [.. units.Select(j => Act(d, 0, In(1, j) + Rec(1, j, before)))], z = [.. units.Select(j => Act(d, 0, In(0, j) + Rec(0, j, before)))];
                double[] gated = [.. units.Select(j => r[j] * before[j])];
                h = [.. units.Select(j => ((1 - z[j]) * Act(d, 1, In(2, j) + (_linearBeforeReset ? r[j] * Rec(2, j, before) : Rec(2, j, gated)))) + (z[j] * before[j]))];
                break;
            default:
                double[] i = [.. units.Select(j => Act(d, 0, In(0, j) + Rec(0, j, before) + (P(0, j) * cell[j])))];
                double[] f = [.. units.Select(j => _inputForget ? 1 - i[j] : Act(d, 0, In(2, j) + Rec(2, j, before) + (P(2, j) * cell[j])))];
                double[] next = [.. units.Select(j => (f[j] * cell[j]) + (i[j] * Act(d, 1, In(3, j) + Rec(3, j, before))))];
                h = [.. units.Select(j => Act(d, 0, In(1, j) + Rec(1, j, before) + (P(1, j) * next[j])) * Act(d, 2, next[j]))];
                c = next;
                break;
        }
    }

    private double Act(int direction, int index, double x)
    {
        if (_clip > 0) x = Math.Clamp(x, -(float)_clip, (float)_clip);
        string[] usual = Op switch { "LSTM" => ["Sigmoid", "Tanh", "Tanh"], "GRU" => ["Sigmoid", "Tanh"], _ => ["Tanh"] };
        int at = (direction * PerDirection) + index;
        string name = _activations.Length > 0 ? _activations[at] : usual[index];
        bool TakesAlpha(string n) => n is "Affine" or "LeakyRelu" or "ThresholdedRelu" or "ScaledTanh" or "HardSigmoid" or "Elu";
        bool TakesBeta(string n) => n is "Affine" or "ScaledTanh" or "HardSigmoid";
        double alpha = TakesAlpha(name) ? _alphas[_activations.Take(at).Count(TakesAlpha)] : 0, beta = TakesBeta(name) ? _betas[_activations.Take(at).Count(TakesBeta)] : 0;
        return name switch
        {
            "Sigmoid" => 1 / (1 + Math.Exp(-x)),
            "Tanh" or "tanh" => Math.Tanh(x),
            "Relu" => Math.Max(x, 0),
            "Affine" => (alpha * x) + beta,
            "LeakyRelu" => x < 0 ? alpha * x : x,
            "ThresholdedRelu" => x > alpha ? x : 0,
            "ScaledTanh" => alpha * Math.Tanh(beta * x),
            "HardSigmoid" => Math.Clamp((alpha * x) + beta, 0, 1),
            "Elu" => x < 0 ? alpha * (Math.Exp(x) - 1) : x,
            "Softsign" => x / (1 + Math.Abs(x)),
            _ => Math.Log(1 + Math.Exp(x)), // Softplus.
        };
    }
}
