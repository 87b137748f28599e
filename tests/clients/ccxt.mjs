// ccxt and ccxt.pro against the exchange. All of its addresses are in its documented `urls`; nothing else is changed but the choice of markets.
import assert from 'node:assert/strict';
import ccxt from 'ccxt';
import { cents, positive, refused, run, same, setup, soundBook, soundCandle } from './harness.mjs';

const ws = setup.url.replace('http', 'ws');
const create = (options = {}) => {
  const exchange = new ccxt.pro.binance({
    apiKey: setup.hmac.key, secret: setup.hmac.secret, enableRateLimit: false,
    options: { defaultType: 'spot', fetchMarkets: { types: ['spot'] } }, ...options,
  });
  const api = exchange.urls.api;
  for (const name of ['public', 'private']) api[name] = `${setup.url}/api/v3`;
  for (const [name, version] of [['sapi', 'v1'], ['sapiV2', 'v2'], ['sapiV3', 'v3'], ['sapiV4', 'v4']]) api[name] = `${setup.url}/sapi/${version}`;
  api.v1 = `${setup.url}/api/v1`;
  api.ws.spot = `${ws}/ws`;
  api.ws['ws-api'].spot = `${ws}/ws-api/v3`;
  return exchange;
};
const exchange = create();
await exchange.loadHttpProxyAgent(); // As ccxt asks for where a stream's address begins with ws: and not wss:.
const pair = 'BTC/USDT';
const seen = {};
const far = async factor => Number(cents((await exchange.fetchTicker(pair)).last * factor));
const fillOf = async (id, take) => {
  for (;;) {
    const found = (await take()).find(item => (item.order ?? item.id) === id && (item.order !== undefined || item.status === 'closed'));
    if (found) return found;
  }
};

