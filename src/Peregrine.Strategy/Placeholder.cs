namespace Peregrine.Strategy;
