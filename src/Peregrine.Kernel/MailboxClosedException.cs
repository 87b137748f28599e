namespace Peregrine.Kernel;

/// <summary>A message was sent to an actor that has stopped, or will take no more. It was not accepted.</summary>
public sealed class MailboxClosedException() : InvalidOperationException("The mailbox is closed: its actor has stopped and takes no more messages.");
