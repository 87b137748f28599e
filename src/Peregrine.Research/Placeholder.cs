namespace Peregrine.Research;
