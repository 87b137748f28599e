using Peregrine.Common.Events;
using Peregrine.Storage.Recovery;

namespace Peregrine.Storage.Tests;

/// <summary>State directories as a process leaves them, to be damaged and looked at.</summary>
internal static class States
{
    /// <summary>Copies the databases, their logs and, if asked, the mark of a directory that may be open.</summary>
    public static void Copy(string from, string to, bool withMark)
    {
        foreach (string path in Directory.GetFiles(from))
        {
            string name = Path.GetFileName(path);
            if (name.EndsWith("-shm", StringComparison.Ordinal)) continue; // Memory, not disk.
            if (name.StartsWith("crypto_", StringComparison.Ordinal) || (withMark && name == MarkFile.Name)) File.Copy(path, Path.Combine(to, name));
        }
    }

    public static List<Recorded> Events(string folder)
    {
        Collector played = new();
        Recording.Open(folder).Play(played);
        return played.Events;
    }

    /// <summary>Publishes ordinary events of all kinds but gaps, stamped with the rig's clock.</summary>
    public static void Publish(Rig rig, EventSourceOfChance chance, int count)
    {
        for (int i = 0; i < count; i++)
        {
            EventKind kind = chance.Kind();
            (MarketEvent entry, long[] payload) = chance.Next(kind == EventKind.Gap ? EventKind.Trade : kind, wild: false);
            entry.ReceiveTimeNanos = rig.Time.Nanos;
            rig.Publish(in entry, payload);
        }
    }

    /// <summary>Every sequence from 1 on is an event once, or named by a gap. Returns how many were named.</summary>
    public static long AssertAccountedFor(IReadOnlyList<Recorded> events, long published)
    {
        Recorded[] real = [.. events.Where(each => each.Entry.Kind != EventKind.Gap)];
        long named = events.Where(each => each.Entry.Kind == EventKind.Gap).Sum(each => each.Entry.Plain.B);
        Assert.Equal(real.Length, real.Select(each => each.Sequence).Distinct().Count());
        Assert.Equal(published, real.Length + named);
        return named;
    }

    /// <summary>Numbers of the pages that are full of events: leaves of a table (they begin with 13) with many cells and little room.</summary>
    public static List<int> EventLeaves(byte[] database)
    {
        List<int> leaves = [];
        for (int page = 1; page < database.Length / 4096; page++)
        {
            ReadOnlySpan<byte> head = database.AsSpan(page * 4096, 8);
            if (head[0] == 13 && System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(head[3..]) >= 10 && System.Buffers.Binary.BinaryPrimitives.ReadUInt16BigEndian(head[5..]) < 1_024)
                leaves.Add(page);
        }
        return leaves;
    }
}
