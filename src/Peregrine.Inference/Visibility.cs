using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Peregrine.Inference.Tests")]
