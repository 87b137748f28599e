using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Peregrine.Inference.Tests")]
[assembly: InternalsVisibleTo("Peregrine.Benchmarks")]
