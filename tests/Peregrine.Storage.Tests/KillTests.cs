using System.Diagnostics;
using System.Globalization;

namespace Peregrine.Storage.Tests;

public sealed class KillTests
{
    [Fact]
    public void A_recorder_that_is_killed_loses_nothing_that_was_committed()
    {
        using TestFolder folder = new();
        Random random = new(9);
        long before = 0;
        for (int kill = 0; kill < 5; kill++)
        {
            long acknowledged = 0;
            int acknowledgements = random.Next(2, 5);
            using (Process child = ChildRecorder.Start(folder.Path))
            {
                try
                {
                    for (int i = 0; i < acknowledgements; i++)
                    {
                        string line = child.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The child ended by itself.");
                        acknowledged = long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
                    }
                    Thread.Sleep(random.Next(0, 250)); // Anywhere within a batch.
                }
                finally
                {
                    child.Kill();
                }
                while (child.StandardOutput.ReadLine() is { } rest) acknowledged = long.Parse(rest.Split(' ')[1], CultureInfo.InvariantCulture);
                child.WaitForExit();
            }
            Assert.True(acknowledged > before);
            Recording recording = Recording.Open(folder.Path);
            Assert.True(recording.LastSequence >= acknowledged, $"{recording.LastSequence} on record, {acknowledged} acknowledged");
            Collector played = new();
            recording.Play(played);
            Assert.Equal(Enumerable.Range(1, (int)recording.LastSequence).Select(each => (long)each), played.Events.Select(each => each.Sequence));
            Assert.All(DatabaseStatus.Read(folder.Path, verifyIntegrity: true).Files, file => Assert.Equal("ok", file.Integrity));
            before = recording.LastSequence;
        }
    }
}
