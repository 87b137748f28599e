namespace Peregrine.Kernel;

/// <summary>The supervisor could not start: names the actor that did not come up. What had been started is stopped again.</summary>
public sealed class ActorStartException(string path, string reason, Exception? cause)
    : Exception($"'{path}' did not start: {reason}", cause)
{
    public string Path { get; } = path;
}
