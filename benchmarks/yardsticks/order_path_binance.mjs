// npm binance: an order for the newest trade of a symbol, as fast as the library goes; run from the folder that has its packages.
import { createRequire } from 'node:module';
const { WebsocketAPIClient, WebsocketClient } = createRequire(`${process.cwd()}/x.js`)('binance');

const setup = JSON.parse(process.argv[2]);
const wsUrl = setup.url.replace('http', 'ws');
const quiet = { trace() {}, info() {}, error(...text) { console.error(...text); } };
const api = new WebsocketAPIClient({ api_key: setup.hmac.key, api_secret: setup.hmac.secret, wsUrl, muteLatencyWarning: true, attachEventListeners: false, beautify: false }, quiet);
const streams = new WebsocketClient({ wsUrl, beautify: false }, quiet);
for (const client of [api.getWSClient(), streams]) client.on('exception', error => console.error(error?.message ?? error));

const amounts = { BTCUSDT: 0.001, ETHUSDT: 0.01, SOLUSDT: 0.1 };
// The library warns of every id that lacks its prefix, which would cost it time.
const pauseMillis = 400; // The exchange takes 100 orders in ten seconds.
const last = {}, buys = {};
streams.on('message', message => {
  const trade = message.data ?? message;
  if (trade.e !== 'trade') return;
  const id = trade.s, now = Date.now();
  if (now - (last[id] ?? 0) < pauseMillis) return;
  last[id] = now;
  buys[id] = !buys[id];
  const price = (trade.p * (buys[id] ? 1.0005 : 0.9995)).toFixed(2);
  api.submitNewSpotOrder({ symbol: id, side: buys[id] ? 'BUY' : 'SELL', type: 'LIMIT', timeInForce: 'IOC', quantity: amounts[id], price, newClientOrderId: `x-QJ6WSMZX-t-${id}-${trade.t}`, timestamp: now })
    .catch(error => console.error(error?.msg ?? error?.message ?? error));
});
await streams.subscribe(setup.symbols.map(id => `${id.toLowerCase()}@trade`), 'main');
