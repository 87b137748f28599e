using System.Text;

using Peregrine.Kernel;

using Spectre.Console;

namespace Peregrine.Dashboards.Tests;

public sealed class LiveScreenTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("peregrine-screen-").FullName;

    [Fact]
    public void Waits_shows_goes_stale_recovers_and_restores_the_terminal()
    {
        string path = Path.Combine(_folder, "board");
        var clock = new Clock();
        var terminal = new Terminal();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, ColorSystem = ColorSystemSupport.TrueColor, Out = new AnsiConsoleOutput(terminal) });
        console.Profile.Width = 100;
        console.Profile.Height = 30;
        console.Profile.Capabilities.AlternateBuffer = true;
        using var stop = new CancellationTokenSource();
        var screen = new Thread(() => TerminalScreen.Run(new StatusBoardReader(path), clock, console, stop.Token));
        screen.Start();
        terminal.Await("waiting for the appliance");

        using var board = new StatusBoardWriter(path, 100_000);
        board.Publish(Encoding.UTF8.GetBytes(Frames.Contract));
        terminal.Await("1,234 ev/s");
        Assert.DoesNotContain("STALE", terminal.ToString());

        clock.Advance(TimeSpan.FromSeconds(5));
        terminal.Await("STALE 5.0 s");
        board.Publish(Encoding.UTF8.GetBytes(Frames.Contract)); // Another text, but its time stands still.
        clock.Advance(TimeSpan.FromSeconds(1));
        terminal.Await("STALE 6.0 s");
        board.Publish(Encoding.UTF8.GetBytes(Frames.Contract.Replace("13:00:00Z", "13:00:06Z", StringComparison.Ordinal).Replace("1234", "4321", StringComparison.Ordinal)));
        terminal.Await("4,321 ev/s");
        Assert.DoesNotContain("STALE", terminal.ToString());

        stop.Cancel();
        Assert.True(screen.Join(TimeSpan.FromSeconds(10)));
        string all = terminal.Everything;
        Assert.StartsWith("\u001b[?1049h", all); // Into the alternate screen, and out of it; the cursor is back.
        Assert.Contains("\u001b[?1049l", all);
        Assert.True(all.LastIndexOf("\u001b[?25h", StringComparison.Ordinal) > all.LastIndexOf("\u001b[?25l", StringComparison.Ordinal));
    }

    [Fact]
    public void Output_that_is_no_terminal_gets_one_plain_frame()
    {
        string path = Path.Combine(_folder, "board");
        using var board = new StatusBoardWriter(path, 100_000);
        board.Publish(Encoding.UTF8.GetBytes(Frames.Contract));
        var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 80;
        console.Profile.Height = 24;
        TerminalScreen.Run(new StatusBoardReader(path), TimeProvider.System, console, CancellationToken.None);
        Assert.Contains("BTCUSDT", text.ToString());
        Assert.DoesNotContain('\u001b', text.ToString());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Remembers what was written; what was awaited is then forgotten.</summary>
    private sealed class Terminal : StringWriter
    {
        private readonly Lock _gate = new();
        private readonly StringBuilder _text = new();
        private readonly StringBuilder _all = new();

        public string Everything
        {
            get
            {
                lock (_gate) return _all.ToString();
            }
        }

        public override void Write(char value) => Write(value.ToString());

        public override void Write(string? value)
        {
            lock (_gate)
            {
                _text.Append(value);
                _all.Append(value);
            }
        }

        public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

        public void Await(string words)
        {
            Assert.True(SpinWait.SpinUntil(() => ToString().Contains(words, StringComparison.Ordinal), TimeSpan.FromSeconds(15)), $"Never shown: {words}");
            lock (_gate) _text.Remove(0, _text.ToString().IndexOf(words, StringComparison.Ordinal) + words.Length);
        }

        public override string ToString()
        {
            lock (_gate) return _text.ToString();
        }
    }

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Volatile.Read(ref _ticks);

        public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
    }
}
