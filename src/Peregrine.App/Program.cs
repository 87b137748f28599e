using System.CommandLine;
using System.CommandLine.Parsing;

using Peregrine.App;
using Peregrine.App.Commands;

RootCommand root = new("Peregrine: a trading appliance for Binance. Start with 'demo'.")
{
    DemoCommand.Create(),
    RunCommand.Create(),
    ExchangeCommand.Create(),
    ReplayCommand.Create(),
    DatasetCommand.Create(),
    ModelCommand.Create(),
    DatabaseCommand.Create(),
    DashboardCommand.Create(),
    ActorsCommand.Create(),
    TortureCommand.Create(),
    DoctorCommand.Create(),
    BenchCommand.Create(),
    SimulateCommand.Create(),
    GuardCommand.Create(),
};
foreach (Command command in LedgerCommands.Create().Concat(TradingCommands.Create())) root.Add(command);

ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (ParseError error in parsed.Errors) await Console.Error.WriteLineAsync($"peregrine: {error.Message}").ConfigureAwait(false);
    await Console.Error.WriteLineAsync("peregrine: --help says what there is").ConfigureAwait(false);
    return ExitCode.WrongUsage;
}
try
{
    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }).ConfigureAwait(false);
}
catch (StopException e)
{
    await Console.Error.WriteLineAsync($"peregrine: {e.Message}").ConfigureAwait(false);
    return e.ExitCode;
}
catch (OperationCanceledException)
{
    return ExitCode.Failed;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync($"peregrine: {e.Message}").ConfigureAwait(false);
    return ExitCode.Failed;
}
catch (Exception e)
{
    await Console.Error.WriteLineAsync($"peregrine: this should not have happened, please report it: {e}").ConfigureAwait(false);
    return ExitCode.Failed;
}
