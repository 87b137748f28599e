namespace Peregrine.Kernel;
