using System.Diagnostics;

using Peregrine.Kernel.Tests;

/// <summary>
/// Where the runtime begins a child process, before the program's own beginning. (A module initialiser would not do: as long as it runs, other
/// threads wait for it before they run the module's code.)
/// </summary>
internal static class StartupHook
{
    public static void Initialize() => ChildProgram.Play();
}

namespace Peregrine.Kernel.Tests
{
    /// <summary>The same program as a child process with a part to play.</summary>
    internal static class ChildProgram
    {
        private const string Variable = "PEREGRINE_KERNEL_CHILD";

        public static void Play()
        {
            string[] words = Environment.GetEnvironmentVariable(Variable)!.Split('|');
            switch (words[0])
            {
                case "failing-thread": OwnThreadTests.Run(words[1]); break;
                case "stall": WatchdogTests.Run(); break;
                case "one-shots": OneShotKillTests.Run(words[1], words[2]); break;
                default: throw new ArgumentException($"No part is called '{words[0]}'.");
            }
            Environment.Exit(0);
        }

        public static Process Start(params string[] part) => Start(part, []);

        public static Process Start(string[] part, params (string Name, string Value)[] environment)
        {
            string program = typeof(ChildProgram).Assembly.Location;
            ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardInput = true, RedirectStandardError = true };
            start.ArgumentList.Add(program);
            start.Environment[Variable] = string.Join('|', part);
            start.Environment["DOTNET_STARTUP_HOOKS"] = program;
            start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
            foreach ((string name, string value) in environment) start.Environment[name] = value;
            return Process.Start(start)!;
        }
    }
}
