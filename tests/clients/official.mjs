// @binance/spot against the exchange. It takes https and wss alone: a TLS terminator of our own stands in front, and Node trusts its certificate.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { Spot } from '@binance/spot';
import { cents, Inbox, positive, refused, run, same, setup, soundBook, soundCandle, symbol } from './harness.mjs';

const target = new URL(setup.url);
const proxy = tls.createServer({ cert: fs.readFileSync(setup.tls.cert), key: fs.readFileSync(setup.tls.key) }, near => {
  const far = net.connect(Number(target.port), target.hostname);
  near.pipe(far).pipe(near);
  const end = () => { near.destroy(); far.destroy(); };
  near.on('error', end);
  far.on('error', end);
});
await new Promise(resolve => proxy.listen(0, '127.0.0.1', resolve));
const base = `https://localhost:${proxy.address().port}`;
const ws = base.replace('https', 'wss');
for (const level of ['debug', 'info', 'warn', 'error', 'log']) console[level] = () => {}; // Its logger writes where our lines go.

const keyOf = ({ key, secret, pem }) => ({ apiKey: key, ...(pem ? { privateKey: pem } : { apiSecret: secret }) });
const create = account => new Spot({
  configurationRestAPI: { ...keyOf(account), basePath: base, retries: 0, timeout: 5_000 },
  configurationWebsocketAPI: { ...keyOf(account), wsURL: `${ws}/ws-api/v3` },
  configurationWebsocketStreams: { wsURL: ws },
});
const spot = create(setup.hmac);
const rest = spot.restAPI;
const data = async answer => (await answer).data();
const seen = {};
const far = async factor => Number(cents(Number((await data(rest.tickerPrice({ symbol }))).price) * factor));
const limit = async (factor, more = {}) => data(rest.newOrder({ symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: 0.001, price: await far(factor), newOrderRespType: 'FULL', ...more }));
const kind = (name, code) => error => error.constructor.name === name && (code === undefined || error.code === code) && `${name} ${error.code}`;
const num = value => Number(value);

const streams = {};
const firstOf = async (name, subscribe) => {
  streams.connection ??= await spot.websocketStreams.connect();
  const inbox = new Inbox();
  const handle = subscribe(streams.connection);
  handle.on('message', message => inbox.offer(message));
  const first = await inbox.wait(() => true, name);
  handle.unsubscribe();
  return first;
};
const apis = {};
const session = async name => apis[name] ??= await create(setup[name]).websocketAPI.connect();
const result = async answer => (await answer).data;
const lower = symbol.toLowerCase();

