using Peregrine.Common;
using Peregrine.Common.Events;

namespace Peregrine.MarketData.Trust;

/// <summary>
/// Compares a book with its independent witnesses, all the time: with the best prices of the bookTicker (whose update ids are the book's own), and with
/// where trades happen. One disagreement may be the wire's order; a row of them means that the book is wrong, whatever its sequence numbers say.
/// </summary>
/// <remarks>
/// A comparable moment: the last bookTicker whose update id lies within an applied diff, once a later bookTicker was seen; then both speak of the same book.
/// Recorded data agree in more than 999 of 1,000 of them. One thread; allocates nothing after construction.
/// </remarks>
public sealed class Referee
{
    /// <summary>Disagreements in a row that condemn a book.</summary>
    public const int DisagreementsMax = 3;

    /// <summary>Trades in a row so far from the book's middle that one of the two must be wrong.</summary>
    public const int FarTradesMax = 20;

    /// <summary>Below this the book may not be traded on.</summary>
    public const int ConfidenceMin = 400;

    /// <summary>What a book that nothing was compared with yet has.</summary>
    public const int ConfidenceAtFirst = 500;

    /// <summary>A trade is far when it is this many spreads, and at least a hundredth of the price, from the middle.</summary>
    private const int FarSpreads = 20;

    private const int Tickers = 128;

    private readonly BookTickerFields[] _tickers = new BookTickerFields[Tickers];
    private long _count;
    private Moment _pending;
    private int _disagreements;
    private int _farTrades;

    /// <summary>What the book said after an update.</summary>
    private struct Moment
    {
        public long First;
        public long Final;
        public Price Bid;
        public Price Ask;
    }

    /// <summary>0 to 1,000: how far the witnesses bear the book out; it rises by an eighth of what is missing and falls by a quarter.</summary>
    public int Confidence { get; private set; } = ConfidenceAtFirst;

    /// <summary>Moments that could be compared.</summary>
    public long Compared { get; private set; }

    /// <summary>Moments in which both best prices were the same.</summary>
    public long Agreed { get; private set; }

    /// <summary>Whether the book may be traded on as far as its witnesses can say.</summary>
    public bool IsTrusting => Confidence >= ConfidenceMin;

    /// <summary>The book begins anew.</summary>
    public void Reset()
    {
        _count = 0;
        _pending = default;
        _disagreements = _farTrades = 0;
        Confidence = ConfidenceAtFirst;
    }

    /// <summary>The best prices on the wire. True: the book is condemned.</summary>
    public bool OnTicker(in BookTickerFields ticker)
    {
        bool condemned = _pending.Final != 0 && ticker.UpdateId > _pending.Final && Compare();
        _tickers[_count++ & (Tickers - 1)] = ticker;
        return condemned;
    }

    /// <summary>The book after an update that it took in. True: the book is condemned.</summary>
    /// <param name="first">The first update id in it; the id after the last book for whole books.</param>
    /// <param name="final">The last update id in it.</param>
    /// <param name="bid">The book's best bid.</param>
    /// <param name="ask">The book's best ask.</param>
    public bool OnBook(long first, long final, Price bid, Price ask)
    {
        _pending = new Moment { First = first, Final = final, Bid = bid, Ask = ask };
        return _count > 0 && _tickers[(_count - 1) & (Tickers - 1)].UpdateId > final && Compare();
    }

    /// <summary>A trade of the market while the book is live. True: the book is condemned.</summary>
    public bool OnTrade(Price price, Price bid, Price ask)
    {
        if (bid.IsZero || ask.IsZero) return false;
        long middle = bid.Raw + ((ask.Raw - bid.Raw) / 2);
        long far = Math.Max((ask.Raw - bid.Raw) * FarSpreads, middle / 100);
        if (Math.Abs(price.Raw - middle) <= far)
        {
            _farTrades = 0;
            return false;
        }
        return ++_farTrades >= FarTradesMax;
    }

    /// <summary>Holds the pending moment against the last ticker within it.</summary>
    private bool Compare()
    {
        Moment moment = _pending;
        _pending = default;
        long oldest = Math.Max(0, _count - Tickers);
        for (long i = _count - 1; i >= oldest; i--)
        {
            ref readonly BookTickerFields ticker = ref _tickers[i & (Tickers - 1)];
            if (ticker.UpdateId > moment.Final) continue;
            return ticker.UpdateId >= moment.First && Judge(ticker.BidPrice == moment.Bid && ticker.AskPrice == moment.Ask);
        }
        return false;
    }

    private bool Judge(bool agrees)
    {
        Compared++;
        if (agrees)
        {
            Agreed++;
            _disagreements = 0;
            Confidence += (1_000 - Confidence + 7) / 8;
            return false;
        }
        Confidence -= Confidence / 4;
        return ++_disagreements >= DisagreementsMax;
    }
}
