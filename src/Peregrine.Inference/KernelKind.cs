using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Peregrine.Inference;

/// <summary>Which family of kernels a session runs on. All widths give bitwise equal results; scalar differs from them in the last bits.</summary>
/// <remarks>
/// The vector kernels use fused multiply-add. Without it (and on machines whose JIT has no vectors at all) a fused operation is a library call
/// about ten times slower than the multiplication and the addition, so the scalar kernels round twice: that is the whole difference.
/// </remarks>
public enum KernelKind
{
    /// <summary>The best that this machine runs.</summary>
    Auto = 0,
    Scalar = 1,
    Vector128 = 2,
    Vector256 = 3,
    Vector512 = 4,
}

/// <summary>What this machine can run.</summary>
public static class KernelKinds
{
    /// <summary>What <see cref="KernelKind.Auto"/> stands for on this machine.</summary>
    public static KernelKind Best { get; } =
        !Vector.IsHardwareAccelerated ? KernelKind.Scalar
        : Vector512.IsHardwareAccelerated && IsAvailable(KernelKind.Vector512) ? KernelKind.Vector512
        : IsAvailable(KernelKind.Vector256) ? KernelKind.Vector256
        : IsAvailable(KernelKind.Vector128) ? KernelKind.Vector128
        : KernelKind.Scalar;

    public static bool IsAvailable(KernelKind kind) => kind switch
    {
        KernelKind.Auto or KernelKind.Scalar => true,
        KernelKind.Vector128 => AdvSimd.Arm64.IsSupported || Fma.IsSupported,
        KernelKind.Vector256 => Vector256.IsHardwareAccelerated && Fma.IsSupported,
        KernelKind.Vector512 => Avx512F.IsSupported,
        _ => false,
    };
}
