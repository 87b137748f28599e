namespace Peregrine.Storage;
