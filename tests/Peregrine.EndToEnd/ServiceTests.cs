using System.Net.Sockets;
using System.Text;

using Xunit;

namespace Peregrine.EndToEnd;

/// <summary>As a service: what the service manager hears, and what happens to a week that is over.</summary>
public sealed class ServiceTests
{
    [Fact]
    public async Task Tells_the_service_manager_that_it_is_ready_and_that_it_stops()
    {
        using TemporaryFolder folder = new();
        using Socket manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(folder["notify"]));
        manager.ReceiveTimeout = 30_000;
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic");
        using (exchange)
        {
            using PeregrineProgram run = PeregrineProgram.Start(
                ["run", "--mode", "record", "--exchange", url, "--state", folder["state"]], ("NOTIFY_SOCKET", folder["notify"]), ("WATCHDOG_USEC", "2000000"));
            byte[] text = new byte[512];
            List<string> heard = [];
            while (!heard.Contains("WATCHDOG=1") || !heard.Contains("READY=1")) heard.Add(Encoding.UTF8.GetString(text, 0, manager.Receive(text))); // Either may be first.
            run.Terminate();
            while (!heard.Contains("STOPPING=1")) heard.Add(Encoding.UTF8.GetString(text, 0, manager.Receive(text)));
            Assert.Equal(0, await run.WaitAsync(20));
        }
    }

    [Fact]
    public async Task Copies_a_week_that_is_over_to_cold_storage_and_can_bring_it_back()
    {
        using TemporaryFolder folder = new();
        (PeregrineProgram exchange, string url) = await PeregrineProgram.StartExchangeAsync("--synthetic");
        using (exchange)
        {
            string[] record = ["run", "--mode", "record", "--exchange", url, "--state", folder["state"], "--seconds", "4"];
            (int code, _, string errors) = await PeregrineProgram.RunAsync(record);
            Assert.True(code == 0, errors);
            // As it stands after a week's edge: an older week beside the current one, not sealed yet.
            string current = Directory.GetFiles(folder["state"], "crypto_*.db").Single();
            string older = Path.Combine(folder["state"], "crypto_2026_01.db");
            foreach (string suffix in (string[])["", "-wal", "-shm"])
                if (File.Exists(current + suffix)) File.Move(current + suffix, older + suffix);

            Directory.CreateDirectory(folder["cold"]); // A target that is missing may be a disk that is not mounted, so the program does not make it.
            (code, _, errors) = await PeregrineProgram.RunAsync(record, 60, ("PEREGRINE__BACKUP__TARGET", folder["cold"]));
            Assert.True(code == 0, errors);
            Assert.SkipWhen(errors.Contains("libzstd", StringComparison.Ordinal), "libzstd is not installed");
            Assert.Contains("backup written", errors, StringComparison.Ordinal);
            string archive = Path.Combine(folder["cold"], "crypto_2026_01.db.zst");
            Assert.True(File.Exists(archive) && File.Exists(archive + ".json"));
            Assert.Empty(Directory.GetFiles(folder["cold"], "*.partial"));

            (code, string output, errors) = await PeregrineProgram.RunAsync(["db", "restore", archive, "--to", Path.Combine(folder["state"], "restored.db")]);
            Assert.True(code == 0, errors + output);
            Assert.Equal(File.ReadAllBytes(older), File.ReadAllBytes(Path.Combine(folder["state"], "restored.db")));
        }
    }
}
