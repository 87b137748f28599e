namespace Peregrine.Binance.Wire;

/// <summary>
/// How many frames may still leave. The exchange counts those that arrive within a second and cuts the connection of whoever sends one too many, so no
/// second of ours ever has more than allowed, wherever it begins. One frame is kept for the answer to a ping: other frames get one fewer.
/// </summary>
internal sealed class FrameBudget
{
    /// <summary>Longer than the exchange's second: frames may arrive closer together than they left.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1.1);

    private readonly long[] _left;
    private readonly TimeProvider _time;
    private readonly long _window;
    private int _next;

    /// <param name="framesPerSecond">0: as many as one likes. Otherwise 2 or more: one of them is for pongs.</param>
    public FrameBudget(int framesPerSecond, TimeProvider time)
    {
        if (framesPerSecond is < 0 or 1) throw new ArgumentOutOfRangeException(nameof(framesPerSecond), framesPerSecond, "0 (no limit), or 2 and more: one is kept for the answer to a ping.");
        _left = new long[framesPerSecond];
        _time = time;
        _window = (long)(Window.TotalSeconds * time.TimestampFrequency);
        Reset();
    }

    /// <summary>A new connection: the exchange counts anew.</summary>
    public void Reset() => Array.Fill(_left, long.MinValue / 2);

    /// <summary>Whether a frame may leave now.</summary>
    /// <param name="isAnswer">A pong, which the frame that is kept back is for.</param>
    public bool Allows(bool isAnswer)
    {
        if (_left.Length == 0) return true;
        // As many frames ago as the limit allows in one window; one fewer for what can wait.
        long oldest = _left[isAnswer ? _next : (_next + 1) % _left.Length];
        return _time.GetTimestamp() - oldest >= _window;
    }

    /// <summary>A frame left.</summary>
    public void Count()
    {
        if (_left.Length == 0) return;
        _left[_next] = _time.GetTimestamp();
        _next = (_next + 1) % _left.Length;
    }
}
