using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Peregrine.Execution.Tests")]
