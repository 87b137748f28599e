namespace Peregrine.Kernel;

/// <summary>A message that two incarnations of an actor failed on, set aside whole so that the next ones can be handled.</summary>
/// <param name="Actor">group/name.</param>
/// <param name="Message">The message as text, whole.</param>
/// <param name="Hash">SHA-256 of that text in UTF-8, in lower-case hexadecimal digits: the same message again has the same.</param>
/// <param name="Error">What the second incarnation failed with.</param>
/// <param name="At">When it was set aside.</param>
/// <param name="Count">How often a message of this hash was set aside for this actor, this time included, as far as the list reaches back.</param>
public sealed record DeadLetter(string Actor, string Message, string Hash, string Error, DateTimeOffset At, int Count);
