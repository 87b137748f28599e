// The npm package `binance` against the exchange: REST by `baseUrl`, streams and WebSocket API by `wsUrl`.
import assert from 'node:assert/strict';
import { MainClient, WebsocketAPIClient, WebsocketClient, WS_KEY_MAP } from 'binance';
import { cents, Inbox, positive, refused, run, same, setup, soundBook, soundCandle, symbol } from './harness.mjs';

const ws = setup.url.replace('http', 'ws');
const quiet = { trace() {}, info() {}, error() {} };
const create = (key, secret) => new MainClient({ api_key: key, api_secret: secret, baseUrl: setup.url, disableTimeSync: true });
const client = create(setup.hmac.key, setup.hmac.secret);
const api = (key, secret) => new WebsocketAPIClient({ api_key: key, api_secret: secret, wsUrl: ws, muteLatencyWarning: true, attachEventListeners: false, beautify: true }, quiet);
const seen = {};
const far = async factor => Number(cents(Number((await client.getSymbolPriceTicker({ symbol })).price) * factor));
const code = wanted => error => error.code === wanted && `code ${error.code}: ${error.message}`;
const limit = async (factor, more = {}) => client.submitNewOrder({ symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: 0.001, price: await far(factor), ...more });

const frames = new Inbox();
const streams = new WebsocketClient({ wsUrl: ws, beautify: false }, quiet);
streams.on('message', message => frames.offer(message));
streams.on('exception', () => {});
const stream = async (name, fits) => {
  if (!seen.streams) {
    seen.streams = ['trade', 'aggTrade', 'kline_1s', 'depth@100ms', 'depth20@100ms', 'bookTicker', 'ticker', 'miniTicker', 'avgPrice'].map(kind => `${symbol.toLowerCase()}@${kind}`);
    await streams.subscribe([...seen.streams, '!miniTicker@arr'], 'main');
  }
  const frame = await frames.wait(fits, name);
  return frame.data ?? frame;
};
const ofStream = name => message => message.stream === name || message.streamName === name;

const wsApi = api(setup.hmac.key, setup.hmac.secret);
const events = new Inbox();
wsApi.getWSClient().on('message', message => events.offer(message.event ?? message.data ?? message));
wsApi.getWSClient().on('formattedUserDataMessage', () => {});
wsApi.getWSClient().on('exception', () => {});
const sessionApi = api(setup.ed25519.key, setup.ed25519.pem);
sessionApi.getWSClient().on('exception', () => {});
const sessionEvents = new Inbox();
sessionApi.getWSClient().on('message', message => sessionEvents.offer(message.event ?? message.data ?? message));

