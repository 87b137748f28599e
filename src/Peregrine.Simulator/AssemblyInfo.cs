using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Peregrine.Simulator.Tests")]
