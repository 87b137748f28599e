namespace Peregrine.Storage.Recovery;
public static class SealedCheck { }
