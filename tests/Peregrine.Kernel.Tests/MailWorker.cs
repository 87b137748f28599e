namespace Peregrine.Kernel.Tests;

/// <summary>An actor that takes one message a turn.</summary>
internal sealed class MailWorker<T>(Mailbox<T> box, Action<T> handle) : IActor
{
    public bool Turn()
    {
        if (!box.TryTake(out T message)) return false;
        handle(message);
        return true;
    }

    public static ChildSpec Spec(string name, Mailbox<T> box, Action<ActorContext, T> handle) =>
        new(name, context => new MailWorker<T>(box, message => handle(context, message))) { Mailbox = box };
}
