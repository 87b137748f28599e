using Xunit;

namespace Peregrine.Inference.Tests.Conformance;

/// <summary>Running allocates nothing, whatever the operator: every model of the official suite that compiles, in both forms, on the best kernels and on the scalar ones.</summary>
public sealed class AllocationTests(ITestOutputHelper output)
{
    private const int Runs = 12; // An object takes 24 bytes at least; see Allocation.

    [Fact]
    public void No_operator_allocates_in_a_run()
    {
        Assert.SkipUnless(Directory.Exists(ConformanceCase.Data), "The package libonnx-testdata is not installed.");
        var wrong = new List<string>();
        int sessions = 0;
        foreach (ConformanceCase test in ConformanceCase.All())
        {
            foreach ((bool constant, KernelKind kind) in new[] { (false, KernelKind.Auto), (true, KernelKind.Scalar) })
            {
                try
                {
                    foreach (ModelSession session in test.Sessions(constant, kind).Take(1))
                    {
                        long bytes = BytesOf(session);
                        sessions++;
                        if (bytes > Runs * 20) wrong.Add($"{test.Suite}/{test.Name}, {(constant ? "as initializers" : "as given")}, {kind}: {bytes} bytes in {Runs} runs");
                    }
                }
                catch (ModelException)
                {
                    // Not supported; ConformanceTests says which.
                }
            }
        }
        output.WriteLine($"{sessions} sessions, {wrong.Count} allocate");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(sessions > 1500, $"only {sessions} sessions ran");
    }

    private static long BytesOf(ModelSession session)
    {
        for (int i = 0; i < 3; i++) session.Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Runs; i++) session.Run();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
