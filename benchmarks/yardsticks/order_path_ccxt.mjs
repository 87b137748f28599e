// ccxt pro: an order for the newest trade of a symbol, as fast as the library goes; run from the folder that has its packages.
import { createRequire } from 'node:module';
const ccxt = createRequire(`${process.cwd()}/x.js`)('ccxt');

const setup = JSON.parse(process.argv[2]);
const ws = setup.url.replace('http', 'ws');
const exchange = new ccxt.pro.binance({
  apiKey: setup.hmac.key, secret: setup.hmac.secret, enableRateLimit: false, newUpdates: true,
  options: { defaultType: 'spot', fetchMarkets: { types: ['spot'] }, fetchCurrencies: false },
});
const api = exchange.urls.api;
for (const name of ['public', 'private']) api[name] = `${setup.url}/api/v3`;
for (const [name, version] of [['sapi', 'v1'], ['sapiV2', 'v2'], ['sapiV3', 'v3'], ['sapiV4', 'v4']]) api[name] = `${setup.url}/sapi/${version}`;
api.ws.spot = `${ws}/ws`;
api.ws['ws-api'].spot = `${ws}/ws-api/v3`;
await exchange.loadHttpProxyAgent(); // As ccxt asks for where a stream's address begins with ws: and not wss:.
await exchange.loadMarkets();

const amounts = { BTCUSDT: 0.001, ETHUSDT: 0.01, SOLUSDT: 0.1 };
const pauseMillis = 400; // The exchange takes 100 orders in ten seconds.
const follow = async id => {
  const pair = id.replace('USDT', '/USDT');
  let last = 0, buys = true;
  for (;;) {
    const trades = await exchange.watchTrades(pair);
    const trade = trades.at(-1), now = Date.now();
    if (now - last < pauseMillis) continue;
    last = now;
    const price = exchange.priceToPrecision(pair, trade.price * (buys ? 1.0005 : 0.9995));
    exchange.createOrderWs(pair, 'limit', buys ? 'buy' : 'sell', amounts[id], Number(price), { timeInForce: 'IOC', newClientOrderId: `t-${id}-${trade.id}` }).catch(error => console.error(error.message));
    buys = !buys;
  }
};
await Promise.all(setup.symbols.map(follow));
