using System.CommandLine;
using System.Globalization;
using System.Text.Json;

using Peregrine.Storage.Backups;

namespace Peregrine.App.Commands;

/// <summary><c>db restore</c>: one backup becomes a file again.</summary>
internal static class DatabaseRestoreCommand
{
    public static Command Create()
    {
        Argument<string> archive = new("archive") { Description = "a .db.zst file, its manifest (.json) beside it" };
        Option<string> target = new("--to") { Description = "the file to write; it must not exist, its folder must", Required = true, HelpName = "FILE" };
        Option<bool> asWeek = new("--as-week") { Description = "allow the name of the archive's own week, so that an appliance in that folder takes the file for its recording" };
        Option<bool> withoutManifest = new("--without-manifest") { Description = "restore an archive whose manifest is lost: then only the database itself can be checked" };
        Option<bool> json = Shared.Json();
        Command command = new("restore", "Restores one backup under a new name, after checking it against its manifest. Nothing that exists is written over.") { archive, target, asWeek, withoutManifest, json };
        command.SetAction((parsed, cancel) =>
        {
            bool isJson = parsed.GetValue(json);
            RestoreOptions options = new() { AsWeek = parsed.GetValue(asWeek), AllowMissingManifest = parsed.GetValue(withoutManifest) };
            string from = Path.GetFullPath(parsed.GetValue(archive)!);
            RestoreResult result = WorkDisplay.Run(isJson, show => Restore.Run(
                from, Path.GetFullPath(parsed.GetValue(target)!), options,
                at => show($"{Path.GetFileName(from)}: {DatabaseBackupCommand.Words(at.Stage)}", at.TotalBytes == 0 || at.DoneBytes == 0 ? -1 : (double)at.DoneBytes / at.TotalBytes), cancel));
            Console.WriteLine(isJson
                ? JsonSerializer.Serialize(new RestoreJson(result.File, result.Bytes, result.Events, result.Manifest is not null), DatabaseJson.Default.RestoreJson)
                : string.Create(CultureInfo.InvariantCulture, $"restored to {result.File}: {result.Bytes:N0} bytes, {result.Events.Values.Sum():N0} events"));
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }
}
