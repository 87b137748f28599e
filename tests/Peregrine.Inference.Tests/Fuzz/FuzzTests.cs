using System.Diagnostics;
using System.Globalization;
using System.Numerics;

using Peregrine.Inference.Format;

using Xunit;

namespace Peregrine.Inference.Tests.Fuzz;

/// <summary>
/// Spoilt model files by the thousand. Each is loaded, compiled and, where that works, run: only a <see cref="ModelException"/> may come out, soon and within bounded
/// memory. The variable PEREGRINE_FUZZ_COUNT says how many, PEREGRINE_FUZZ_SEED and PEREGRINE_FUZZ_FIRST where to begin; PEREGRINE_FUZZ_TRACE names a file
/// that always holds the model being tried, for the case that the process itself dies.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int CountUsual = 3_000;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);
    private const long BytesMax = 512L << 20;

    /// <summary>The limits are the usual ones but for the work of one run: files that would just take a while are not what is looked for.</summary>
    private static readonly ModelLimits _limits = new() { MultiplyAddsMax = 1 << 24, FoldingMultiplyAddsMax = 1 << 22 };

    private readonly Dictionary<string, int> _unforeseen = [];
    private int _loaded;
    private int _run;
    private long _bytesLargest;
    private volatile int _round;
    private long _roundStart;
    private double _longest;
    private int _longestRound;

    [Fact]
    public void A_spoilt_model_is_refused_in_words_or_runs()
    {
        int seed = Setting("SEED", 20261123), first = Setting("FIRST", 0), count = Setting("COUNT", CountUsual);
        string? trace = Environment.GetEnvironmentVariable("PEREGRINE_FUZZ_TRACE");
        List<byte[]> corpus = FuzzCorpus.Load();
        var mutator = new Mutator(corpus);
        long before = Process.GetCurrentProcess().PeakWorkingSet64;
        _round = first;
        _roundStart = Stopwatch.GetTimestamp();
        var worker = new Thread(() =>
        {
            for (; _round < first + count; _round++)
            {
                var random = new Random(unchecked((seed * 1_000_003) + _round)); // So that a round can be repeated alone.
                (int _, byte[] bytes) = mutator.Next(random);
                if (trace is not null) File.WriteAllBytes(trace, bytes);
                Volatile.Write(ref _roundStart, Stopwatch.GetTimestamp());
                Try(bytes, random);
                double seconds = Stopwatch.GetElapsedTime(_roundStart).TotalSeconds;
                if (seconds > _longest) (_longest, _longestRound) = (seconds, _round);
            }
        }, 4 << 20) { IsBackground = true };
        worker.Start();
        while (!worker.Join(500))
            Assert.True(Stopwatch.GetElapsedTime(Volatile.Read(ref _roundStart)) < _deadline, $"seed {seed}, round {_round} hangs");

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} files from {corpus.Count}, seed {seed}, rounds from {first}: {count - _loaded} refused when read, {_loaded - _run} when compiled, {_run} ran; " +
            $"longest {_longest:F2} s (round {_longestRound}), most memory of one file {_bytesLargest >> 20} MiB allocated, process peak {before >> 20} -> {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB"));
        foreach ((string what, int times) in _unforeseen) output.WriteLine($"{times} x {what}");
        Assert.True(_unforeseen.Count == 0, $"seed {seed}: {_unforeseen.Count} kinds of unforeseen ends:\n{string.Join('\n', _unforeseen.Keys)}");
        Assert.InRange(_bytesLargest, 0, BytesMax);
        Assert.InRange(_run, 1, count - 1);
    }

    private void Try(byte[] bytes, Random random)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            OnnxModel model = OnnxModel.Load(bytes, _limits);
            _loaded++;
            ModelSession session = Compile(model, new CompileOptions
            {
                Kernels = ModelVectors.Kinds[random.Next(ModelVectors.Kinds.Length)],
                Fuse = random.Next(4) > 0,
                Dimensions = model.Inputs.SelectMany(i => i.Shape).Where(d => d.IsSymbolic).Select(d => d.Name!).Distinct().ToDictionary(n => n, _ => random.Next(1, 4)),
            }, random);
            bool wild = random.Next(2) == 0;
            for (int i = 0; i < session.Inputs.Count; i++) session.Inputs[i].Type.Call(new RandomFill(session, i, random, wild));
            session.Run();
            _run++;
        }
        catch (ModelException)
        {
        }
        catch (Exception e)
        {
            string[] frames = [.. (e.StackTrace ?? "").Split('\n').Select(f => f.Trim()).Where(f => f.Contains("Peregrine.Inference.", StringComparison.Ordinal)).Take(3)];
            string what = $"{e.GetType().Name}: {string.Join(" < ", frames)}";
            if (_unforeseen.TryAdd(what, 0)) output.WriteLine($"round {_round}: {e}");
            _unforeseen[what]++;
        }
        _bytesLargest = Math.Max(_bytesLargest, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Compiles; inputs that decide shapes are fixed to some small numbers where they are small themselves.</summary>
    private static ModelSession Compile(OnnxModel model, CompileOptions options, Random random)
    {
        try
        {
            return model.Compile(options);
        }
        catch (ModelException e) when (e.InputsToFix.Count > 0)
        {
            var settled = new Dictionary<string, FixedTensor>();
            foreach (TensorInfo input in model.Inputs.Where(i => e.InputsToFix.Contains(i.Name) && i.Type is ElementType.Int64 or ElementType.Float32))
            {
                int[] shape = [.. input.Shape.Select(d => d.Size ?? options.Dimensions.GetValueOrDefault(d.Name!, 1))];
                if (shape.Aggregate(1L, (count, size) => Math.Min(count * size, 1000)) >= 1000) continue;
                int elements = Naive.Size(shape);
                TensorData data = input.Type == ElementType.Int64 ? new TensorData(ElementType.Int64, shape, [.. Enumerable.Range(0, elements).Select(_ => (long)random.Next(-2, 7))])
                    : new TensorData(ElementType.Float32, shape, [.. Enumerable.Range(0, elements).Select(_ => (float)random.Next(-2, 7))]);
                settled.Add(input.Name, new FixedTensor(data));
            }
            return model.Compile(options with { FixedInputs = settled });
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable($"PEREGRINE_FUZZ_{name}"), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    /// <summary>Any bits at all, or small numbers.</summary>
    private sealed class RandomFill(ModelSession session, int index, Random random, bool wild) : ITypedCall<bool>
    {
        public bool Call<T>()
            where T : unmanaged, INumber<T>, IMinMaxValue<T>
        {
            Span<T> to = session.Input<T>(index);
            to = to[..Math.Min(to.Length, 100_000)]; // The time to fill a huge input is not the engine's.
            if (wild) random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(to));
            else foreach (ref T value in to) value = T.CreateTruncating((random.NextDouble() * 6) - 2);
            return true;
        }
    }
}
