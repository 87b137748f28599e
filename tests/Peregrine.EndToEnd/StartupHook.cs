using System.Diagnostics.CodeAnalysis;
using System.Globalization;

/// <summary>Runs inside a child before its program begins, when DOTNET_STARTUP_HOOKS names this assembly: a fault from within, without a fault switch in the product.</summary>
[SuppressMessage("Design", "CA1050:Declare types in namespaces", Justification = "The runtime looks for exactly this name.")]
internal static class StartupHook
{
    public const string Variable = "PEREGRINE_TEST_THROW_AFTER";
    public const string Message = "thrown by a test on a thread of its own";

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } millis) return;
        new Thread(() =>
        {
            Thread.Sleep(int.Parse(millis, CultureInfo.InvariantCulture));
            throw new InvalidOperationException(Message);
        }) { IsBackground = true }.Start();
    }
}
