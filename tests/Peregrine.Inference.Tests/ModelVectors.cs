using Peregrine.Inference.Inspection;

namespace Peregrine.Inference.Tests;

/// <summary>A folder with a model and the inputs and expected outputs that belong to it, as conformance suites lay them out.</summary>
internal sealed record ModelVectors(string Folder)
{
    public string ModelPath => Path.Combine(Folder, "model.onnx");

    public IReadOnlyList<TestVectors> Sets => TestVectors.Find(Folder);

    /// <summary>The kernel families that this machine runs.</summary>
    public static KernelKind[] Kinds { get; } = [.. Enum.GetValues<KernelKind>().Where(k => k != KernelKind.Auto && KernelKinds.IsAvailable(k))];
}
