using System.Security.Cryptography;

namespace Peregrine.Storage.Backups;

/// <summary>What goes into zstd and what comes out, hashed, paced, and kept from filling the page cache.</summary>
internal sealed class ZstdSides(FileStream source, Stream target, Pace pace, bool hashesWritten) : IDisposable
{
    /// <summary>
    /// Written bytes are brought to the disk in such portions: one flush of gigabytes at the end would hold up the recorder's own checkpoints.
    /// </summary>
    private const long FlushEvery = 32L << 20;

    private readonly HashThread _hashes = new();
    private readonly IncrementalHash _readHash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash? _writtenHash = hashesWritten ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
    private Piece? _output;
    private long _forgotten;
    private long _flushed;

    /// <summary>Where the next bytes that come out belong.</summary>
    internal byte[] Output => (_output ??= _hashes.Take()).Bytes;

    internal long ReadBytes { get; private set; }
    internal long WrittenBytes { get; private set; }

    /// <summary>The next piece of the source, empty at its end. To be given back with <see cref="Done"/>.</summary>
    /// <exception cref="SourceReadException">The disk refuses.</exception>
    internal Piece Read()
    {
        Piece piece = _hashes.Take();
        try
        {
            piece.Count = source.Read(piece.Bytes);
        }
        catch (IOException error)
        {
            throw new SourceReadException($"{source.Name} cannot be read: {error.Message}", error);
        }
        pace.Count(piece.Count);
        ReadBytes += piece.Count;
        _hashes.Add(_readHash, piece);
        if (ReadBytes - _forgotten >= FlushEvery)
        {
            Quiet.Forget(source);
            _forgotten = ReadBytes;
        }
        return piece;
    }

    internal void Done(Piece piece) => _hashes.LetGo(piece);

    internal void Write(int count)
    {
        if (count == 0) return;
        Piece output = _output!;
        _output = null;
        output.Count = count;
        target.Write(output.Bytes, 0, count);
        WrittenBytes += count;
        _hashes.Add(_writtenHash, output);
        _hashes.LetGo(output);
        if (WrittenBytes - _flushed < FlushEvery || target is not FileStream file) return;
        file.Flush(flushToDisk: true);
        Quiet.Forget(file);
        _flushed = WrittenBytes;
    }

    internal ZstdStream.Summary Finish()
    {
        _hashes.Finish();
        Quiet.Forget(source);
        string written = _writtenHash is null ? "" : Convert.ToHexStringLower(_writtenHash.GetHashAndReset());
        return new ZstdStream.Summary(ReadBytes, Convert.ToHexStringLower(_readHash.GetHashAndReset()), WrittenBytes, written);
    }

    public void Dispose()
    {
        _hashes.Dispose();
        _readHash.Dispose();
        _writtenHash?.Dispose();
    }
}

/// <summary>The file that is read, rather than the one that is written, is at fault.</summary>
internal sealed class SourceReadException(string message, Exception inner) : IOException(message, inner);
