using System.CommandLine;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;

using Peregrine.Inference;

namespace Peregrine.App.Commands;

/// <summary><c>doctor</c>: looks at the machine and says what to do about what it finds.</summary>
internal static class DoctorCommand
{
    private const long RoomBytesMin = 2L << 30;

    public static Command Create()
    {
        Option<string?> state = Shared.State();
        Option<string?> model = new("--model") { Description = "check this model too", HelpName = "FILE" };
        Command command = new("doctor", "Checks runtime, disk, libraries and model, and says what to do about each finding.") { state, model };
        command.SetAction(parsed =>
        {
            bool sound = true;
            void Say(bool ok, string what, string advice)
            {
                sound &= ok;
                Console.WriteLine($"{(ok ? "ok      " : "problem ")} {what}{(ok ? "" : " -> " + advice)}");
            }

            Say(Environment.Version.Major >= 10, $"runtime {RuntimeInformation.FrameworkDescription} on {RuntimeInformation.RuntimeIdentifier}", "install .NET 10 or newer");
            Console.WriteLine($"ok       {Environment.ProcessorCount} processors, vector instructions {(Vector.IsHardwareAccelerated ? $"yes ({Vector<byte>.Count * 8} bits)" : "no: models run on the scalar kernels")}");
            string folder = Path.GetFullPath(parsed.GetValue(state) ?? "state");
            string existing = folder;
            while (!Directory.Exists(existing)) existing = Path.GetDirectoryName(existing)!;
            long free = new DriveInfo(existing).AvailableFreeSpace;
            Say(free > RoomBytesMin, string.Create(CultureInfo.InvariantCulture, $"{free / 1_073_741_824.0:F1} GiB free for {folder}"), "a week of a few symbols takes some GiB: make room or name another --state");
            Say(NativeLibrary.TryLoad("libzstd.so.1", out _), "libzstd (backups)", "install the package libzstd1");
            Say(NativeLibrary.TryLoad("libssl.so.3", out _) || NativeLibrary.TryLoad("libssl.so", out _), "OpenSSL (TLS)", "install the package libssl3");
            if (parsed.GetValue(model) is { } path)
            {
                try
                {
                    OnnxModel loaded = OnnxModel.Load(path);
                    int rows = SelfTest.IsPresent(loaded) ? SelfTest.Verify(loaded) : 0;
                    Say(rows > 0, $"model {path}: {rows} test rows reproduce", "train it with training/train.py, which writes them");
                }
                catch (Exception e) when (e is ModelException or IOException or UnauthorizedAccessException)
                {
                    Say(false, $"model {path}", e.Message);
                }
            }
            return sound ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }
}
