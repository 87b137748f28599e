using Peregrine.App.House;
using Peregrine.Kernel;
using Peregrine.Storage;
using Peregrine.Storage.Backups;

namespace Peregrine.App.Control;

/// <summary>Does what a person asks of the running appliance. Everything that takes time becomes a one-shot, and the answer is its id.</summary>
internal sealed class OperatorDesk(Func<Supervisor> supervisor, OneShotIds ids, RotatingPool pool, string backupTarget, BackupOptions backup, TimeProvider time, Action<string> log, TradingDesk trading)
{
    public ControlAnswer Serve(ControlRequest request)
    {
        log($"operator: {request.Do} {request.Actor}{request.Id}{request.Level}".TrimEnd());
        return request.Do switch
        {
            "restart" => Restart(request.Actor),
            "backup" => BackUp(),
            "check" => Check(),
            "cancel" => Cancel(request.Id),
            "kill" or "arm" or "reconcile" => trading.Serve(request),
            _ => new ControlAnswer(false, $"'{request.Do}' is not allowed; allowed are restart, backup, check, cancel, kill, arm and reconcile"),
        };
    }

    private ControlAnswer Restart(string name)
    {
        IReadOnlyList<ActorStatus> actors = supervisor().Snapshot().Actors;
        ActorStatus[] meant = [.. actors.Where(actor => actor.Path == name || actor.Path.EndsWith("/" + name, StringComparison.Ordinal))];
        if (meant.Length != 1) return new ControlAnswer(false, $"'{name}' is not an actor; there are {string.Join(", ", actors.Select(static actor => actor.Path))}");
        return supervisor().Fault(meant[0].Path, "a person asked for it")
            ? new ControlAnswer(true, $"{meant[0].Path} crashes after its turn and comes back")
            : new ControlAnswer(false, $"{meant[0].Path} does not run now: {meant[0].State}");
    }

    private ControlAnswer BackUp()
    {
        if (backupTarget.Length == 0) return new ControlAnswer(false, "no cold storage is configured: backup.target names a folder");
        Guid id = ids.Next();
        string file = pool.CurrentPath;
        supervisor().Spawn(id, $"live backup {Path.GetFileName(file)}", context =>
        {
            BackupOutcome outcome = BackupJob.AttemptLive(file, backupTarget, time, backup, progress => BackupSchedule.Report(context, progress), context.Stopping);
            log($"live backup: {outcome.Sentence}");
            context.Result = outcome.IsDone ? outcome.Archive : throw new IOException(outcome.Sentence);
        });
        return new ControlAnswer(true, $"begun as one-shot {id}", id.ToString());
    }

    private ControlAnswer Check()
    {
        Guid id = ids.Next();
        supervisor().Spawn(id, "check of all sealed files", context =>
        {
            IReadOnlyList<string> files = pool.SealedFiles();
            long events = 0;
            for (int i = 0; i < files.Count; i++)
            {
                context.Report((double)i / files.Count, Path.GetFileName(files[i]));
                foreach (VerifyResult result in DatabaseVerify.Run(files[i], cancellation: context.Stopping))
                {
                    events += result.Events;
                    if (!result.Ok) throw new InvalidDataException($"{result.Name}: {result.Problem}");
                }
            }
            context.Result = $"{files.Count} files, {events:N0} events, all sound";
        });
        return new ControlAnswer(true, $"begun as one-shot {id}", id.ToString());
    }

    private ControlAnswer Cancel(string id)
    {
        OneShotStatus[] meant = [.. supervisor().Snapshot().OneShots.Where(shot => id.Length > 0 && shot.State == OneShotState.Running && shot.Id.ToString().StartsWith(id, StringComparison.OrdinalIgnoreCase))];
        if (meant.Length != 1) return new ControlAnswer(false, $"{meant.Length} running one-shots begin with '{id}'; `actors` lists them");
        supervisor().Spawn(meant[0].Id, meant[0].Kind, static _ => { }).Cancel(); // A known id gives the same handle again, and starts nothing.
        return new ControlAnswer(true, $"{meant[0].Kind} is asked to end", meant[0].Id.ToString());
    }
}
