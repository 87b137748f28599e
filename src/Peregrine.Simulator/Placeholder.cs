namespace Peregrine.Simulator;
