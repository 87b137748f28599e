using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>
/// A GRU with sigmoid and tanh whose reset gate acts after the recurrent product (linear_before_reset, as PyTorch has it):
/// n = tanh(xn + r (Rn h + bn)), h' = n + z (h - n). Blocks of sixteen units with the gates z, r, n side by side: <c>[H/16][K][3][16]</c>.
/// </summary>
internal sealed unsafe class GruKernel<TSimd, T>(RecurrentArguments a) : RecurrentKernel(a, 2)
    where TSimd : struct, ISimd<T>
    where T : struct
{
    private const int Row = 3 * GateBlocks.Units;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Step(float* input, float* hidden, float* cell, float* nextHidden, float* nextCell)
    {
        float* block = A.Recurrent;
        float* end = hidden + A.Hidden;
        for (int unit = 0; unit < A.Padded; unit += GateBlocks.Units, block += (long)A.Hidden * Row, input += Row)
        {
            for (int strip = 0; strip < GateBlocks.Units; strip += TSimd.Width)
            {
                float* g = input + strip;
                float* w = block + strip;
                T z0 = TSimd.Load(g), r0 = TSimd.Load(g + 16), n0 = TSimd.Load(A.RecurrentBias + unit + strip);
                T z1 = TSimd.All(0), r1 = z1, n1 = z1;
                float* h = hidden;
                for (float* last = end - 1; h < last; h += 2, w += 2 * Row)
                {
                    T v = TSimd.All(h[0]);
                    z0 = TSimd.Fma(v, TSimd.Load(w), z0);
                    r0 = TSimd.Fma(v, TSimd.Load(w + 16), r0);
                    n0 = TSimd.Fma(v, TSimd.Load(w + 32), n0);
                    v = TSimd.All(h[1]);
                    z1 = TSimd.Fma(v, TSimd.Load(w + 48), z1);
                    r1 = TSimd.Fma(v, TSimd.Load(w + 64), r1);
                    n1 = TSimd.Fma(v, TSimd.Load(w + 80), n1);
                }
                if (h < end)
                {
                    T v = TSimd.All(h[0]);
                    z0 = TSimd.Fma(v, TSimd.Load(w), z0);
                    r0 = TSimd.Fma(v, TSimd.Load(w + 16), r0);
                    n0 = TSimd.Fma(v, TSimd.Load(w + 32), n0);
                }
                T none = TSimd.All(0);
                T reset = SigmoidOp.Apply<TSimd, T>(TSimd.Add(r0, r1), none, none);
                T update = SigmoidOp.Apply<TSimd, T>(TSimd.Add(z0, z1), none, none);
                T candidate = TanhOp.Apply<TSimd, T>(TSimd.Fma(reset, TSimd.Add(n0, n1), TSimd.Load(g + 32)), none, none);
                T before = TSimd.Load(hidden + unit + strip);
                TSimd.Store(TSimd.Fma(update, TSimd.Subtract(before, candidate), candidate), nextHidden + unit + strip);
            }
        }
    }
}

/// <summary>The same without vectors.</summary>
internal sealed unsafe class ScalarGruKernel(RecurrentArguments a, float* gates) : RecurrentKernel(a, 2)
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Step(float* input, float* hidden, float* cell, float* nextHidden, float* nextCell)
    {
        int padded = A.Padded;
        ScalarPanels.Product<IdentityOp>(A.Recurrent, input, hidden, gates, A.Hidden, 2 * padded, 0, 0);
        ScalarPanels.Product<IdentityOp>(A.Recurrent + (2L * padded * A.Hidden), A.RecurrentBias, hidden, gates + (2 * padded), A.Hidden, padded, 0, 0);
        for (int j = 0; j < A.Hidden; j++)
        {
            float update = SigmoidOp.Apply(gates[j], 0, 0), reset = SigmoidOp.Apply(gates[padded + j], 0, 0);
            float candidate = TanhOp.Apply(input[(2 * padded) + j] + (reset * gates[(2 * padded) + j]), 0, 0);
            nextHidden[j] = candidate + (update * (hidden[j] - candidate));
        }
    }
}
