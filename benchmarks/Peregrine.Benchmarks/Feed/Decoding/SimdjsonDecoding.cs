namespace Peregrine.Benchmarks.Feed.Decoding;

/// <summary>simdjson On-Demand through a library that is built where a C++ compiler and simdjson's header are installed.</summary>
internal sealed unsafe class SimdjsonDecoding
{
    private readonly delegate* unmanaged<int, byte*, int*, int*, int, ulong> _read;

    private SimdjsonDecoding(nint function) => _read = (delegate* unmanaged<int, byte*, int*, int*, int, ulong>)function;

    /// <summary>Null where it cannot be built.</summary>
    public static SimdjsonDecoding? Find() =>
        YardstickLibrary.Find("simdjson_feed.cpp", ["-lsimdjson"]) is { } library ? new SimdjsonDecoding(library.Function("simdjson_feed")) : null;

    /// <summary>A whole batch a call, so that the call costs nothing.</summary>
    public ulong Read(MessageBatch batch)
    {
        fixed (byte* bytes = batch.Bytes)
        fixed (int* offsets = batch.Offsets, lengths = batch.Lengths)
            return _read((int)batch.Kind, bytes, offsets, lengths, batch.Count);
    }
}
