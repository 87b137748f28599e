using Peregrine.Storage.Files;

namespace Peregrine.Storage.Recovery;

/// <summary>
/// The whole check of a sealed file that was too large to be checked at the start. Work for a one-shot: it reads everything once and hinders nobody, because
/// a sealed file is not written.
/// </summary>
public static class SealedCheck
{
    /// <summary>Verifies the file. One that is damaged is set aside, and its new path returned, for <see cref="Salvage.Run"/>; null where all is well.</summary>
    /// <param name="sealedFile">A sealed file of a state directory.</param>
    /// <param name="time">Names what is set aside.</param>
    /// <param name="report">Told the outcome.</param>
    /// <param name="cancellation">Ends the work; nothing has changed then.</param>
    /// <exception cref="StorageException">The file is not sealed.</exception>
    public static string? Run(string sealedFile, TimeProvider time, Action<string>? report = null, CancellationToken cancellation = default)
    {
        if (!SegmentFile.IsSealed(sealedFile)) throw new StorageException($"{sealedFile} is not sealed: it may still change.");
        VerifyResult result = DatabaseVerify.VerifyFile(sealedFile, cancellation);
        if (result.Ok)
        {
            report?.Invoke($"{sealedFile} was checked whole: {result.Events:N0} events, all as they were recorded.");
            return null;
        }
        string aside = SetAside.Move(sealedFile, time.GetUtcNow());
        report?.Invoke($"{sealedFile} is damaged ({result.Problem}) and was set aside as {aside}.");
        return aside;
    }
}
