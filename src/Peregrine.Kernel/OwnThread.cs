namespace Peregrine.Kernel;

/// <summary>
/// The kernel's own threads. None of them may end by an exception: without its monitor or its control thread a process would look alive and be
/// watched by nobody. So whatever escapes ends the process at once, with the exception on standard error and the exit code of an abort (134 on
/// Linux, as for every unhandled exception; never 0), and the service manager starts it anew. What an actor, a one-shot or a listener throws is
/// caught before it gets here.
/// </summary>
internal static class OwnThread
{
    public static Thread Create(string name, Action body) => new(() =>
    {
        try
        {
            body();
        }
        catch (Exception failure)
        {
            // Not left to the runtime: a handler in the host could keep the process alive.
            Environment.FailFast($"The thread '{name}' failed, and nothing can stand in for it: {failure.InOneLine()}", failure);
        }
    })
    {
        Name = name,
        IsBackground = true,
    };

    public static void Start(string name, Action body) => Create(name, body).Start();
}
