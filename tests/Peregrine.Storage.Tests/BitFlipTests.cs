namespace Peregrine.Storage.Tests;

public sealed class BitFlipTests(ITestOutputHelper output)
{
    [Fact]
    public void Row_7_A_flipped_bit_is_noticed_or_changes_nothing()
    {
        const int Seed = 7;
        int trials = Environment.GetEnvironmentVariable("PEREGRINE_SOAK") == "1" ? 2_000 : 240;
        Random random = new(Seed);
        using TestFolder source = new();
        using TestFolder live = new();
        ManualTime time = Rig.Clock();
        using (Rig rig = new(source, time))
        {
            EventSourceOfChance chance = new(Seed, symbols: 3);
            for (int batch = 0; batch < 12; batch++)
            {
                States.Publish(rig, chance, 60);
                rig.Recorder.Drain();
                if (batch != 5) continue;
                time.Advance(TimeSpan.FromSeconds(5));
                rig.Recorder.Turn();
            }
            States.Copy(source.Path, live.Path, withMark: true); // Half of it in the log.
        }
        Dictionary<long, string> recorded = States.Events(source.Path).ToDictionary(each => each.Sequence, each => each.Fingerprint);
        int inRest = 0;
        int setAside = 0;
        int byVerify = 0;
        int byMark = 0;
        int harmless = 0;
        int silent = 0;
        for (int trial = 0; trial < trials; trial++)
        {
            using TestFolder folder = new();
            bool closed = trial % 3 == 0;
            States.Copy(closed ? source.Path : live.Path, folder.Path, withMark: true);
            string[] targets = [.. Directory.GetFiles(folder.Path, "crypto_*").Where(path => new FileInfo(path).Length > 0)];
            string target = targets[random.Next(targets.Length)];
            byte[] bytes = File.ReadAllBytes(target);
            int at = random.Next(bytes.Length);
            bytes[at] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(target, bytes);
            if (closed) inRest++;

            List<string> reports;
            using (Rig next = new(folder, time))
            {
                reports = next.Reports;
                next.Recorder.Drain();
            }
            bool aside = Directory.GetFiles(folder.Path, "*.corrupt-*").Length > 0;
            bool marked = reports.Any(report => report.Contains("had been committed", StringComparison.Ordinal));
            bool verified = DatabaseVerify.Run(folder.Path).All(file => file.Ok);
            bool same;
            try
            {
                List<Recorded> events = [.. States.Events(folder.Path).Where(each => each.Entry.Kind != Common.Events.EventKind.Gap)];
                same = events.Count == recorded.Count && events.All(each => recorded.TryGetValue(each.Sequence, out string? was) && was == each.Fingerprint);
            }
            catch (StorageException)
            {
                same = false; // It says so itself.
                verified = verified && false;
            }
            if (aside) setAside++;
            else if (marked) byMark++;
            else if (!verified) byVerify++;
            else if (same) harmless++;
            else silent++;
        }
        output.WriteLine($"row 7: {trials} bit flips ({inRest} in closed files): {setAside} set aside at start, {byMark} told by the mark, {byVerify} by db verify, {harmless} harmless, {silent} silent; the process started every time (seed {Seed})");
        Assert.True(trials >= 200);
        Assert.Equal(0, silent);
        Assert.True(byVerify > 0 && byMark > 0);
    }
}
