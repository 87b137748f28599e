using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>
/// An LSTM with sigmoid and tanh: c' = f c + i g, h' = o tanh(c'). Sixteen hidden units make a block; its four gates (input, output, forget, cell) lie side by
/// side, <c>[H/16][K][4][16]</c>, so that one pass over the weights ends with everything that the new state needs in registers. Each gate is summed
/// in two chains (even and odd k) at every vector width.
/// </summary>
internal sealed unsafe class LstmKernel<TSimd, T>(RecurrentArguments a) : RecurrentKernel(a, 3)
    where TSimd : struct, ISimd<T>
    where T : struct
{
    private const int Row = 4 * GateBlocks.Units;

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
                T i0 = TSimd.Load(g), o0 = TSimd.Load(g + 16), f0 = TSimd.Load(g + 32), g0 = TSimd.Load(g + 48);
                T i1 = TSimd.All(0), o1 = i1, f1 = i1, g1 = i1;
                float* h = hidden;
                for (float* last = end - 1; h < last; h += 2, w += 2 * Row)
                {
                    T v = TSimd.All(h[0]);
                    i0 = TSimd.Fma(v, TSimd.Load(w), i0);
                    o0 = TSimd.Fma(v, TSimd.Load(w + 16), o0);
                    f0 = TSimd.Fma(v, TSimd.Load(w + 32), f0);
                    g0 = TSimd.Fma(v, TSimd.Load(w + 48), g0);
                    v = TSimd.All(h[1]);
                    i1 = TSimd.Fma(v, TSimd.Load(w + 64), i1);
                    o1 = TSimd.Fma(v, TSimd.Load(w + 80), o1);
                    f1 = TSimd.Fma(v, TSimd.Load(w + 96), f1);
                    g1 = TSimd.Fma(v, TSimd.Load(w + 112), g1);
                }
                if (h < end)
                {
                    T v = TSimd.All(h[0]);
                    i0 = TSimd.Fma(v, TSimd.Load(w), i0);
                    o0 = TSimd.Fma(v, TSimd.Load(w + 16), o0);
                    f0 = TSimd.Fma(v, TSimd.Load(w + 32), f0);
                    g0 = TSimd.Fma(v, TSimd.Load(w + 48), g0);
                }
                T none = TSimd.All(0);
                T enter = SigmoidOp.Apply<TSimd, T>(TSimd.Add(i0, i1), none, none);
                T forget = SigmoidOp.Apply<TSimd, T>(TSimd.Add(f0, f1), none, none);
                T candidate = TanhOp.Apply<TSimd, T>(TSimd.Add(g0, g1), none, none);
                T c = TSimd.Fma(forget, TSimd.Load(cell + unit + strip), TSimd.Multiply(enter, candidate));
                T output = SigmoidOp.Apply<TSimd, T>(TSimd.Add(o0, o1), none, none);
                TSimd.Store(c, nextCell + unit + strip);
                TSimd.Store(TSimd.Multiply(output, TanhOp.Apply<TSimd, T>(c, none, none)), nextHidden + unit + strip);
            }
        }
    }
}

/// <summary>The same without vectors: all gates into a buffer, eight columns at a time, then the state unit by unit.</summary>
internal sealed unsafe class ScalarLstmKernel(RecurrentArguments a, float* gates) : RecurrentKernel(a, 3)
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Step(float* input, float* hidden, float* cell, float* nextHidden, float* nextCell)
    {
        int padded = A.Padded;
        ScalarPanels.Product<IdentityOp>(A.Recurrent, input, hidden, gates, A.Hidden, 4 * padded, 0, 0);
        for (int j = 0; j < A.Hidden; j++)
        {
            float enter = SigmoidOp.Apply(gates[j], 0, 0), forget = SigmoidOp.Apply(gates[(2 * padded) + j], 0, 0);
            float c = (forget * cell[j]) + (enter * TanhOp.Apply(gates[(3 * padded) + j], 0, 0));
            nextCell[j] = c;
            nextHidden[j] = SigmoidOp.Apply(gates[padded + j], 0, 0) * TanhOp.Apply(c, 0, 0);
        }
    }
}
