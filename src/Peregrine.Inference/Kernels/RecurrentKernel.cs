using System.Runtime.CompilerServices;

namespace Peregrine.Inference.Kernels;

/// <summary>The memory of one direction of a recurrent layer. Strides count floats; B sequences of T steps, H hidden units.</summary>
internal unsafe struct RecurrentArguments
{
    /// <summary>The input's share of every gate at every step, bias included, as the layer's dense kernel wrote it: one row of <see cref="ProjectedStride"/>.</summary>
    public float* Projected;
    public int ProjectedStride;

    /// <summary>Recurrent weights in the order of the kernel that reads them.</summary>
    public float* Recurrent;

    /// <summary>The recurrent share of a GRU's bias of the hidden gate; null otherwise.</summary>
    public float* RecurrentBias;

    /// <summary>Room for two hidden states and a cell state, each of <see cref="Padded"/> floats.</summary>
    public float* Scratch;

    /// <summary>Where the state comes from and goes to; the targets are null where nobody reads them.</summary>
    public float* FirstHidden;
    public float* FirstCell;
    public float* LastHidden;
    public float* LastCell;
    public int StateStride;

    /// <summary>Every step's hidden state, or null.</summary>
    public float* Y;
    public int YStep;
    public int YSequence;

    /// <summary>How many rows of <see cref="Projected"/> lie between two steps and between two sequences.</summary>
    public int RowStep;
    public int RowSequence;

    /// <summary>Each sequence's length, or null where all are <see cref="Steps"/> long.</summary>
    public int* Lengths;
    public int Steps;
    public int Sequences;
    public int Hidden;
    public int Padded;
    public bool Reverse;
}

/// <summary>
/// Walks a recurrent layer through time. What does not depend on the state was computed for all steps at once before; a step reads the recurrent
/// weights once and keeps its gates in registers. The first step reads the caller's state where it lies.
/// </summary>
internal abstract unsafe class RecurrentKernel(RecurrentArguments a, int scratchStates) : Kernel
{
    protected readonly RecurrentArguments A = a;

    /// <summary>One step: from the row's gates and the state before to the state after. The hidden states do not overlap, the cells may be the same.</summary>
    protected abstract void Step(float* input, float* hidden, float* cell, float* nextHidden, float* nextCell);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Run()
    {
        float* cellRoom = A.Scratch + ((scratchStates - 1) * A.Padded);
        for (int sequence = 0; sequence < A.Sequences; sequence++)
        {
            int length = A.Lengths == null ? A.Steps : Math.Clamp(A.Lengths[sequence], 0, A.Steps);
            float* hidden = A.FirstHidden + ((long)sequence * A.StateStride);
            float* cell = A.FirstCell == null ? null : A.FirstCell + ((long)sequence * A.StateStride);
            for (int i = 0; i < length; i++)
            {
                int t = A.Reverse ? length - 1 - i : i;
                float* next = A.Scratch + ((i & 1) * A.Padded); // Two places take turns.
                Step(A.Projected + ((((long)t * A.RowStep) + ((long)sequence * A.RowSequence)) * A.ProjectedStride), hidden, cell, next, cellRoom);
                cell = cellRoom;
                hidden = next;
                if (A.Y != null) Copy(hidden, A.Y + ((long)t * A.YStep) + ((long)sequence * A.YSequence));
            }
            for (int t = length; t < A.Steps && A.Y != null; t++) new Span<float>(A.Y + ((long)t * A.YStep) + ((long)sequence * A.YSequence), A.Hidden).Clear();
            if (A.LastHidden != null) Copy(hidden, A.LastHidden + ((long)sequence * A.StateStride));
            if (A.LastCell != null) Copy(cell, A.LastCell + ((long)sequence * A.StateStride));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Copy(float* from, float* to) => new ReadOnlySpan<float>(from, A.Hidden).CopyTo(new Span<float>(to, A.Hidden));
}

/// <summary>Sequence lengths as the layer counts them.</summary>
internal sealed unsafe class LengthsKernel(long* from, int* to, int count) : Kernel
{
    public override void Run()
    {
        for (int i = 0; i < count; i++) to[i] = (int)Math.Clamp(from[i], 0, int.MaxValue);
    }
}
