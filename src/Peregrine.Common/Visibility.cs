using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Peregrine.Common.Tests")]
