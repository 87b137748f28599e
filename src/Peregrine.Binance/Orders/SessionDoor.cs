using Peregrine.Binance.Rest;
using Peregrine.Execution;

namespace Peregrine.Binance.Orders;

/// <summary>
/// The way into a session: a logon where the key may (Ed25519), then the subscription to the account's events. Every new connection goes through it again, and
/// so does a session whose key was refused, a few minutes later. Nothing else is sent before the subscription was acknowledged.
/// </summary>
internal sealed class SessionDoor(RequestDesk desk, ApiKey key, TimeProvider time, Action<string> log)
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AgainAfterRefusal = TimeSpan.FromSeconds(30);

    /// <summary>A key that is not accepted will not be in a second either; asking all the time is taken for an attack.</summary>
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromMinutes(3);

    private readonly bool _logsOn = key.Kind == KeyKind.Ed25519;
    private bool _loggedOn;
    private bool _asking;
    private bool _revoked;
    private long _notBefore;

    /// <summary>The account's events are heard, and requests will be accepted.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>The exchange did not accept the key when it was last used.</summary>
    public bool IsKeyRefused => _revoked;

    /// <summary>A connection came or went: everything begins again.</summary>
    public void Reset()
    {
        IsOpen = _loggedOn = _asking = false;
        if (!_revoked) _notBefore = 0;
    }

    /// <summary>Takes the next step, where one is due.</summary>
    public void Turn(long now)
    {
        if (IsOpen || _asking || (_notBefore != 0 && now < _notBefore)) return;
        bool logon = _logsOn && !_loggedOn;
        _notBefore = After(AgainAfter);
        if (!desk.TryOpen(logon ? RequestKind.Logon : RequestKind.Subscribe, Lane.Cancel, Weights.Session, 0, out long id)) return;
        ReadOnlySpan<byte> request = logon ? desk.Requests.Authenticate(id, "session.logon"u8, desk.NowMillis)
            : _logsOn ? desk.Requests.Bare(id, "userDataStream.subscribe"u8)
            : desk.Requests.Authenticate(id, "userDataStream.subscribe.signature"u8, desk.NowMillis);
        _asking = desk.Send(id, request, Weights.Session, 0) != SendResult.NotSent;
    }

    /// <summary>The answer to the last step.</summary>
    public void Take(RequestKind step, Verdict verdict, int code)
    {
        _asking = false;
        bool accepted = verdict == Verdict.Accepted || (step == RequestKind.Subscribe && code == -2035); // Already subscribed.
        if (accepted)
        {
            _notBefore = 0;
            if (step == RequestKind.Logon)
            {
                _loggedOn = true;
                return;
            }
            if (_revoked) log("orders: the exchange accepts the key again");
            _revoked = false;
            IsOpen = true;
            return;
        }
        if (verdict == Verdict.WrongKey)
        {
            Revoke(code);
            return;
        }
        _notBefore = After(verdict.IsRefusal() ? AgainAfterRefusal : AgainAfter);
        log(step == RequestKind.Logon ? $"orders: the logon was refused ({code})" : $"orders: the account's event stream was refused ({code})");
    }

    /// <summary>The last step was not answered.</summary>
    public void GiveUp() => _asking = false;

    /// <summary>The exchange ended the event stream while the connection lives.</summary>
    public void Ended()
    {
        IsOpen = false;
        _notBefore = 0;
        log("orders: the exchange ended the account's event stream; subscribing again");
    }

    /// <summary>The key is not accepted (any more).</summary>
    public void Revoke(int code)
    {
        IsOpen = _loggedOn = false;
        _notBefore = After(ProbeEvery);
        if (!_revoked) log($"orders: the exchange does not accept the key ({code}); nothing is sent, and it is tried again every {ProbeEvery.TotalMinutes:0} minutes");
        _revoked = true;
    }

    private long After(TimeSpan wait) => time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency);
}
