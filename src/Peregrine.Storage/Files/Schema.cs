namespace Peregrine.Storage.Files;

/// <summary>
/// What a weekly file holds. Its comments stay in the file, so that a person with the <c>sqlite3</c> shell finds them with <c>.schema</c>.
/// </summary>
/// <remarks>
/// Every event has its arrival sequence (<c>seq</c>) as the key. <c>exchange_time</c> is microseconds, <c>receive_time</c> nanoseconds since 1970,
/// UTC; <c>lag</c> is exchange event time minus transaction time in microseconds; prices, quantities and amounts are whole 1e-8 units;
/// <c>symbol</c> is <c>symbol.id</c> of the same file, 0 for none. The views named <c>v_…</c> show the same with names, decimals and text times.
/// <c>trade</c> and <c>agg_trade</c> are narrower: their views say how. Events that the columns of their table cannot hold exactly are kept whole in <c>input</c>.
/// </remarks>
internal static class Schema
{
    /// <summary>"PRGN", so that <c>file</c> and we ourselves know a recording.</summary>
    internal const int ApplicationId = 0x5052474E;

    internal const int Version = 2;

    /// <summary>The columns every row of an event begins with, in this order.</summary>
    private const string Common = """

          seq           INTEGER PRIMARY KEY,  -- arrival sequence, one over all tables
          symbol        INTEGER NOT NULL,     -- symbol.id, 0 for none
          flags         INTEGER NOT NULL,     -- 1 buyer is maker, 2 off market, 4 candle closed, 8 sell, 16 polled, 128 has payload
          lag           INTEGER NOT NULL,     -- exchange_time minus transaction time, microseconds
          exchange_time INTEGER NOT NULL,     -- microseconds since 1970 UTC, 0 where the wire has none
          receive_time  INTEGER NOT NULL,     -- nanoseconds since 1970 UTC, our clock
        """;

    /// <summary>Trades are most of the rows, so their columns are narrow; the views give all of it back.</summary>
    private const string Trade = """

          seq           INTEGER PRIMARY KEY,  -- arrival sequence, one over all tables
          symbol        INTEGER NOT NULL,     -- symbol.id
          flags         INTEGER NOT NULL,     -- 1 buyer is maker, 2 off market, 256 price and quantity are in 1e-8 units
          lag           INTEGER NOT NULL,     -- exchange_time minus transaction time, microseconds
          exchange_time INTEGER NOT NULL,     -- microseconds since 1970 UTC
          latency       INTEGER NOT NULL,     -- receive time minus exchange_time, nanoseconds
          id            INTEGER NOT NULL,
        """;

    private const string TradeEnd = """

          price         INTEGER NOT NULL,     -- in symbol.price_unit
          quantity      INTEGER NOT NULL      -- in symbol.quantity_unit
        );
        """;

    private const string Free = """

          a INTEGER NOT NULL, b INTEGER NOT NULL, c INTEGER NOT NULL  -- the event's free numbers, normally 0
        );
        """;

    private const string ViewHead = """
        e.seq, s.name AS symbol,
          strftime('%Y-%m-%d %H:%M:%f', e.exchange_time / 1000000.0, 'unixepoch') AS exchange_utc,
          strftime('%Y-%m-%d %H:%M:%f', e.receive_time / 1000000000.0, 'unixepoch') AS receive_utc,
        """;

    private const string TradeView = """
         AS SELECT
        e.seq, s.name AS symbol,
          strftime('%Y-%m-%d %H:%M:%f', e.exchange_time / 1000000.0, 'unixepoch') AS exchange_utc,
          strftime('%Y-%m-%d %H:%M:%f', e.exchange_time / 1000000.0 + e.latency / 1000000000.0, 'unixepoch') AS receive_utc,
          e.exchange_time, e.exchange_time * 1000 + e.latency AS receive_time, e.id,
          e.price * iif(e.flags & 256, 1, coalesce(s.price_unit, 1)) / 1e8 AS price, e.quantity * iif(e.flags & 256, 1, coalesce(s.quantity_unit, 1)) / 1e8 AS quantity,
          CASE WHEN e.flags & 1 THEN 'SELL' ELSE 'BUY' END AS taker
        """;

