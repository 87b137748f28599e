namespace Peregrine.Storage.Tests;

public sealed class TornLogTests(ITestOutputHelper output)
{
    [Fact]
    public void Row_2_A_torn_log_gives_back_whole_batches_from_the_checkpoint_on()
    {
        const int Seed = 42;
        int trials = Environment.GetEnvironmentVariable("PEREGRINE_SOAK") == "1" ? 1_000 : 120;
        Random random = new(Seed);
        using TestFolder source = new();
        ManualTime time = Rig.Clock();
        using Rig rig = new(source, time);
        EventSourceOfChance chance = new(Seed, symbols: 3);
        HashSet<long> ends = [];
        long atCheckpoint = 0;
        for (int batch = 0; batch < 40; batch++)
        {
            States.Publish(rig, chance, random.Next(1, 120));
            rig.Recorder.Drain();
            ends.Add(rig.Pool.LastSequence);
            if (batch != 9) continue;
            time.Advance(TimeSpan.FromSeconds(5));
            rig.Recorder.Turn(); // The checkpoint: what is before it is in the database.
            atCheckpoint = rig.Pool.LastSequence;
        }
        string[] whole = [.. States.Events(source.Path).Select(each => each.Fingerprint)];
        using TestFolder kept = new();
        States.Copy(source.Path, kept.Path, withMark: false);
        byte[] log = File.ReadAllBytes(Directory.GetFiles(kept.Path, "*-wal").Single());

        int corrupt = 0;
        int halves = 0;
        int beyond = 0;
        int shortened = 0;
        for (int trial = 0; trial < trials; trial++)
        {
            using TestFolder folder = new();
            States.Copy(kept.Path, folder.Path, withMark: false);
            byte[] torn = (byte[])log.Clone();
            int at = random.Next(torn.Length);
            switch (trial % 3)
            {
                case 0: torn = torn[..at]; break;
                case 1: random.NextBytes(torn.AsSpan(at, Math.Min(512, torn.Length - at))); break;
                default: torn.AsSpan(at).Clear(); break;
            }
            File.WriteAllBytes(Directory.GetFiles(folder.Path, "*-wal").Single(), torn);
            using (Rig next = new(folder, time)) next.Recorder.Drain();
            string[] found = [.. States.Events(folder.Path).Select(each => each.Fingerprint)];
            long last = States.Events(folder.Path)[^1].Sequence;
            if (DatabaseVerify.Run(folder.Path).Any(file => !file.Ok) || Directory.GetFiles(folder.Path, "*.corrupt-*").Length > 0) corrupt++;
            if (!ends.Contains(last) || !found.AsSpan().SequenceEqual(whole.AsSpan(0, found.Length))) halves++;
            if (last < atCheckpoint) beyond++;
            if (found.Length < whole.Length) shortened++;
        }
        output.WriteLine($"row 2: {trials} torn logs, {corrupt} corrupt, {halves} with half a batch, {beyond} that lost something from before the checkpoint; {shortened} lost anything (seed {Seed})");
        Assert.True(trials >= 100 && shortened > trials / 2);
        Assert.Equal((0, 0, 0), (corrupt, halves, beyond));
    }
}
