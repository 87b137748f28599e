namespace Peregrine.Inference.Trees;

/// <summary>What ai.onnx.ml does with scores at the end (post_transform).</summary>
internal enum PostTransform
{
    None,
    Softmax,
    Logistic,
    SoftmaxZero,
    Probit,
}

/// <summary>The transforms of a row of scores, in place. Formulas: the pages TreeEnsembleClassifier and LinearClassifier of ai.onnx.ml.</summary>
internal static class PostTransforms
{
    public static PostTransform? Find(string name) => name switch
    {
        "NONE" => PostTransform.None,
        "SOFTMAX" => PostTransform.Softmax,
        "LOGISTIC" => PostTransform.Logistic,
        "SOFTMAX_ZERO" => PostTransform.SoftmaxZero,
        "PROBIT" => PostTransform.Probit,
        _ => null,
    };

    public static void Apply(PostTransform transform, Span<float> scores)
    {
        switch (transform)
        {
            case PostTransform.Softmax: Softmax(scores, keepZero: false); break;
            case PostTransform.SoftmaxZero: Softmax(scores, keepZero: true); break;
            case PostTransform.Logistic:
                foreach (ref float score in scores) score = Logistic(score);
                break;
            case PostTransform.Probit:
                foreach (ref float score in scores) score = Probit(score);
                break;
        }
    }

    /// <summary>1 / (1 + exp(-x)), written so that nothing overflows.</summary>
    public static float Logistic(float x)
    {
        float small = 1 / (1 + MathF.Exp(-MathF.Abs(x)));
        return x < 0 ? 1 - small : small;
    }

    /// <summary>√2 erf⁻¹(2x - 1), by Winitzki's approximation, as ONNX Runtime has it.</summary>
    public static float Probit(float x)
    {
        float y = (2 * x) - 1;
        float log = MathF.Log((1 - y) * (1 + y));
        float v = (2 / (MathF.PI * 0.147f)) + (0.5f * log);
        float root = MathF.Sqrt(-v + MathF.Sqrt((v * v) - (1 / 0.147f * log)));
        return 1.41421356f * (y < 0 ? -root : root);
    }

    /// <summary>With <paramref name="keepZero"/> a score of zero stays next to nothing and does not count.</summary>
    private static void Softmax(Span<float> scores, bool keepZero)
    {
        float max = float.NegativeInfinity, sum = 0;
        foreach (float score in scores) max = score > max ? score : max;
        foreach (ref float score in scores)
        {
            bool zero = keepZero && MathF.Abs(score) <= 1e-7f;
            score = zero ? score * MathF.Exp(-max) : MathF.Exp(score - max);
            if (!zero) sum += score;
        }
        foreach (ref float score in scores) score /= sum;
    }
}
