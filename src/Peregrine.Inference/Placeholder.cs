namespace Peregrine.Inference;
