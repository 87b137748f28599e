using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Peregrine.Execution.Tests")]
[assembly: InternalsVisibleTo("Peregrine.Research.Tests")]