const calls = [
  ['ping', 'testConnectivity', async () => assert.deepEqual(await client.testConnectivity(), {})],
  ['time', 'get', async () => assert.ok(Math.abs((await client.get('api/v3/time')).serverTime - Date.now()) < 2_000)], // getServerTime has a host of its own.
  ['exchange information', 'getExchangeInfo', async () => {
    const info = await client.getExchangeInfo({ symbol });
    assert.equal(info.symbols.length, 1);
    assert.ok(info.symbols[0].filters.some(f => f.filterType === 'LOT_SIZE' && Number(f.stepSize) > 0));
    assert.ok(info.rateLimits.some(l => l.rateLimitType === 'REQUEST_WEIGHT'));
  }],
  ['order book', 'getOrderBook', async () => { const book = await client.getOrderBook({ symbol, limit: 50 }); soundBook(book.bids, book.asks); positive(book.lastUpdateId, 'lastUpdateId'); }],
  ['recent trades', 'getRecentTrades', async () => { for (const t of await client.getRecentTrades({ symbol, limit: 20 })) assert.ok(Math.abs(Number(t.quoteQty) - t.price * t.qty) < 1e-6); }],
  ['historical trades', 'getHistoricalTrades', async () => assert.ok((await client.getHistoricalTrades({ symbol, limit: 5 })).length > 0)],
  ['aggregate trades', 'getAggregateTrades', async () => {
    const trades = await client.getAggregateTrades({ symbol, limit: 20 });
    assert.ok(trades.length > 0 && trades.every(t => t.l >= t.f));
    assert.equal((await client.getAggregateTrades({ symbol, limit: 1, fromId: trades[0].a }))[0].a, trades[0].a);
  }],
  ['candles', 'getKlines', async () => {
    for (const interval of ['1s', '1m', '1M']) {
      const candles = await client.getKlines({ symbol, interval, limit: 10 });
      assert.ok(candles.length > 0, interval);
      for (const [, open, high, low, close] of candles) soundCandle(open, high, low, close);
    }
  }],
  ['candles for charts', 'getUIKlines', async () => assert.ok((await client.getUIKlines({ symbol, interval: '1m' })).length > 0)],
  ['average price', 'getAvgPrice', async () => positive((await client.getAvgPrice({ symbol })).price, 'price')],
  ['ticker 24hr', 'get24hrChangeStatistics', async () => {
    const t = await client.get24hrChangeStatistics({ symbol });
    same(t.priceChange, t.lastPrice - t.openPrice, 'change');
    assert.ok(t.lastId >= t.firstId && t.lastId - t.firstId + 1 === t.count);
  }],
  ['ticker 24hr, all', 'get24hrChangeStatistics', async () => assert.ok((await client.get24hrChangeStatistics({})).length > 1)],
  ['ticker of the trading day', 'getTradingDayTicker', async () => positive((await client.getTradingDayTicker({ symbol })).lastPrice, 'last')],
  ['ticker of a window', 'getRollingWindowTicker', async () => positive((await client.getRollingWindowTicker({ symbol, windowSize: '1h' })).lastPrice, 'last')],
  ['ticker price', 'getSymbolPriceTicker', async () => positive((await client.getSymbolPriceTicker({ symbol })).price, 'price')],
  ['ticker book', 'getSymbolOrderBookTicker', async () => { const t = await client.getSymbolOrderBookTicker({ symbol }); assert.ok(Number(t.bidPrice) < Number(t.askPrice)); }],
  ['execution rules', 'getExecutionRules', async () => assert.ok(Array.isArray((await client.getExecutionRules({ symbol })).symbolRules))],
  ['reference price', 'getReferencePrice', () => refused(() => client.getReferencePrice({ symbol }), code(-2043))],
  ['place limit order', 'submitNewOrder', async () => {
    seen.order = await limit(0.9, { newClientOrderId: 'npm-limit-1' });
    assert.deepEqual([seen.order.status, seen.order.clientOrderId], ['NEW', 'npm-limit-1']);
  }],
  ['query order', 'getOrder', async () => assert.equal((await client.getOrder({ symbol, origClientOrderId: 'npm-limit-1' })).orderId, seen.order.orderId)],
  ['open orders', 'getOpenOrders', async () => assert.ok((await client.getOpenOrders({ symbol })).some(o => o.orderId === seen.order.orderId))],
  ['cancel and replace', 'replaceOrder', async () => {
    const answer = await client.replaceOrder({ symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: 0.002, price: await far(0.89), cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrderId: seen.order.orderId });
    assert.deepEqual([answer.cancelResult, answer.newOrderResult], ['SUCCESS', 'SUCCESS']);
    seen.order = answer.newOrderResponse;
  }],
  ['cancel order', 'cancelOrder', async () => assert.equal((await client.cancelOrder({ symbol, orderId: seen.order.orderId })).status, 'CANCELED')],
  ['place market order', 'submitNewOrder', async () => {
    seen.market = await client.submitNewOrder({ symbol, side: 'BUY', type: 'MARKET', quantity: 0.002, newOrderRespType: 'FULL' });
    assert.equal(seen.market.status, 'FILLED');
    same(seen.market.fills.reduce((sum, f) => sum + Number(f.qty), 0), 0.002, 'sum of fills');
  }],
  ['market order by cost', 'submitNewOrder', async () => {
    const order = await client.submitNewOrder({ symbol, side: 'BUY', type: 'MARKET', quoteOrderQty: 50, newOrderRespType: 'FULL' });
    assert.ok(Number(order.cummulativeQuoteQty) <= 50 && Number(order.cummulativeQuoteQty) > 45);
  }],
  ['test order', 'testNewOrder', async () => assert.deepEqual(await client.testNewOrder({ symbol, side: 'BUY', type: 'MARKET', quantity: 0.001 }), {})],
  ['cancel all', 'cancelAllSymbolOrders', async () => { await limit(0.9); assert.equal((await client.cancelAllSymbolOrders({ symbol })).length, 1); }],
  ['all orders', 'getAllOrders', async () => assert.ok((await client.getAllOrders({ symbol })).some(o => o.orderId === seen.market.orderId && o.status === 'FILLED'))],
  ['my trades', 'getAccountTradeList', async () => {
    const trades = await client.getAccountTradeList({ symbol, orderId: seen.market.orderId });
    same(trades.reduce((sum, t) => sum + Number(t.qty), 0), 0.002, 'sum of my trades');
  }],
  ['balances', 'getAccountInformation', async () => positive((await client.getAccountInformation()).balances.find(b => b.asset === 'BTC').free, 'BTC')],
  ['commission', 'getCommissionRates', async () => positive((await client.getCommissionRates({ symbol })).standardCommission.taker, 'taker')],
  ['order rate', 'getOrderRateLimit', async () => assert.ok((await client.getOrderRateLimit()).some(l => l.interval === 'DAY' && l.count > 0))],
  ['key permissions', 'getApiKeyPermissions', async () => { const p = await client.getApiKeyPermissions(); assert.deepEqual([p.enableReading, p.enableSpotAndMarginTrading, p.enableWithdrawals], [true, true, false]); }],
  ['OCO', 'submitNewOrderList', async () => {
    const list = await client.submitNewOrderList({ symbol, side: 'SELL', quantity: 0.001, aboveType: 'LIMIT_MAKER', abovePrice: await far(1.1), belowType: 'STOP_LOSS_LIMIT', belowStopPrice: await far(0.9), belowPrice: await far(0.89), belowTimeInForce: 'GTC' });
    assert.deepEqual([list.contingencyType, list.orders.length], ['OCO', 2]);
    assert.equal((await client.cancelOCO({ symbol, orderListId: list.orderListId })).listOrderStatus, 'ALL_DONE');
  }],
  ['OTO', 'submitNewOrderListOTO', async () => {
    const list = await client.submitNewOrderListOTO({ symbol, workingType: 'LIMIT', workingSide: 'BUY', workingPrice: await far(0.9), workingQuantity: 0.001, workingTimeInForce: 'GTC', pendingType: 'LIMIT_MAKER', pendingSide: 'SELL', pendingPrice: await far(1.1), pendingQuantity: 0.001 });
    assert.deepEqual([list.contingencyType, list.orders.length], ['OTO', 2]);
    await client.cancelOCO({ symbol, orderListId: list.orderListId });
  }],
  ['OTOCO', 'submitNewOrderListOTOCO', async () => {
    const list = await client.submitNewOrderListOTOCO({ symbol, workingType: 'LIMIT', workingSide: 'BUY', workingPrice: await far(0.9), workingQuantity: 0.001, workingTimeInForce: 'GTC', pendingSide: 'SELL', pendingQuantity: 0.001, pendingAboveType: 'LIMIT_MAKER', pendingAbovePrice: await far(1.1), pendingBelowType: 'STOP_LOSS', pendingBelowStopPrice: await far(0.85) });
    assert.equal(list.orders.length, 3);
    await client.cancelOCO({ symbol, orderListId: list.orderListId });
  }],
  ['stop order', 'submitNewOrder', async () => {
    const order = await client.submitNewOrder({ symbol, side: 'SELL', type: 'STOP_LOSS_LIMIT', timeInForce: 'GTC', quantity: 0.001, price: await far(0.89), stopPrice: await far(0.9) });
    assert.equal((await client.getOrder({ symbol, orderId: order.orderId })).type, 'STOP_LOSS_LIMIT');
    await client.cancelOrder({ symbol, orderId: order.orderId });
  }],
  ['error: insufficient balance', 'code -2010', () => refused(async () => limit(1.05, { side: 'SELL', quantity: 900 }), code(-2010))],
  ['error: filter', 'code -1013', () => refused(() => limit(0.9, { quantity: 0.00001 }), code(-1013))],
  ['error: unknown order', 'code -2011', () => refused(() => client.cancelOrder({ symbol, orderId: 999_999_999 }), code(-2011))],
  ['error: bad symbol', 'code -1121', () => refused(() => client.getOrderBook({ symbol: 'NOSUCH' }), code(-1121))],
  ['error: bad signature', 'code -1022', () => refused(() => create(setup.hmac.key, 'wrong').getAccountInformation(), code(-1022))],
  ['error: bad key', 'code -2015', () => refused(() => create('wrong', setup.hmac.secret).getAccountInformation(), code(-2015))],
  ['RSA key', 'getAccountInformation', async () => positive((await create(setup.rsa.key, setup.rsa.pem).getAccountInformation()).balances.length, 'balances')],
  ['Ed25519 key', 'getAccountInformation', async () => positive((await create(setup.ed25519.key, setup.ed25519.pem).getAccountInformation()).balances.length, 'balances')],
  ['stream: trades', 'WebsocketClient', async () => positive((await stream('a trade', ofStream('btcusdt@trade'))).p, 'p')],
  ['stream: aggregate trades', 'WebsocketClient', async () => positive((await stream('an aggregate trade', ofStream('btcusdt@aggTrade'))).p, 'p')],
  ['stream: order book', 'WebsocketClient', async () => { const d = await stream('a diff', ofStream('btcusdt@depth@100ms')); assert.ok(d.u >= d.U); }],
  ['stream: partial book', 'WebsocketClient', async () => { const d = await stream('a partial book', ofStream('btcusdt@depth20@100ms')); soundBook(d.bids, d.asks); }],
  ['stream: candles', 'WebsocketClient', async () => { const { k } = await stream('a candle', ofStream('btcusdt@kline_1s')); soundCandle(k.o, k.h, k.l, k.c); }],
  ['stream: book ticker', 'WebsocketClient', async () => { const t = await stream('a book ticker', ofStream('btcusdt@bookTicker')); assert.ok(Number(t.b) < Number(t.a)); }],
  ['stream: ticker', 'WebsocketClient', async () => { const t = await stream('a ticker', ofStream('btcusdt@ticker')); same(t.p, t.c - t.o, 'change'); }],
  ['stream: mini ticker', 'WebsocketClient', async () => positive((await stream('a mini ticker', ofStream('btcusdt@miniTicker'))).c, 'c')],
  ['stream: all mini tickers', 'WebsocketClient', async () => positive((await stream('all mini tickers', m => Array.isArray(m) && m[0]?.e === '24hrMiniTicker'))[0].c, 'c')],
  ['stream: average price', 'WebsocketClient', async () => positive((await stream('an average price', ofStream('btcusdt@avgPrice'))).w, 'w')],
  ['user stream: our fill', 'subscribeUserDataStream', async () => {
    await wsApi.subscribeUserDataStream(WS_KEY_MAP.mainWSAPI);
    const order = await client.submitNewOrder({ symbol, side: 'BUY', type: 'MARKET', quantity: 0.001, newOrderRespType: 'FULL' });
    const fill = await events.wait(e => e.e === 'executionReport' && e.x === 'TRADE' && e.i === order.orderId, 'our fill');
    assert.equal(fill.t, order.fills[0].tradeId);
  }],
  ['user stream: balances', 'subscribeUserDataStream', async () => positive((await events.wait(e => e.e === 'outboundAccountPosition' && e.B.some(b => b.a === 'BTC'), 'balances')).B.length, 'balances')],
  ['WebSocket API: order', 'submitNewSpotOrder', async () => {
    const { result } = await wsApi.submitNewSpotOrder({ symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: String(await far(0.9)), timestamp: Date.now() });
    assert.equal(result.status, 'NEW');
    assert.equal((await wsApi.cancelSpotOrder({ symbol, orderId: result.orderId, timestamp: Date.now() })).result.status, 'CANCELED');
  }],
  ['WebSocket API: order book', 'getSpotOrderBook', async () => { const { result } = await wsApi.getSpotOrderBook({ symbol, limit: 20 }); soundBook(result.bids, result.asks); }],
  ['WebSocket API: balances', 'getSpotAccountInformation', async () => positive((await wsApi.getSpotAccountInformation({ timestamp: Date.now() })).result.balances.length, 'balances')],
  ['WebSocket API: error', 'code -2010', () => refused(async () => wsApi.submitNewSpotOrder({ symbol, side: 'SELL', type: 'LIMIT', timeInForce: 'GTC', quantity: '900', price: String(await far(1.05)), timestamp: Date.now() }), e => e.error?.code === -2010 && e.error.msg)],
  ['session: logon and order', 'submitNewSpotOrder', async () => {
    const { result } = await sessionApi.submitNewSpotOrder({ symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.001', price: String(await far(0.9)), timestamp: Date.now() });
    assert.equal(result.status, 'NEW');
    assert.equal((await sessionApi.getSpotSessionStatus()).result.apiKey, setup.ed25519.key);
    await sessionApi.cancelSpotOrder({ symbol, orderId: result.orderId, timestamp: Date.now() });
  }],
  ['session: user stream', 'subscribeUserDataStream', async () => {
    await sessionApi.subscribeUserDataStream(WS_KEY_MAP.mainWSAPI);
    const order = await client.submitNewOrder({ symbol, side: 'SELL', type: 'MARKET', quantity: 0.001, newOrderRespType: 'FULL' });
    await sessionEvents.wait(e => e.e === 'executionReport' && e.x === 'TRADE' && e.i === order.orderId, 'our fill');
  }],
];

await run('binance', calls);
process.exit(0);
