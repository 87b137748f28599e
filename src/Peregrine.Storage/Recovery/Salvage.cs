namespace Peregrine.Storage.Recovery;
public static class Salvage { internal static bool IsDone(string path) => File.Exists(path + ".salvaged.json"); }