const calls = [
  ['ping', 'publicGetPing', async () => assert.deepEqual(await exchange.publicGetPing(), {})],
  ['time', 'fetchTime', async () => assert.ok(Math.abs(await exchange.fetchTime() - Date.now()) < 2_000)],
  ['exchange information', 'loadMarkets', async () => {
    const market = (await exchange.loadMarkets())[pair];
    assert.equal(market.id, 'BTCUSDT');
    assert.equal(market.spot && market.active, true);
    positive(market.precision.price, 'precision.price');
    positive(market.limits.cost.min, 'limits.cost.min');
    assert.ok(market.info.orderTypes.includes('LIMIT_MAKER'));
    return `${exchange.symbols.length} markets`;
  }],
  ['currencies', 'fetchCurrencies', async () => {
    const currencies = await exchange.fetchCurrencies();
    assert.equal(currencies.BTC?.id, 'BTC');
    assert.equal(currencies.USDT?.active, true);
  }],
  ['order book', 'fetchOrderBook', async () => {
    const book = await exchange.fetchOrderBook(pair, 50);
    soundBook(book.bids, book.asks);
    positive(book.nonce, 'nonce');
  }],
  ['recent trades', 'fetchTrades', async () => {
    const trades = await exchange.fetchTrades(pair, undefined, 20, { fetchTradesMethod: 'publicGetTrades' });
    assert.ok(trades.length > 0);
    for (const trade of trades) same(trade.cost, trade.price * trade.amount, 'cost');
  }],
  ['aggregate trades', 'fetchTrades', async () => {
    const trades = await exchange.fetchTrades(pair, undefined, 20, { fetchTradesMethod: 'publicGetAggTrades' });
    assert.ok(trades.length > 0 && trades.every(t => ['buy', 'sell'].includes(t.side) && t.price > 0));
    const again = await exchange.fetchTrades(pair, undefined, 5, { fetchTradesMethod: 'publicGetAggTrades', fromId: trades[0].id });
    assert.equal(again[0].id, trades[0].id);
  }],
  ['candles', 'fetchOHLCV', async () => {
    for (const interval of ['1s', '1m', '1d']) {
      const candles = await exchange.fetchOHLCV(pair, interval, undefined, 10);
      assert.ok(candles.length > 0, interval);
      for (const [, open, high, low, close] of candles) soundCandle(open, high, low, close);
    }
  }],
  ['ticker 24hr', 'fetchTicker', async () => {
    const ticker = await exchange.fetchTicker(pair);
    assert.ok(ticker.bid < ticker.ask && ticker.low <= ticker.last && ticker.last <= ticker.high);
    positive(ticker.vwap, 'vwap');
    same(ticker.change, ticker.last - ticker.open, 'change');
  }],
  ['ticker 24hr, all', 'fetchTickers', async () => assert.deepEqual(Object.keys(await exchange.fetchTickers()).sort(), [...exchange.symbols].sort())],
  ['ticker price', 'fetchLastPrices', async () => positive((await exchange.fetchLastPrices([pair]))[pair].price, 'price')],
  ['ticker book', 'fetchBidsAsks', async () => {
    const best = (await exchange.fetchBidsAsks([pair]))[pair];
    assert.ok(best.bid > 0 && best.bid < best.ask);
  }],
  ['average price', 'publicGetAvgPrice', async () => positive((await exchange.publicGetAvgPrice({ symbol: 'BTCUSDT' })).price, 'price')],
  ['place limit order', 'createOrder', async () => {
    const price = await far(0.9);
    seen.order = await exchange.createOrder(pair, 'limit', 'buy', 0.001, price, { clientOrderId: 'ccxt-limit-1' });
    assert.equal(seen.order.status, 'open');
    assert.equal(seen.order.clientOrderId, 'ccxt-limit-1');
    same(seen.order.price, price, 'price');
  }],
  ['query order', 'fetchOrder', async () => {
    const order = await exchange.fetchOrder(seen.order.id, pair);
    assert.deepEqual([order.id, order.clientOrderId, order.status], [seen.order.id, 'ccxt-limit-1', 'open']);
  }],
  ['open orders', 'fetchOpenOrders', async () => assert.ok((await exchange.fetchOpenOrders(pair)).some(o => o.id === seen.order.id))],
  ['cancel and replace', 'editOrder', async () => {
    const price = await far(0.89);
    const edited = await exchange.editOrder(seen.order.id, pair, 'limit', 'buy', 0.002, price);
    assert.notEqual(edited.id, seen.order.id);
    same(edited.amount, 0.002, 'amount');
    assert.equal((await exchange.fetchOrder(seen.order.id, pair)).status, 'canceled');
    seen.order = edited;
  }],
  ['cancel order', 'cancelOrder', async () => {
    assert.equal((await exchange.cancelOrder(seen.order.id, pair)).status, 'canceled');
    assert.ok(!(await exchange.fetchOpenOrders(pair)).some(o => o.id === seen.order.id));
  }],
  ['place market order', 'createOrder', async () => {
    seen.market = await exchange.createOrder(pair, 'market', 'buy', 0.002);
    assert.equal(seen.market.status, 'closed');
    same(seen.market.filled, 0.002, 'filled');
    same(seen.market.trades.reduce((sum, t) => sum + t.amount, 0), 0.002, 'sum of fills');
  }],
  ['market order by cost', 'createMarketOrderWithCost', async () => {
    const order = await exchange.createMarketBuyOrderWithCost(pair, 50);
    assert.equal(order.status, 'closed');
    assert.ok(order.cost <= 50 && order.cost > 45, `cost ${order.cost}`);
  }],
  ['test order', 'createOrder', async () => { await exchange.createOrder(pair, 'limit', 'buy', 0.001, await far(0.9), { test: true }); }],
  ['cancel all', 'cancelAllOrders', async () => {
    await exchange.createOrder(pair, 'limit', 'buy', 0.001, await far(0.9));
    await exchange.createOrder(pair, 'limit', 'buy', 0.001, await far(0.89));
    assert.equal((await exchange.cancelAllOrders(pair)).length, 2);
    assert.equal((await exchange.fetchOpenOrders(pair)).length, 0);
  }],
  ['all orders', 'fetchOrders', async () => assert.ok((await exchange.fetchOrders(pair)).some(o => o.id === seen.market.id && o.status === 'closed'))],
  ['my trades', 'fetchMyTrades', async () => {
    const trades = (await exchange.fetchMyTrades(pair)).filter(t => t.order === seen.market.id);
    same(trades.reduce((sum, t) => sum + t.amount, 0), 0.002, 'sum of my trades');
    for (const trade of trades) assert.ok(trade.fee.cost > 0 && trade.takerOrMaker === 'taker');
  }],
  ['balances', 'fetchBalance', async () => {
    const balance = await exchange.fetchBalance();
    positive(balance.BTC.free, 'BTC');
    same(balance.USDT.total, balance.USDT.free + balance.USDT.used, 'USDT');
  }],
  ['commission', 'fetchTradingFee', async () => {
    const fee = (await exchange.fetchTradingFee(pair));
    assert.ok(fee.maker >= 0 && fee.taker > 0, JSON.stringify(fee));
  }],
  ['stop order', 'createOrder', async () => {
    const order = await exchange.createOrder(pair, 'STOP_LOSS_LIMIT', 'sell', 0.001, await far(0.89), { stopPrice: await far(0.9) });
    assert.equal((await exchange.fetchOrder(order.id, pair)).status, 'open');
    await exchange.cancelOrder(order.id, pair);
  }],
  ['OCO', 'privatePostOrderListOco', async () => {
    const list = await exchange.privatePostOrderListOco({ symbol: 'BTCUSDT', side: 'SELL', quantity: '0.001', aboveType: 'LIMIT_MAKER', abovePrice: cents(await far(1.1)), belowType: 'STOP_LOSS_LIMIT', belowStopPrice: cents(await far(0.9)), belowPrice: cents(await far(0.89)), belowTimeInForce: 'GTC' });
    assert.deepEqual([list.contingencyType, list.orders.length], ['OCO', 2]);
    assert.equal((await exchange.fetchOpenOrders(pair)).length, 2);
    assert.equal((await exchange.privateDeleteOrderList({ symbol: 'BTCUSDT', orderListId: list.orderListId })).listOrderStatus, 'ALL_DONE');
  }],
  ['OTOCO', 'privatePostOrderListOtoco', async () => {
    const list = await exchange.privatePostOrderListOtoco({ symbol: 'BTCUSDT', workingType: 'LIMIT', workingSide: 'BUY', workingPrice: cents(await far(0.9)), workingQuantity: '0.001', workingTimeInForce: 'GTC', pendingSide: 'SELL', pendingQuantity: '0.001', pendingAboveType: 'LIMIT_MAKER', pendingAbovePrice: cents(await far(1.1)), pendingBelowType: 'STOP_LOSS', pendingBelowStopPrice: cents(await far(0.85)) });
    assert.equal(list.orders.length, 3);
    await exchange.privateDeleteOrderList({ symbol: 'BTCUSDT', orderListId: list.orderListId });
  }],
  ['error: insufficient balance', 'InsufficientFunds', () => refused(async () => exchange.createOrder(pair, 'limit', 'sell', 900, await far(1.1)), e => e instanceof ccxt.InsufficientFunds && e.constructor.name)],
  ['error: filter', 'InvalidOrder', () => refused(() => exchange.privatePostOrder({ symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.000015', price: '60000.00' }), e => e instanceof ccxt.InvalidOrder && e.constructor.name)],
  ['error: unknown order', 'OrderNotFound', () => refused(() => exchange.cancelOrder('999999999', pair), e => e instanceof ccxt.OrderNotFound && e.constructor.name)],
  ['error: bad symbol', 'BadSymbol', () => refused(() => exchange.publicGetDepth({ symbol: 'NOSUCH' }), e => e instanceof ccxt.BadSymbol && e.constructor.name)],
  ['error: bad signature', 'AuthenticationError', () => refused(() => create({ secret: 'wrong' }).privateGetAccount(), e => e instanceof ccxt.AuthenticationError && e.constructor.name)],
  ['error: bad key', 'AuthenticationError', () => refused(() => create({ apiKey: 'wrong' }).privateGetAccount(), e => e instanceof ccxt.AuthenticationError && e.constructor.name)],
  ['RSA key', 'fetchBalance', async () => positive((await create({ apiKey: setup.rsa.key, secret: setup.rsa.pem }).fetchBalance()).BTC.free, 'BTC')],
  ['Ed25519 key', 'fetchBalance', async () => positive((await create({ apiKey: setup.ed25519.key, secret: setup.ed25519.pem }).fetchBalance()).BTC.free, 'BTC')],
  ['stream: trades', 'watchTrades', async () => { for (const trade of await exchange.watchTrades(pair)) same(trade.cost, trade.price * trade.amount, 'cost'); }],
  ['stream: order book', 'watchOrderBook', async () => {
    for (let turn = 0; turn < 5; turn++) {
      const book = await exchange.watchOrderBook(pair, 100);
      soundBook(book.bids, book.asks);
    }
  }],
  ['stream: candles', 'watchOHLCV', async () => soundCandle(...(await exchange.watchOHLCV(pair, '1s')).at(-1).slice(1, 5))],
  ['stream: ticker', 'watchTicker', async () => {
    const ticker = await exchange.watchTicker(pair, { name: 'ticker' }); // By itself it watches the small ticker, which has no best prices.
    assert.ok(ticker.low <= ticker.last && ticker.last <= ticker.high && ticker.bid < ticker.ask);
  }],
  ['stream: book ticker', 'watchBidsAsks', async () => {
    const best = (await exchange.watchBidsAsks([pair]))[pair];
    assert.ok(best.bid > 0 && best.bid < best.ask);
  }],
  ['user stream: our fill', 'watchOrders', async () => {
    const first = exchange.watchMyTrades(pair);
    const orders = exchange.watchOrders(pair);
    await new Promise(resolve => setTimeout(resolve, 300)); // The subscription must stand before the order does: it has no replay.
    const order = await exchange.createOrder(pair, 'market', 'buy', 0.001);
    let batch = await first;
    const trade = await fillOf(order.id, async () => { const now = batch; batch = []; return now.length ? now : exchange.watchMyTrades(pair); });
    assert.equal(trade.side, 'buy');
    await orders;
  }],
  ['user stream: balances', 'watchBalance', async () => {
    const told = exchange.watchBalance();
    await new Promise(resolve => setTimeout(resolve, 300));
    await exchange.createOrder(pair, 'market', 'sell', 0.001);
    positive((await told).BTC.free, 'BTC');
  }],
  ['WebSocket API: order', 'createOrderWs', async () => {
    seen.ws = await exchange.createOrderWs(pair, 'limit', 'buy', 0.001, await far(0.9));
    assert.equal((await exchange.fetchOrderWs(seen.ws.id, pair)).status, 'open');
    assert.equal((await exchange.cancelOrderWs(seen.ws.id, pair)).status, 'canceled');
  }],
  ['WebSocket API: balances', 'fetchBalanceWs', async () => positive((await exchange.fetchBalanceWs()).info.balances.find(b => b.asset === 'BTC').free, 'BTC')], // It parses the futures' shape alone: spot's stands in `info`.,
];

await run('ccxt', calls);
process.exit(0);