    internal const string Sql = $"""
        CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;

        CREATE TABLE symbol(
          id            INTEGER PRIMARY KEY,  -- this file's number of the symbol
          name          TEXT NOT NULL,        -- the exchange's name, BTCUSDT
          market        TEXT NOT NULL,        -- spot, usdm or none
          base          TEXT NOT NULL,
          quote         TEXT NOT NULL,
          tick_size     INTEGER NOT NULL,     -- 1e-8 units, like all that follow; 0 is no bound
          step_size     INTEGER NOT NULL,
          min_price     INTEGER NOT NULL,
          max_price     INTEGER NOT NULL,
          min_quantity  INTEGER NOT NULL,
          max_quantity  INTEGER NOT NULL,
          min_notional  TEXT NOT NULL,        -- exact decimal, quote asset
          trading       INTEGER NOT NULL,     -- 1 while the exchange takes orders
          price_unit    INTEGER NOT NULL,     -- what trade and agg_trade count prices in, in 1e-8 units; never changes in a file
          quantity_unit INTEGER NOT NULL,     -- the same for quantities
          checksum      INTEGER NOT NULL DEFAULT 0,  -- of this row
          UNIQUE(name, market)
        );

        CREATE TABLE agg_trade({Trade}
          first_id      INTEGER NOT NULL,     -- the first trade in it
          more          INTEGER NOT NULL,     -- how many more there are: the last is first_id + more{TradeEnd}

        CREATE TABLE trade({Trade}{TradeEnd}

        CREATE TABLE kline({Common}
          open_time INTEGER NOT NULL, close_time INTEGER NOT NULL,  -- microseconds since 1970 UTC
          open INTEGER NOT NULL, high INTEGER NOT NULL, low INTEGER NOT NULL, close INTEGER NOT NULL,
          volume INTEGER NOT NULL, quote_volume INTEGER NOT NULL, taker_volume INTEGER NOT NULL, taker_quote_volume INTEGER NOT NULL,
          trades INTEGER NOT NULL, first_id INTEGER NOT NULL, last_id INTEGER NOT NULL,{Free}

        CREATE TABLE order_intent({Common}
          client_id     TEXT NOT NULL,
          cause         INTEGER NOT NULL,     -- seq of the event that caused it
          price INTEGER NOT NULL, quantity INTEGER NOT NULL,
          strategy      INTEGER NOT NULL,
          side          INTEGER NOT NULL,     -- 1 buy, 2 sell
          type          INTEGER NOT NULL,     -- 1 limit, 2 limit maker, 3 market, 4.. stops
          time_in_force INTEGER NOT NULL,     -- 1 GTC, 2 IOC, 3 FOK
        {Free}

        CREATE TABLE cancel_intent({Common}
          client_id TEXT NOT NULL, order_id INTEGER NOT NULL, cause INTEGER NOT NULL,{Free}

        CREATE TABLE execution_report({Common}
          client_id TEXT NOT NULL, commission_asset TEXT NOT NULL, order_id INTEGER NOT NULL,
          trade_id INTEGER NOT NULL,          -- -1 where this is no fill
          price INTEGER NOT NULL, quantity INTEGER NOT NULL, last_price INTEGER NOT NULL, last_quantity INTEGER NOT NULL,
          cumulative_quantity INTEGER NOT NULL, cumulative_quote INTEGER NOT NULL, commission INTEGER NOT NULL,
          transaction_time INTEGER NOT NULL,  -- microseconds since 1970 UTC
          error         INTEGER NOT NULL,     -- Binance's code, 0 for none
          report        INTEGER NOT NULL,     -- 1 new, 2 trade, 3 canceled, 4 rejected, 5 expired, 6 replaced, 7 status, 8 cancel rejected, 9 unknown, 10 prevented
          status        INTEGER NOT NULL,     -- 1 intent, 2 sent, 3 new, 4 partially filled, 5 unknown, 6 filled, 7 canceled, 8 rejected, 9 expired, 10 absent
          source        INTEGER NOT NULL,     -- 1 stream, 2 reply, 3 query, 4 ourselves
          side INTEGER NOT NULL, type INTEGER NOT NULL, time_in_force INTEGER NOT NULL, maker INTEGER NOT NULL,{Free}

        CREATE TABLE decision({Common}
          cause         INTEGER NOT NULL,     -- seq of the event that caused it
          input_hash    INTEGER NOT NULL,     -- of the features, 64 bits read as signed
          position INTEGER NOT NULL, target INTEGER NOT NULL, price INTEGER NOT NULL, quantity INTEGER NOT NULL,
          down REAL, flat REAL, up REAL,      -- the model's probabilities; NULL is not a number
          strategy      INTEGER NOT NULL,
          verdict       INTEGER NOT NULL,     -- 1 approved, else why not
          side          INTEGER NOT NULL,     -- 1 buy, 2 sell
        {Free}

        CREATE TABLE gap({Common}
          reason        INTEGER NOT NULL,     -- 1 sequence, 2 crossed, 3 disconnected, 4 lagged, 5 overflow, 6 disk, 7 killed
          lost          INTEGER NOT NULL,     -- how many, where it is known
          detail        INTEGER NOT NULL
        );

        CREATE TABLE input({Common}
          kind          INTEGER NOT NULL,     -- 32 session, 33 timer, 34 command, 35 line, 49 balance, or a kind whose own table does not fit
          a INTEGER NOT NULL, b INTEGER NOT NULL, c INTEGER NOT NULL, d INTEGER NOT NULL,  -- free numbers; their meaning is the kind's
          payload       BLOB                  -- 64-bit words, little-endian; of a trade or book ticker without payload its five fields
        );

        CREATE TABLE chunk(
          first_seq     INTEGER PRIMARY KEY,  -- arrival sequences of its first and last event; chunks of other symbols and kinds lie between
          last_seq      INTEGER NOT NULL,
          symbol        INTEGER NOT NULL,
          kind          INTEGER NOT NULL,     -- 3 depth20, 4 depthDiff, 5 bookTicker, 7 depthSnapshot
          first_time    INTEGER NOT NULL,     -- earliest and latest receive time in it, nanoseconds since 1970 UTC
          last_time     INTEGER NOT NULL,
          events        INTEGER NOT NULL,
          version       INTEGER NOT NULL,     -- of the encoding
          checksum      INTEGER NOT NULL,     -- of this row, 64 bits read as signed
          data          BLOB NOT NULL         -- the events, column by column; "db export" turns them into rows
        );

        CREATE TABLE batch(                   -- one row a transaction: what "db verify" compares the events with
          last_seq      INTEGER PRIMARY KEY,  -- it holds the rows after the batch before, up to this one
          events        INTEGER NOT NULL,     -- in rows; those of gap have meta.gap_checksum, chunks have their own
          checksum      INTEGER NOT NULL      -- the sum of all their checksums, 64 bits read as signed
        );

        CREATE VIEW v_agg_trade{TradeView}, e.first_id, e.first_id + e.more AS last_id FROM agg_trade e LEFT JOIN symbol s ON s.id = e.symbol;
        CREATE VIEW v_trade{TradeView} FROM trade e LEFT JOIN symbol s ON s.id = e.symbol;
        CREATE VIEW v_kline AS SELECT {ViewHead}
          strftime('%Y-%m-%d %H:%M:%S', e.open_time / 1000000, 'unixepoch') AS open_utc,
          e.open / 1e8 AS open, e.high / 1e8 AS high, e.low / 1e8 AS low, e.close / 1e8 AS close, e.volume / 1e8 AS volume,
          e.quote_volume / 1e8 AS quote_volume, e.taker_volume / 1e8 AS taker_volume, e.taker_quote_volume / 1e8 AS taker_quote_volume,
          e.trades, (e.flags & 4) <> 0 AS closed
          FROM kline e LEFT JOIN symbol s ON s.id = e.symbol;
        CREATE VIEW v_order_intent AS SELECT {ViewHead}
          e.client_id, e.cause, CASE e.side WHEN 1 THEN 'BUY' WHEN 2 THEN 'SELL' END AS side, e.price / 1e8 AS price, e.quantity / 1e8 AS quantity, e.strategy
          FROM order_intent e LEFT JOIN symbol s ON s.id = e.symbol;
        CREATE VIEW v_execution_report AS SELECT {ViewHead}
          e.client_id, e.order_id, e.trade_id, CASE e.side WHEN 1 THEN 'BUY' WHEN 2 THEN 'SELL' END AS side, e.report, e.status,
          e.price / 1e8 AS price, e.quantity / 1e8 AS quantity, e.last_price / 1e8 AS last_price, e.last_quantity / 1e8 AS last_quantity,
          e.cumulative_quantity / 1e8 AS cumulative_quantity, e.cumulative_quote / 1e8 AS cumulative_quote,
          e.commission / 1e8 AS commission, e.commission_asset, e.error
          FROM execution_report e LEFT JOIN symbol s ON s.id = e.symbol;
        CREATE VIEW v_decision AS SELECT {ViewHead}
          e.cause, e.position / 1e8 AS position, e.target / 1e8 AS target, CASE e.side WHEN 1 THEN 'BUY' WHEN 2 THEN 'SELL' END AS side,
          e.price / 1e8 AS price, e.quantity / 1e8 AS quantity, e.down, e.flat, e.up, e.strategy, e.verdict
          FROM decision e LEFT JOIN symbol s ON s.id = e.symbol;
        CREATE VIEW v_gap AS SELECT {ViewHead}
          CASE e.reason WHEN 1 THEN 'sequence' WHEN 2 THEN 'crossed' WHEN 3 THEN 'disconnected' WHEN 4 THEN 'lagged' WHEN 5 THEN 'overflow' WHEN 6 THEN 'disk' WHEN 7 THEN 'killed' END AS reason,
          e.lost, e.detail
          FROM gap e LEFT JOIN symbol s ON s.id = e.symbol;
        """;
}
