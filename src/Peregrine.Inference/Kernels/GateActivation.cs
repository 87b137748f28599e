namespace Peregrine.Inference.Kernels;

/// <summary>An activation of a recurrent layer, with the parameters that ONNX gives it.</summary>
internal readonly record struct GateActivation(string Name, float Alpha, float Beta)
{
    public static GateActivation Sigmoid { get; } = new("Sigmoid", 0, 0);
    public static GateActivation Tanh { get; } = new("Tanh", 0, 0);

    /// <summary>The names that are known, with their default parameters (page RNN of the ONNX operators).</summary>
    private static readonly Dictionary<string, (float Alpha, float Beta)> _defaults = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Sigmoid"] = default, ["Tanh"] = default, ["Relu"] = default, ["Softsign"] = default, ["Softplus"] = default,
        ["Affine"] = (1, 0), ["LeakyRelu"] = (0.01f, 0), ["ThresholdedRelu"] = (1, 0), ["ScaledTanh"] = (1, 1), ["HardSigmoid"] = (0.2f, 0.5f), ["Elu"] = (1, 0),
    };

    public static string Names { get; } = string.Join(", ", _defaults.Keys);

    /// <summary>Whether it takes the next number of <c>activation_alpha</c> and of <c>activation_beta</c>.</summary>
    public bool TakesAlpha => _defaults[Name].Alpha != 0;

    public bool TakesBeta => Name is "Affine" or "ScaledTanh" or "HardSigmoid";

    /// <summary>The activation of that name, in any case, with its defaults; null where there is none.</summary>
    public static GateActivation? Find(string name)
    {
        foreach ((string known, (float alpha, float beta)) in _defaults)
            if (known.Equals(name, StringComparison.OrdinalIgnoreCase)) return new GateActivation(known, alpha, beta);
        return null;
    }

    public float Apply(float x) => Name switch
    {
        "Sigmoid" => SigmoidOp.Apply(x, 0, 0),
        "Tanh" => TanhOp.Apply(x, 0, 0),
        "Relu" => ReluOp.Apply(x, 0, 0),
        "Softsign" => x / (1 + MathF.Abs(x)),
        "Softplus" => SoftplusOp.Apply(x, 0, 0),
        "Affine" => (Alpha * x) + Beta,
        "LeakyRelu" => x < 0 ? Alpha * x : x,
        "ThresholdedRelu" => x > Alpha ? x : 0,
        "ScaledTanh" => Alpha * TanhOp.Apply(Beta * x, 0, 0),
        "HardSigmoid" => Math.Clamp((Alpha * x) + Beta, 0, 1),
        _ => x < 0 ? Alpha * (MathF.Exp(x) - 1) : x, // Elu.
    };
}