const calls = [
  ['ping', 'ping', async () => assert.deepEqual(await data(rest.ping()), {})],
  ['time', 'time', async () => assert.ok(Math.abs(num((await data(rest.time())).serverTime) - Date.now()) < 2_000)],
  ['exchange information', 'exchangeInfo', async () => {
    const info = await data(rest.exchangeInfo({ symbols: [symbol, 'ETHUSDT'] }));
    assert.deepEqual(info.symbols.map(s => s.symbol), [symbol, 'ETHUSDT']);
    assert.ok(info.symbols[0].permissionSets[0].includes('SPOT'));
  }],
  ['order book', 'depth', async () => { const book = await data(rest.depth({ symbol, limit: 50 })); soundBook(book.bids, book.asks); }],
  ['recent trades', 'getTrades', async () => { for (const t of await data(rest.getTrades({ symbol, limit: 20 }))) positive(t.price, 'price'); }],
  ['historical trades', 'historicalTrades', async () => assert.ok((await data(rest.historicalTrades({ symbol, limit: 5 }))).length > 0)],
  ['aggregate trades', 'aggTrades', async () => assert.ok((await data(rest.aggTrades({ symbol, limit: 20 }))).every(t => num(t.l) >= num(t.f)))],
  ['candles', 'klines', async () => {
    for (const interval of ['1s', '1m', '1w']) {
      const candles = await data(rest.klines({ symbol, interval, limit: 10 }));
      assert.ok(candles.length > 0, interval);
      for (const [, open, high, low, close] of candles) soundCandle(open, high, low, close);
    }
  }],
  ['candles for charts', 'uiKlines', async () => assert.ok((await data(rest.uiKlines({ symbol, interval: '1m' }))).length > 0)],
  ['average price', 'avgPrice', async () => positive((await data(rest.avgPrice({ symbol }))).price, 'price')],
  ['ticker 24hr', 'ticker24hr', async () => { const t = await data(rest.ticker24hr({ symbol })); same(t.priceChange, t.lastPrice - t.openPrice, 'change'); }],
  ['ticker 24hr, all', 'ticker24hr', async () => assert.ok((await data(rest.ticker24hr())).length > 1)],
  ['ticker of the trading day', 'tickerTradingDay', async () => positive((await data(rest.tickerTradingDay({ symbol }))).lastPrice, 'last')],
  ['ticker of a window', 'ticker', async () => positive((await data(rest.ticker({ symbol, windowSize: '1h' }))).lastPrice, 'last')],
  ['ticker price', 'tickerPrice', async () => positive((await data(rest.tickerPrice({ symbol }))).price, 'price')],
  ['ticker book', 'tickerBookTicker', async () => { const t = await data(rest.tickerBookTicker({ symbol })); assert.ok(num(t.bidPrice) < num(t.askPrice)); }],
  ['execution rules', 'executionRules', async () => assert.ok(Array.isArray((await data(rest.executionRules({ symbol }))).symbolRules))],
  ['reference price', 'referencePrice', () => refused(() => rest.referencePrice({ symbol }), e => e.code === -2043 && e.message)],
  ['place limit order', 'newOrder', async () => {
    seen.order = await limit(0.9, { newClientOrderId: 'official-limit-1' });
    assert.deepEqual([seen.order.status, seen.order.clientOrderId], ['NEW', 'official-limit-1']);
  }],
  ['query order', 'getOrder', async () => assert.equal((await data(rest.getOrder({ symbol, origClientOrderId: 'official-limit-1' }))).orderId, seen.order.orderId)],
  ['open orders', 'getOpenOrders', async () => assert.ok((await data(rest.getOpenOrders({ symbol }))).some(o => o.orderId === seen.order.orderId))],
  ['cancel and replace', 'orderCancelReplace', async () => {
    const answer = await data(rest.orderCancelReplace({ symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: 0.002, price: await far(0.89), cancelReplaceMode: 'STOP_ON_FAILURE', cancelOrderId: seen.order.orderId }));
    assert.deepEqual([answer.cancelResult, answer.newOrderResult], ['SUCCESS', 'SUCCESS']);
    seen.order = answer.newOrderResponse;
  }],
  ['amend', 'orderAmendKeepPriority', async () => {
    const answer = await data(rest.orderAmendKeepPriority({ symbol, orderId: seen.order.orderId, newQty: 0.001 }));
    same(answer.amendedOrder.qty, 0.001, 'quantity');
  }],
  ['cancel order', 'deleteOrder', async () => assert.equal((await data(rest.deleteOrder({ symbol, orderId: seen.order.orderId }))).status, 'CANCELED')],
  ['place market order', 'newOrder', async () => {
    seen.market = await data(rest.newOrder({ symbol, side: 'BUY', type: 'MARKET', quantity: 0.002, newOrderRespType: 'FULL' }));
    assert.equal(seen.market.status, 'FILLED');
    same(seen.market.fills.reduce((sum, f) => sum + num(f.qty), 0), 0.002, 'sum of fills');
  }],
  ['market order by cost', 'newOrder', async () => {
    const order = await data(rest.newOrder({ symbol, side: 'BUY', type: 'MARKET', quoteOrderQty: 50 }));
    assert.ok(num(order.cummulativeQuoteQty) <= 50 && num(order.cummulativeQuoteQty) > 45);
  }],
  ['test order', 'orderTest', async () => assert.deepEqual(await data(rest.orderTest({ symbol, side: 'BUY', type: 'MARKET', quantity: 0.001 })), {})],
  ['cancel all', 'deleteOpenOrders', async () => { await limit(0.9); assert.equal((await data(rest.deleteOpenOrders({ symbol }))).length, 1); }],
  ['all orders', 'allOrders', async () => assert.ok((await data(rest.allOrders({ symbol }))).some(o => o.orderId === seen.market.orderId && o.status === 'FILLED'))],
  ['my trades', 'myTrades', async () => same((await data(rest.myTrades({ symbol, orderId: seen.market.orderId }))).reduce((sum, t) => sum + num(t.qty), 0), 0.002, 'sum of my trades')],
  ['balances', 'getAccount', async () => positive((await data(rest.getAccount())).balances.find(b => b.asset === 'BTC').free, 'BTC')],
  ['commission', 'accountCommission', async () => positive((await data(rest.accountCommission({ symbol }))).standardCommission.taker, 'taker')],
  ['order rate', 'rateLimitOrder', async () => assert.ok((await data(rest.rateLimitOrder())).some(l => l.interval === 'DAY' && num(l.count) > 0))],
  ['OCO', 'orderListOco', async () => {
    const list = await data(rest.orderListOco({ symbol, side: 'SELL', quantity: 0.001, aboveType: 'LIMIT_MAKER', abovePrice: await far(1.1), belowType: 'STOP_LOSS_LIMIT', belowStopPrice: await far(0.9), belowPrice: await far(0.89), belowTimeInForce: 'GTC' }));
    assert.deepEqual([list.contingencyType, list.orders.length], ['OCO', 2]);
    assert.equal((await data(rest.getOrderList({ orderListId: list.orderListId }))).listOrderStatus, 'EXECUTING');
    assert.equal((await data(rest.deleteOrderList({ symbol, orderListId: list.orderListId }))).listOrderStatus, 'ALL_DONE');
  }],
  ['OTO', 'orderListOto', async () => {
    const list = await data(rest.orderListOto({ symbol, workingType: 'LIMIT', workingSide: 'BUY', workingPrice: await far(0.9), workingQuantity: 0.001, workingTimeInForce: 'GTC', pendingType: 'LIMIT_MAKER', pendingSide: 'SELL', pendingPrice: await far(1.1), pendingQuantity: 0.001 }));
    assert.deepEqual([list.contingencyType, list.orders.length], ['OTO', 2]);
    await rest.deleteOrderList({ symbol, orderListId: list.orderListId });
  }],
  ['OTOCO', 'orderListOtoco', async () => {
    const list = await data(rest.orderListOtoco({ symbol, workingType: 'LIMIT', workingSide: 'BUY', workingPrice: await far(0.9), workingQuantity: 0.001, workingTimeInForce: 'GTC', pendingSide: 'SELL', pendingQuantity: 0.001, pendingAboveType: 'LIMIT_MAKER', pendingAbovePrice: await far(1.1), pendingBelowType: 'STOP_LOSS', pendingBelowStopPrice: await far(0.85) }));
    assert.equal(list.orders.length, 3);
    await rest.deleteOrderList({ symbol, orderListId: list.orderListId });
  }],
  ['stop order', 'newOrder', async () => {
    const order = await data(rest.newOrder({ symbol, side: 'SELL', type: 'STOP_LOSS_LIMIT', timeInForce: 'GTC', quantity: 0.001, price: await far(0.89), stopPrice: await far(0.9) }));
    await rest.deleteOrder({ symbol, orderId: order.orderId });
  }],
  ['error: insufficient balance', 'BadRequestError', () => refused(() => limit(1.05, { side: 'SELL', quantity: 900 }), kind('BadRequestError', -2010))],
  ['error: filter', 'BadRequestError', () => refused(() => limit(0.9, { quantity: 0.00001 }), kind('BadRequestError', -1013))],
  ['error: unknown order', 'BadRequestError', () => refused(() => rest.deleteOrder({ symbol, orderId: 999_999_999 }), kind('BadRequestError', -2011))],
  ['error: bad symbol', 'BadRequestError', () => refused(() => rest.depth({ symbol: 'NOSUCH' }), kind('BadRequestError', -1121))],
  ['error: bad signature', 'BadRequestError', () => refused(() => create({ key: setup.hmac.key, secret: 'wrong' }).restAPI.getAccount(), kind('BadRequestError', -1022))],
  ['error: bad key', 'UnauthorizedError', () => refused(() => create({ key: 'wrong', secret: 'wrong' }).restAPI.getAccount(), kind('UnauthorizedError', -2015))],
  ['rate limit headers', 'rateLimits', async () => assert.ok((await rest.ping()).rateLimits.some(l => l.rateLimitType === 'REQUEST_WEIGHT' && l.count > 0))],
  ['RSA key', 'getAccount', async () => positive((await data(create(setup.rsa).restAPI.getAccount())).balances.length, 'balances')],
  ['Ed25519 key', 'getAccount', async () => positive((await data(create(setup.ed25519).restAPI.getAccount())).balances.length, 'balances')],
  ['stream: trades', 'trade', async () => positive((await firstOf('a trade', s => s.trade({ symbol: lower }))).p, 'p')],
  ['stream: aggregate trades', 'aggTrade', async () => positive((await firstOf('an aggregate trade', s => s.aggTrade({ symbol: lower }))).p, 'p')],
  ['stream: order book', 'diffBookDepth', async () => { const d = await firstOf('a diff', s => s.diffBookDepth({ symbol: lower, updateSpeed: '100ms' })); assert.ok(num(d.u) >= num(d.U)); }],
  ['stream: partial book', 'partialBookDepth', async () => { const d = await firstOf('a partial book', s => s.partialBookDepth({ symbol: lower, levels: '20', updateSpeed: '100ms' })); soundBook(d.bids, d.asks); }],
  ['stream: candles', 'kline', async () => { const { k } = await firstOf('a candle', s => s.kline({ symbol: lower, interval: '1s' })); soundCandle(k.o, k.h, k.l, k.c); }],
  ['stream: book ticker', 'bookTicker', async () => { const t = await firstOf('a book ticker', s => s.bookTicker({ symbol: lower })); assert.ok(num(t.b) < num(t.a)); }],
  ['stream: ticker', 'ticker', async () => { const t = await firstOf('a ticker', s => s.ticker({ symbol: lower })); same(t.p, t.c - t.o, 'change'); }],
  ['stream: mini ticker', 'miniTicker', async () => positive((await firstOf('a mini ticker', s => s.miniTicker({ symbol: lower }))).c, 'c')],
  ['stream: all mini tickers', 'allMiniTicker', async () => assert.ok((await firstOf('all mini tickers', s => s.allMiniTicker())).length > 0)],
  ['stream: average price', 'avgPrice', async () => positive((await firstOf('an average price', s => s.avgPrice({ symbol: lower }))).w, 'w')],
  ['user stream: our fill', 'userDataStreamSubscribeSignature', async () => {
    const { stream } = await (await session('hmac')).userDataStreamSubscribeSignature();
    const events = seen.events = new Inbox();
    stream.on('message', event => events.offer(event));
    const order = await data(rest.newOrder({ symbol, side: 'BUY', type: 'MARKET', quantity: 0.001, newOrderRespType: 'FULL' }));
    const fill = await events.wait(e => e.e === 'executionReport' && e.x === 'TRADE' && e.i === order.orderId, 'our fill');
    assert.equal(fill.t, order.fills[0].tradeId);
  }],
  ['user stream: balances', 'userDataStreamSubscribeSignature', async () => positive((await seen.events.wait(e => e.e === 'outboundAccountPosition', 'balances')).B.length, 'balances')],
  ['WebSocket API: order', 'orderPlace', async () => {
    const api = await session('hmac');
    const order = await result(api.orderPlace({ symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: 0.001, price: await far(0.9) }));
    assert.equal((await result(api.orderStatus({ symbol, orderId: order.orderId }))).status, 'NEW');
    assert.equal((await result(api.orderCancel({ symbol, orderId: order.orderId }))).status, 'CANCELED');
  }],
  ['WebSocket API: order book', 'depth', async () => { const book = await result((await session('hmac')).depth({ symbol, limit: 20 })); soundBook(book.bids, book.asks); }],
  ['WebSocket API: balances', 'accountStatus', async () => positive((await result((await session('hmac')).accountStatus())).balances.length, 'balances')],
  ['WebSocket API: error', 'code -2010', () => refused(async () => (await session('hmac')).orderPlace({ symbol, side: 'SELL', type: 'LIMIT', timeInForce: 'GTC', quantity: 900, price: await far(1.05) }), e => (e.code ?? e.error?.code) === -2010 && 'code -2010')],
  ['session: logon and order', 'sessionLogon', async () => {
    const api = await session('ed25519');
    const [logon] = await api.sessionLogon();
    assert.equal(logon.data.apiKey, setup.ed25519.key);
    const order = await result(api.orderPlace({ symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: 0.001, price: await far(0.9) }));
    assert.equal((await result(api.orderCancel({ symbol, orderId: order.orderId }))).status, 'CANCELED');
  }],
  ['session: user stream', 'userDataStreamSubscribe', async () => {
    const { stream } = await (await session('ed25519')).userDataStreamSubscribe();
    const events = new Inbox();
    stream.on('message', event => events.offer(event));
    const order = await data(rest.newOrder({ symbol, side: 'SELL', type: 'MARKET', quantity: 0.001 }));
    await events.wait(e => e.e === 'executionReport' && e.x === 'TRADE' && e.i === order.orderId, 'our fill');
  }],
];

await run('@binance/spot', calls);
process.exit(0);
