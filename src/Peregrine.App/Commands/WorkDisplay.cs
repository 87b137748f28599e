using Spectre.Console;

namespace Peregrine.App.Commands;

/// <summary>
/// Shows how far long work is: a bar when standard error is a terminal, a line for each new stage when it is not, nothing when the result is for a program.
/// </summary>
internal static class WorkDisplay
{
    /// <summary>Runs the work, which says now and then what it is doing and how much of it is done (0 to 1; below 0 where that is not known).</summary>
    public static T Run<T>(bool isSilent, Func<Action<string, double>, T> work)
    {
        if (isSilent) return work(static (_, _) => { });
        return Console.IsErrorRedirected ? work(LineByLine()) : WithBar(work);
    }

    private static Action<string, double> LineByLine()
    {
        string last = "";
        return (text, _) =>
        {
            if (text == last) return;
            last = text;
            Console.Error.WriteLine(text);
        };
    }

    private static T WithBar<T>(Func<Action<string, double>, T> work)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress()
            .AutoClear(true)
            .HideCompleted(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask? task = null;
                string last = "";
                return work((text, fraction) =>
                {
                    if (task is null || text != last)
                    {
                        task?.StopTask();
                        task = context.AddTask(Markup.Escape(text), maxValue: 1);
                        last = text;
                    }
                    task.IsIndeterminate = fraction < 0;
                    task.Value = Math.Clamp(fraction, 0, 1);
                });
            });
    }
}
